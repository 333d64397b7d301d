# --- 3. checkpoints: signatures of the log and of the quorum, and time stamps ---------------------------------------
key_pem() { # VKEY FILE: an Ed25519 key as PEM, from name+id+base64(type ‖ key)
  key=${1#*+}                                                       # base64 may hold a plus sign: cut from the left
  { printf 302a300506032b6570032100; printf %s "${key#*+}" | base64 -d | to_hex | cut -c3-; } | bytes |
    openssl pkey -pubin -inform DER -out "$2" 2>/dev/null
}
lines_of() { # NOTE VKEY: the signature lines of this key, as hexadecimal; none when it did not sign
  signer=${2%%+*}; id=${2#*+}; id=${id%%+*}
  sed '1,/^$/d' "$1" | while read -r dash by sig || [ -n "$dash" ]; do
    [ "$dash" = — ] && [ "$by" = "$signer" ] || continue
    case $(printf %s "$sig" | base64 -d 2>/dev/null | to_hex) in "$id"*) printf %s "$sig" | base64 -d | to_hex; echo ;; esac
  done
}
signed() { # MESSAGE SIGNATURE-HEX VKEY
  key_pem "$3" "$WORK/key.pem" || return 1
  key=$(openssl pkey -pubin -in "$WORK/key.pem" -outform DER | to_hex | cut -c25-)
  may_hold "$key" "$2" && prime_order "$key" &&
    printf %s "$2" | bytes > "$WORK/sig" &&
    openssl pkeyutl -verify -pubin -inkey "$WORK/key.pem" -rawin -in "$1" -sigfile "$WORK/sig" > /dev/null 2>&1
}
# A line of a known key must verify, or the note is refused (c2sp.org/signed-note): one that does not leaves a mark.
spoilt() { : > "$WORK/spoilt"; }
log_signed() { # NOTE VKEY
  lines_of "$1" "$2" > "$WORK/lines"; [ -s "$WORK/lines" ] || return 1
  while read -r raw; do signed "$WORK/body" "$(printf %s "$raw" | cut -c9-)" "$2" || spoilt; done < "$WORK/lines"
}
cosigned_by() { # NOTE VKEY: tlog-cosignature/v1, 4 bytes id, 8 bytes time, 64 bytes signature; of several the earliest counts
  kind=${2#*+}; case $(printf %s "${kind#*+}" | base64 -d 2>/dev/null | to_hex) in 04*) ;; *) return 1 ;; esac
  lines_of "$1" "$2" > "$WORK/lines"; [ -s "$WORK/lines" ] || return 1
  : > "$WORK/times"
  while read -r raw; do
    [ ${#raw} -eq 152 ] || { spoilt; continue; }
    at=$(printf %d "0x$(printf %s "$raw" | cut -c9-24)")
    { printf 'cosignature/v1\ntime %s\n' "$at"; cat "$WORK/body"; } > "$WORK/message"
    if signed "$WORK/message" "$(printf %s "$raw" | cut -c25-)" "$2"; then echo "$at" >> "$WORK/times"; else spoilt; fi
  done < "$WORK/lines"
  [ -s "$WORK/times" ] && sort -n "$WORK/times" | head -n 1 >> "$WORK/cosigned"
}

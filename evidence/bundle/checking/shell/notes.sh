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

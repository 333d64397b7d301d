#!/bin/sh
# Checks this bundle with sh, sha256sum, openssl (1.1.1 or newer), xxd and base64 only: nothing of Getuige runs here.
#   sh verify.sh TRUST [--fields]   TRUST is the folder with log.vkey, policy and tsa-roots.pem (and tsa-policy, root.pub
#                             and rotations.json, where there are such files), from another source. With --fields each
#                             field of an opened bundle is checked (9 ms a field); without, only where some are withheld.
# It checks: files against manifests, the manifest against the exported statement, each event against the custody log,
# the log's and witnesses' signatures under the checkpoints, time stamps and their renewals, the server's clock against
# witnesses and time stamps, each sealed item against its event, and each original of an opened bundle against its
# commitment; one case, the items of the export, the last numbers of each key; who signed each statement, and that the items
# were granted. It prints between which times an item came to be, and at its end what it does not check; `getuige verify`
# does. Exit code 0: all that it checks holds; 1: something does not; 2: there is nothing to check with.
set -u
cd "$(dirname "$0")" || exit 2
TRUST=${1:?"give the folder with trust anchors (log.vkey, policy, tsa-roots.pem): sh verify.sh TRUST [--fields]"}
case ${2:-} in '' | --fields) FIELDS=${2:-} ;; *) echo "FAIL  $2 is nothing that this script knows"; exit 2 ;; esac
case $(cd "$TRUST" 2>/dev/null && pwd -P)/ in
  /) echo "FAIL  $TRUST is no folder"; exit 2 ;;
  "$(pwd -P)"/*) echo "FAIL  the trust anchors lie inside the bundle: they prove nothing"; exit 2 ;;
esac
TRUST=$(cd "$TRUST" && pwd -P)
for one in "$TRUST"/*; do
  case $(readlink -f "$one") in "$(pwd -P)"/*) echo "FAIL  the trust anchors lie inside the bundle: they prove nothing"; exit 2 ;; esac
done
[ -f manifest-sha256.txt ] && [ -f tagmanifest-sha256.txt ] || {
  echo "FAIL  this is not the folder of a bundle: a ZIP, a receipt or a single item cannot be checked here; getuige verify does"; exit 2; }
export LC_ALL=C
WORK=$(mktemp -d) || exit 2
trap 'rm -rf "$WORK"' EXIT
FAILED=0

ok() { echo "ok    $1"; }
bad() { echo "FAIL  $1"; FAILED=1; }
sha() { sum=$(sha256sum); echo "${sum%% *}"; }
bytes() { xxd -r -p; }
to_hex() { xxd -p | tr -d '\n'; }
member() { # FILE NAME: canonical JSON has one spelling; a file without a final newline still gives a line of its own
  printf '%s\n' "$(sed -n "s/.*\"$2\":\"\([^\"]*\)\".*/\1/p" "$1")"
}
payload() { # FILE OUT: what a DSSE envelope signs; 1 for base64 in another spelling than its own
  member "$1" payload | tr -d '\n' > "$WORK/base64"; base64 -d "$WORK/base64" > "$2" 2>/dev/null
  base64 "$2" | tr -d '\n' | cmp -s - "$WORK/base64"
}
# What is signed or hashed is JSON in one spelling (docs/formats/statement.md): the sed expressions here know no other.
canonical() { # FILE: 0 for that spelling; strict UTF-8, keys in order and each once, whole numbers, at most 32 levels
  [ "$(wc -c < "$1")" -le 4194304 ] && xxd -p -c 1 "$1" | awk '
    function digit(byte) { return byte ~ /^3[0-9]$/ ? substr(byte, 2) : byte ~ /^6[1-6]$/ ? substr("abcdef", substr(byte, 2), 1) : "x" }
    function more(count, low, high) {                               # bytes that continue a character, the first in bounds
      for (; count > 0; count--) { if (b[p] < low || b[p] > high) return 0; s = s b[p++]; low = "80"; high = "bf" }
      return 1
    }
    function text(  c, e) {                                         # s: what it says, in hexadecimal
      s = ""; p++
      while ((c = b[p++]) != "22") {
        if (c < "20") return 0                                      # a control, or the end
        if (c == "5c") {
          e = b[p++]
          if (e == "75") {
            c = digit(b[p + 2]) digit(b[p + 3])
            if (b[p] b[p + 1] != "3030" || c !~ /^[01][0-9a-f]$/ || c ~ /^0[89acd]$/) return 0
            p += 4
          } else if (e in short) c = short[e]
          else return 0
        }
        s = s c
        if (c < "80") continue
        if (c ~ /^(c[2-9a-f]|d.)$/) { if (!more(1, "80", "bf")) return 0 }
        else if (c ~ /^e/) { if (!more(2, c == "e0" ? "a0" : "80", c == "ed" ? "9f" : "bf")) return 0 }
        else if (c ~ /^f[0-4]$/) { if (!more(3, c == "f0" ? "90" : "80", c == "f4" ? "8f" : "bf")) return 0 }
        else return 0
      }
      return 1
    }
    function word(known,  at) {
      for (at = 1; at < length(known); at += 2) if (b[p++] != substr(known, at, 2)) return 0
      return 1
    }
    function number(  n) {
      for (n = ""; b[p] == "2d" || b[p] ~ /^3[0-9]$/; p++) n = n (b[p] == "2d" ? "-" : substr(b[p], 2))
      if (n !~ /^-?[1-9][0-9]*$/) return n == "0"
      sub(/^-/, "", n)
      return length(n) < 16 || length(n) == 16 && (n "") <= "9007199254740991"
    }
    function value(depth,  open, last, first) {
      if (depth == 32) return 0
      if (b[p] == "22") return text()
      if (b[p] == "74") return word("74727565")
      if (b[p] == "66") return word("66616c7365")
      if (b[p] == "6e") return word("6e756c6c")
      if (b[p] != "5b" && b[p] != "7b") return number()
      open = b[p++]; first = 1
      if (b[p] == (open == "5b" ? "5d" : "7d")) { p++; return 1 }
      do {
        if (open == "7b") {
          if (b[p] != "22" || !text() || !(first || last < s) || b[p++] != "3a") return 0
          last = s; first = 0
        }
        if (!value(depth + 1)) return 0
      } while (b[p++] == "2c")
      return b[p - 1] == (open == "5b" ? "5d" : "7d")
    }
    BEGIN { short["22"] = "22"; short["5c"] = "5c"; short["62"] = "08"; short["66"] = "0c"; short["6e"] = "0a"; short["72"] = "0d"; short["74"] = "09" }
    { b[n++] = $1 "" }
    END { p = 0; exit !(value(0) && p == n) }'
}

# Times are seconds since 1970, as witnesses write them. Years from 1970 to 2399, Gregorian.
plain() { number=${1#0}; echo "${number:-0}"; }                     # 08 is no octal number
days() { # YEAR MONTH DAY
  y=$1; m=$2; [ "$m" -gt 2 ] || { y=$((y - 1)); m=$((m + 12)); }
  echo $((365 * y + y / 4 - y / 100 + y / 400 + (153 * (m - 3) + 2) / 5 + $3 - 719469))
}
seconds() { # YEAR MONTH DAY HOUR MINUTE SECOND
  echo $(($(days "$1" "$(plain "$2")" "$(plain "$3")") * 86400 + $(plain "$4") * 3600 + $(plain "$5") * 60 + $(plain "$6")))
}
of_iso() { # 2026-05-04T12:30:15.123Z
  # shellcheck disable=SC2046 - six words
  seconds $(echo "${1%%.*}" | tr 'T:Z' '   ' | sed 's/-/ /g')
}
of_openssl() { # May  4 12:30:15 2026 GMT
  # shellcheck disable=SC2086 - five words
  set -- $1
  months=JanFebMarAprMayJunJulAugSepOctNovDec; before=${months%%"$1"*}; clock=${3%%.*}
  # shellcheck disable=SC2046 - three words
  seconds "$4" $((${#before} / 3 + 1)) "$2" $(echo "$clock" | tr ':' ' ')
}
iso() { # SECONDS: 2026-05-04T12:30:15Z, or - for 0
  [ "$1" -gt 0 ] || { echo -; return; }
  z=$(($1 / 86400 + 719468)); s=$(($1 % 86400)); era=$((z / 146097)); doe=$((z % 146097))
  yoe=$(((doe - doe / 1460 + doe / 36524 - doe / 146096) / 365)); doy=$((doe - (365 * yoe + yoe / 4 - yoe / 100)))
  mp=$(((5 * doy + 2) / 153)); d=$((doy - (153 * mp + 2) / 5 + 1)); m=$((mp < 10 ? mp + 3 : mp - 9))
  printf '%04d-%02d-%02dT%02d:%02d:%02dZ\n' $((yoe + era * 400 + (m <= 2))) "$m" "$d" $((s / 3600)) $((s / 60 % 60)) $((s % 60))
}

# --- 1. files ------------------------------------------------------------------------------------------------------
for list in manifest-sha256.txt tagmanifest-sha256.txt; do
  if grep -Evq '^[0-9a-f]{64}  .' "$list"; then bad "a line of $list is not as it should be"; fi
  if sha256sum --quiet --strict -c "$list" > "$WORK/out" 2>&1; then ok "files of $list"; else bad "files of $list"; cat "$WORK/out"; fi
done
cut -c67- manifest-sha256.txt tagmanifest-sha256.txt | LC_ALL=C sort > "$WORK/listed"
find . -type f | sed 's|^\./||' | grep -v '^tagmanifest-sha256.txt$' | LC_ALL=C sort > "$WORK/here"
if cmp -s "$WORK/listed" "$WORK/here"; then ok "no file too many, none missing"
else bad "these files are listed or here, not both:"; LC_ALL=C comm -3 "$WORK/listed" "$WORK/here"; fi
# The signed manifest covers data/ and nothing else; nobody signs the other one. So each name has its manifest and its place.
DIGITS='[0-9][0-9]*'; KNOWN="bagit.txt|bag-info.txt|(tag)?manifest-sha256.txt|HOWTO.txt|verify.sh|data/salts.json|data/events/[0-9]{10}.json\
|proof/rotations.json|proof/export-event.json|proof/export-salt.txt|proof/export-event.tlog-proof|proof/events/[0-9]{10}.tlog-proof\
|proof/timestamps/[0-9a-f]{64}(.[1-9][0-9]?)?.tsr|proof/renewals/[0-9a-f]{64}.tlog-proof"
if [ -f data/openings.json ]; then KNOWN="$KNOWN|data/openings.json|data/timeline.csv|data/case.jsonld|proof/sealed-manifest-sha256.txt\
|data/originals/$DIGITS-[^/]+|data/descriptions/$DIGITS-[0-9a-f]{8}.json|data/fields/$DIGITS-[0-9a-f]{8}.tsv|data/heads/[0-9a-f]{32}.json"
else KNOWN="$KNOWN|data/items/[0-9a-f]{32}.getuige"; fi
{
  grep -Exv "$(printf %s "$KNOWN" | sed 's/\./\\./g')" "$WORK/here"
  cut -c67- manifest-sha256.txt | grep -v '^data/'
  cut -c67- tagmanifest-sha256.txt | grep '^data/'
  for one in proof/events/*.tlog-proof; do name=${one##*/}; [ ! -f "$one" ] || [ -f "data/events/${name%.tlog-proof}.json" ] || echo "$one"; done
  [ ! -f data/openings.json ] || grep -E '^data/(originals|descriptions|fields|heads)/' "$WORK/here" | while read -r one; do
    grep -qF "\"$one\"" data/openings.json || echo "$one"; done
} > "$WORK/foreign"
if [ -s "$WORK/foreign" ]; then bad "these files do not belong in the bundle:"; cat "$WORK/foreign"; fi
printf 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n' | cmp -s - bagit.txt || bad "bagit.txt is not that of BagIt 1.0"

# --- 2. the manifest is the exported one ----------------------------------------------------------------------------
MANIFEST=manifest-sha256.txt
[ -f proof/sealed-manifest-sha256.txt ] && MANIFEST=proof/sealed-manifest-sha256.txt
spelled() { # FILE OUT: the event and its statement, in the spelling that is signed
  canonical "$1" && payload "$1" "$2" && canonical "$2" || { bad "$1 is not in the one spelling that is signed"; return 1; }
}
for one in data/salts.json proof/export-event.json proof/export-salt.txt proof/export-event.tlog-proof; do
  [ -f "$one" ] || { bad "$one is missing: the rest cannot be checked"; exit 1; }
done
for one in data/salts.json proof/rotations.json; do
  [ ! -f "$one" ] || canonical "$one" || bad "$one is not in the one spelling that is read"
done
printf %s "$(cat "$TRUST/rotations.json" 2>/dev/null)" > "$WORK/rotations"     # without the line end of a text file
[ ! -f "$TRUST/rotations.json" ] || canonical "$WORK/rotations" || { echo "FAIL  $TRUST/rotations.json is in a spelling that is not read here"; exit 2; }
spelled proof/export-event.json "$WORK/export"
if [ "$(sha < $MANIFEST)" = "$(member "$WORK/export" manifest)" ]; then ok "the manifest is the exported one"
else bad "the manifest is not the exported one"; fi

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
may_hold() { # KEY-HEX SIGNATURE-HEX: what openssl does not ask (docs/formats/keys.md): key and R canonical and not of small order, S < L
  printf '%s\n' "$1 $2" | awk '
    function back(hex,  n, out) { for (n = length(hex) - 1; n > 0; n -= 2) out = out substr(hex, n, 2); return out }
    function y(point,  at) { point = back(point); at = index("89abcdef", substr(point, 1, 1)); return at ? (at - 1) substr(point, 2) : point }
    function large(point) { return (point "") < p && !(point in small) }
    BEGIN {
      p = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"
      l = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"
      small["0000000000000000000000000000000000000000000000000000000000000000"]
      small["0000000000000000000000000000000000000000000000000000000000000001"]
      small["7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec"]
      small["05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826"]
      small["7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7"]
    }
    { exit !(length($1) == 64 && length($2) == 128 && large(y($1)) && large(y(substr($2, 1, 64))) && (back(substr($2, 65)) "") < l) }'
}
prime_order() { # KEY-HEX: 0 when its order is L: a ladder (RFC 7748, section 5) over numbers of 12 limbs of 22 bits; a key is judged once
  [ ! -f "$WORK/order.$1" ] || return "$(cat "$WORK/order.$1")"
  awk -v key="$1" '
    function carry(t, n,  i, c) {
      for (i = 0; i < n; i++) { c = int(t[i] / B); if (t[i] < c * B) c--; t[i] -= c * B; t[i + 1] += c }
    }
    function mul(out, a, b,  i, j, t) {
      for (i = 0; i < 25; i++) t[i] = 0
      for (i = 0; i < 12; i++) for (j = 0; j < 12; j++) t[i + j] += a[i] * b[j]
      carry(t, 24); fold(out, t)
    }
    function fold(out, t,  i, k) {                                  # 2^264 is 9728
      for (k = 0; k < 2; k++) {
        for (i = 12; i < 25; i++) { t[i - 12] += t[i] * 9728; t[i] = 0 }
        carry(t, 12)
      }
      t[0] += t[12] * 9728; t[12] = 0
      for (i = 0; i < 12; i++) out[i] = t[i]
    }
    function add(out, a, b, times,  i) { for (i = 0; i < 12; i++) out[i] = a[i] + times * b[i] }
    function zero(a,  i, c, k, low) {                               # a number below 2^265 is 0 modulo p
      for (k = 0; k < 3; k++) {
        carry(a, 12); c = int(a[11] / 8192); a[11] -= c * 8192; a[0] += c * 19 + a[12] * 9728; a[12] = 0
      }
      low = 1; for (i = 1; i < 11; i++) if (a[i] != B - 1) low = 0
      for (i = 0; i < 12 && a[i] == 0; i++);
      return i == 12 || (low && a[11] == 8191 && a[0] == B - 19)
    }
    BEGIN {
      B = 4194304; hex = "0123456789abcdef"
      for (i = 0; i < 64; i += 2) {                                 # y, from the low bits
        byte = 16 * (index(hex, substr(key, i + 1, 1)) - 1) + index(hex, substr(key, i + 2, 1)) - 1
        if (i == 62) byte %= 128
        for (bit = 0; bit < 8; bit++) { at = 4 * i + bit; y[int(at / 22)] += (int(byte / 2 ^ bit) % 2) * 2 ^ (at % 22) }
      }
      for (i = 0; i < 12; i++) { one[i] = i == 0; x2[i] = one[i]; z2[i] = 0; y[i] += 0 }
      add(x1, one, y, 1); add(z1, one, y, -1); add(x3, x1, z2, 1); add(z3, z1, z2, 1)
      l = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"
      for (n = 3; n < 256; n++) {
        bit = int((index(hex, substr(l, int(n / 4) + 1, 1)) - 1) / 2 ^ (3 - n % 4)) % 2
        if (bit) { add(a, x3, z3, 1); add(b, x3, z3, -1); add(c, x2, z2, 1); add(d, x2, z2, -1) }
        else { add(a, x2, z2, 1); add(b, x2, z2, -1); add(c, x3, z3, 1); add(d, x3, z3, -1) }
        mul(aa, a, a); mul(bb, b, b); add(e, aa, bb, -1); mul(da, d, a); mul(cb, c, b)
        add(f, da, cb, 1); mul(f, f, f); add(g, da, cb, -1); mul(g, g, g)
        add(h, aa, e, 121665); carry(h, 12); h[0] += h[12] * 9728; h[12] = 0
        if (bit) { mul(x2, z1, f); mul(z2, x1, g); mul(x3, aa, bb); mul(z3, e, h) }
        else { mul(x3, z1, f); mul(z3, x1, g); mul(x2, aa, bb); mul(z2, e, h) }
      }
      exit !zero(z2)
    }'
  echo $? > "$WORK/order.$1"; return "$(cat "$WORK/order.$1")"
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
# The logs, oldest first: key, number of the first event, entries before it, size and root at which the log ended.
signed_by_root() { # PAYLOAD SIGNATURE: DSSE; the root is the key in root.pub
  type=application/vnd.getuige.statement.v1+json
  { printf 'DSSEv1 %d %s %d ' ${#type} "$type" "$(wc -c < "$1")"; cat "$1"; } > "$WORK/message"
  signed "$WORK/message" "$(printf %s "$2" | base64 -d | to_hex)" "root+0+$({ printf 01; cut -c1-64 "$TRUST/root.pub"; } | bytes | base64)"
}
{
  [ ! -f "$TRUST/rotations.json" ] || cat "$TRUST/rotations.json"
  [ ! -f proof/rotations.json ] || tr ',{}[]' '\n\n\n\n\n' < proof/rotations.json | sed -n 's/^"statement":"\(.*\)"$/\1/p' |
    while read -r one; do printf %s "$one" | base64 -d; echo; done
} 2>/dev/null | tr '{' '\n' | sed -n 's/^"payload":"\([^"]*\)".*/\1/p; s/^"keyid":"[^"]*","sig":"\([^"]*\)".*/\1/p' > "$WORK/rotations"
vkey=$(cat "$TRUST/log.vkey"); first=0; before=0; rounds=0
while [ "$rounds" -lt 64 ]; do
  rounds=$((rounds + 1)); next=
  while read -r body && read -r sig; do
    printf %s "$body" | base64 -d > "$WORK/rotation" 2>/dev/null
    canonical "$WORK/rotation" || { bad "a rotation of the log is not in the one spelling that is signed"; continue; }
    ending=$(sed -n 's/.*"closed":{"origin":"\([^"]*\)","root":"\([0-9a-f]*\)","size":\([0-9]*\)}.*/\1 \3 \2/p' "$WORK/rotation")
    [ "${ending%% *}" = "${vkey%%+*}" ] || continue
    if ! grep -q '"type":"log.rotate"' "$WORK/rotation" || ! signed_by_root "$WORK/rotation" "$sig"
    then bad "the root did not sign what is said about the end of ${vkey%%+*}"; continue; fi
    found="$(member "$WORK/rotation" log_vkey) ${ending#* }"
    [ "${next:-$found}" = "$found" ] || bad "the root ended ${vkey%%+*} in two different ways"
    next=$found
  done < "$WORK/rotations"
  [ -n "$next" ] || { echo "$vkey $first $before - -" >> "$WORK/logs"; break; }
  echo "$vkey $first $before ${next#* }" >> "$WORK/logs"
  size=${next#* }; size=${size% *}
  ok "log ${vkey%%+*} ended with $size entries; ${next%%+*} goes on, signed by the root"
  first=$((first + size - before)); before=1; vkey=${next%% *}
done
for key in $(sed -n 's/^log  *\([^ ]*\).*/\1/p' "$TRUST/policy"); do
  grep -qF "$key " "$WORK/logs" || bad "the policy names a log, and no rotation that the root signed leads to it: $key"
done
grep '^witness ' "$TRUST/policy" | while read -r _ name vkey _; do
  kind=${vkey#*+}; case $(printf %s "${kind#*+}" | base64 -d 2>/dev/null | to_hex) in
    04*) ;;
    06*) echo "note  $name, a witness with ML-DSA-44 is not counted here: openssl before 3.5 does not know it" ;;
  esac
done
log_of() { # ORIGIN: sets VKEY FIRST BEFORE END ENDROOT
  while read -r VKEY FIRST BEFORE END ENDROOT; do [ "${VKEY%%+*}" = "$1" ] && return 0; done < "$WORK/logs"
  return 1
}
log_at() { # EVENT: the same for the log in which it stands
  while read -r v f b e r; do [ "$f" -gt "$1" ] || { VKEY=$v; FIRST=$f; BEFORE=$b; END=$e; ENDROOT=$r; }; done < "$WORK/logs"
}
EXPORT=$(sed -n 's/.*"index":\([0-9]*\).*/\1/p' proof/export-event.json)
log_at "${EXPORT:-0}"; EXPORTED=$FIRST

consistent() { # SIZE1 ROOT1 SIZE2 ROOT2 PROOF: RFC 9162, 2.1.4.2; one hash a line
  fn=$(($1 - 1)); sn=$(($3 - 1)); cp "$5" "$WORK/path"
  [ $(($1 & fn)) -ne 0 ] || { echo "$2"; cat "$5"; } > "$WORK/path"
  while [ $((fn & 1)) -eq 1 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
  fr=; sr=
  while read -r c; do
    if [ -z "$fr" ]; then fr=$c; sr=$c; continue; fi
    [ "$sn" -ne 0 ] || return 1
    if [ $((fn & 1)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
      fr=$(printf '01%s%s' "$c" "$fr" | bytes | sha); sr=$(printf '01%s%s' "$c" "$sr" | bytes | sha)
      while [ $((fn & 1)) -eq 0 ] && [ "$fn" -ne 0 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
    else
      sr=$(printf '01%s%s' "$sr" "$c" | bytes | sha)
    fi
    fn=$((fn >> 1)); sn=$((sn >> 1))
  done < "$WORK/path"
  [ "$sn" -eq 0 ] && [ "$fr" = "$2" ] && [ "$sr" = "$4" ]
}
leads_to_end() { # NOTE: 0 when a head of a log that ended is part of its last one, or the witnesses must answer for it
  size=$(sed -n 2p "$1"); root=$(sed -n 3p "$1" | base64 -d | to_hex)
  [ "$END" != - ] || return 0
  [ "$size" -le "$END" ] || { bad "log ${VKEY%%+*} ended with $END entries, and this head has $size"; return 1; }
  [ "$size" -ne "$END" ] || { [ "$root" = "$ENDROOT" ]; return; }
  if [ -f proof/rotations.json ] && grep -q "{\"checkpoint\":\"$(sha < "$1")\"" proof/rotations.json; then
    tr '{' '\n' < proof/rotations.json | sed -n "s/^\"checkpoint\":\"$(sha < "$1")\",\"proof\":\[\([^]]*\)\].*/\1/p" | tr ',' '\n' | tr -d '"' | grep . > "$WORK/link"
    consistent "$size" "$root" "$END" "$ENDROOT" "$WORK/link"; return
  fi
  [ "$EXPORTED" -le "$FIRST" ] && [ "$(sed -n 's/^quorum //p' "$TRUST/policy")" != none ] || return 1
  echo "note  a head of $size entries is from before its log ended; only the witnesses answer for where it leads"
}
check_note() { # NOTE: 0 when the log signed it and the quorum cosigned it
  case $(sed -n 2p "$1") in '' | *[!0-9]*) return 1 ;; esac         # the size
  sed '/^$/q' "$1" | sed '$d' > "$WORK/body"
  log_of "$(head -n 1 "$WORK/body")" || return 1
  leads_to_end "$1" || return 1
  rm -f "$WORK/spoilt"; : > "$WORK/names"; : > "$WORK/cosigned"
  log_signed "$1" "$VKEY" || return 1
  grep '^witness ' "$TRUST/policy" | while read -r _ name vkey; do
    if cosigned_by "$1" "$vkey"; then echo "$name" >> "$WORK/names"; fi
  done
  [ ! -f "$WORK/spoilt" ] || return 1
  grep '^group ' "$TRUST/policy" | while read -r _ name threshold members; do
    count=0
    for one in $members; do grep -qx "$one" "$WORK/names" && count=$((count + 1)); done
    case $threshold in any) threshold=1 ;; all) threshold=$(echo "$members" | wc -w) ;; esac
    if [ "$count" -ge "$threshold" ]; then echo "$name" >> "$WORK/names"; fi
  done
  quorum=$(sed -n 's/^quorum //p' "$TRUST/policy")
  [ "$quorum" = none ] || grep -qx "$quorum" "$WORK/names"
}
note_of() { sed '1,/^$/d' "$1"; }                                   # a tlog-proof ends with its checkpoint

# RFC 9162, 2.1.3.2
root_of() { # INDEX SIZE LEAF-HASH PROOF: walk the audit path
  fn=$1; sn=$(($2 - 1)); r=$3
  sed -n '/^index /,/^$/p' "$4" | sed '1d;$d' > "$WORK/path"
  while read -r line; do
    p=$(printf %s "$line" | base64 -d | to_hex)
    [ "$sn" -eq 0 ] && { r=too-long; break; }
    if [ $((fn & 1)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
      r=$(printf '01%s%s' "$p" "$r" | bytes | sha)
      while [ $((fn & 1)) -eq 0 ] && [ "$fn" -ne 0 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
    else
      r=$(printf '01%s%s' "$r" "$p" | bytes | sha)
    fi
    fn=$((fn >> 1)); sn=$((sn >> 1))
  done < "$WORK/path"
  if [ "$sn" -eq 0 ] && [ "$1" -lt "$2" ]; then echo "$r"; else echo too-short; fi
}

# Each authority with its roots: those that tsa-policy names, or else whoever is in tsa-roots.pem.
mkdir "$WORK/tsa" "$WORK/root"
QUORUM=0
if [ -f "$TRUST/tsa-policy" ]; then
  QUORUM=$(sed -n 's/^quorum //p' "$TRUST/tsa-policy")
  number=0; : > "$WORK/one"
  while read -r line || [ -n "$line" ]; do
    echo "$line" >> "$WORK/one"
    case $line in *"END CERTIFICATE"*)
      openssl x509 -in "$WORK/one" -outform DER -out "$WORK/der" 2>/dev/null && cp "$WORK/one" "$WORK/root/$(sha < "$WORK/der")"
      number=$((number + 1)); : > "$WORK/one" ;;
    esac
  done < "$TRUST/tsa-roots.pem"
  grep '^tsa ' "$TRUST/tsa-policy" | while read -r _ name roots _; do
    for root in $(echo "$roots" | tr ',' ' '); do cat "$WORK/root/$root" >> "$WORK/tsa/$name"; done
  done
  grep '^until ' "$TRUST/tsa-policy" | while read -r _ name until; do of_iso "$until" > "$WORK/until.$name"; done
else
  cp "$TRUST/tsa-roots.pem" "$WORK/tsa/tsa-roots.pem"
  if grep -q 'BEGIN CERTIFICATE' "$TRUST/tsa-roots.pem"; then QUORUM=1; fi
fi
stated() { openssl ts -reply -in "$1" -text 2>/dev/null | sed -n "s/^$2: //p"; }
time_of() { of_openssl "$(stated "$1" 'Time stamp')"; }
accuracy_of() { # TOKEN: whole seconds, rounded up
  said=$(stated "$1" Accuracy | sed -n 's/^\(0x[0-9A-Fa-f]*\) seconds.*/\1/p')
  case $(stated "$1" Accuracy) in *0x*seconds*" 0x"*|unspecified*0x*) echo $((${said:-0} + 1)) ;; *) echo $((${said:-0})) ;; esac
}
stamped() { # TOKEN DATA TSA TIME: 0 when the token is over the data, and its certificates were in force at that time
  openssl ts -verify -attime "$4" -in "$1" -data "$2" -CAfile "$WORK/tsa/$3" > /dev/null 2>&1
}
holds() { # as above, and tsa-policy believed in the authority at that time
  stamped "$@" && { [ ! -f "$WORK/until.$3" ] || [ "$4" -le "$(cat "$WORK/until.$3")" ]; }
}
whose() { # TOKEN DATA: the authority under whose roots the token held when it was made
  [ -n "$(stated "$1" 'Time stamp')" ] || return 1                    # no token that can be read
  at=$(time_of "$1")
  for path in "$WORK"/tsa/*; do
    if stamped "$1" "$2" "${path##*/}" "$at"; then echo "${path##*/}"; return 0; fi
  done
  return 1
}
believed() { # TOKEN DATA TSA: 0 when it counts today, by itself or by renewals (RFC 4998, 5.2) that were made in time
  token=$1; data=$2; name=$3; rounds=0
  until holds "$token" "$data" "$name" "$NOW"; do
    rounds=$((rounds + 1)); proof=proof/renewals/$(sha < "$token").tlog-proof
    if [ "$rounds" -gt 32 ] || [ ! -f "$proof" ]; then return 1; fi
    note_of "$proof" > "$WORK/renewal.$rounds"
    [ "$(head -n 1 "$WORK/renewal.$rounds")" = getuige/token-renewal/v1 ] || return 1
    leaf=$(printf '00%s' "$(sha < "$token")" | bytes | sha)
    size=$(sed -n 2p "$WORK/renewal.$rounds"); root=$(sed -n 3p "$WORK/renewal.$rounds" | base64 -d | to_hex)
    [ "$(root_of "$(sed -n 's/^index //p' "$proof")" "$size" "$leaf" "$proof")" = "$root" ] || return 1
    newer=
    for next in "proof/timestamps/$(sha < "$WORK/renewal.$rounds")".*; do
      by=$(whose "$next" "$WORK/renewal.$rounds") || continue
      latest=$(($(time_of "$next") + $(accuracy_of "$next")))
      if [ "$latest" -ge "$(time_of "$token")" ] && holds "$token" "$data" "$name" "$latest"; then newer=$next; newer_by=$by; break; fi
    done
    [ -n "$newer" ] || return 1
    token=$newer; data=$WORK/renewal.$rounds; name=$newer_by
  done
}
agree() { # of $WORK/stamps (time, accuracy, name; sorted): the largest group whose times agree, into $WORK/agreed
  : > "$WORK/agreed"
  while read -r first slack _; do
    while read -r at more who; do
      if [ "$at" -ge "$first" ] && [ $((at - first)) -le $((60 + slack + more)) ]; then echo "$at $more $who"; fi
    done < "$WORK/stamps" > "$WORK/group"
    if [ "$(wc -l < "$WORK/group")" -gt "$(wc -l < "$WORK/agreed")" ]; then cp "$WORK/group" "$WORK/agreed"; fi
  done < "$WORK/stamps"
}
judge_stamps() { # DIGEST NOTE: sets STAMP to the time by which the head existed, 0 for none
  STAMP=0; : > "$WORK/found"; expired=
  for token in "proof/timestamps/$1".*; do
    [ -f "$token" ] || continue
    file=$token
    if ! name=$(whose "$file" "$2"); then bad "time stamp $file"; continue; fi
    who=$name
    if believed "$file" "$2" "$name"; then echo "$(time_of "$file") $(accuracy_of "$file") $who" >> "$WORK/found"
    else expired="$expired $file"; fi
  done
  sort -n "$WORK/found" > "$WORK/stamps"
  agree
  all=$(wc -l < "$WORK/stamps"); together=$(wc -l < "$WORK/agreed"); names=$(cut -d' ' -f3 "$WORK/agreed" | sort -u | wc -l)
  if [ "$together" -lt "$all" ]; then
    if [ $((2 * together)) -le "$all" ]; then bad "time stamp authorities contradict each other: $(cut -d' ' -f3 "$WORK/stamps" | tr '\n' ' ')"; names=0; cp "$WORK/stamps" "$WORK/agreed"
    else echo "note  the clock of one of the time stamp authorities was wrong; $together others agree"; fi
  fi
  while read -r at more who; do
    ok "time stamp: $(iso "$at") ($who)"
    if [ "$STAMP" -eq 0 ] || [ $((at + more)) -lt "$STAMP" ]; then STAMP=$((at + more)); fi
  done < "$WORK/agreed"
  if [ "$names" -lt "$QUORUM" ]; then bad "fewer than $QUORUM time stamp authorities vouch for a head"; fi
  for token in $expired; do
    if [ "$names" -gt 0 ] && [ "$names" -ge "$QUORUM" ]; then echo "note  $token expired, and was not renewed in time"
    else bad "time stamp $token expired, and was not renewed in time"; fi
  done
}

NOW=$(of_openssl "$(date -u '+%b %d %H:%M:%S %Y')")
STAMPED=0
: > "$WORK/heads"                                                   # events below, earliest cosignature, log, size, root
for proof in proof/export-event.tlog-proof proof/events/*.tlog-proof; do
  [ -f "$proof" ] || continue
  note_of "$proof" > "$WORK/note"
  digest=$(sha < "$WORK/note")
  [ -f "$WORK/$digest.ok" ] && continue
  if ! check_note "$WORK/note"; then bad "checkpoint of $proof: log or witnesses did not sign it"; continue; fi
  judge_stamps "$digest" "$WORK/note"
  [ "$STAMP" -eq 0 ] || STAMPED=$((STAMPED + 1))
  first=$(sort -n "$WORK/cosigned" | head -n 1); last=$(sort -n "$WORK/cosigned" | tail -n 1); last=${last:-0}
  if [ "$STAMP" -gt 0 ] && { [ "$last" -eq 0 ] || [ "$STAMP" -lt "$last" ]; }; then last=$STAMP; fi
  echo "$last" > "$WORK/$digest.ok"                                 # by when the head existed
  log_of "$(head -n 1 "$WORK/note")"
  size=$(sed -n 2p "$WORK/note")
  echo "$((FIRST + size - BEFORE)) ${first:-0} ${VKEY%%+*} $size $(sed -n 3p "$WORK/note" | base64 -d | to_hex)" >> "$WORK/heads"
done
awk '{ if (($3, $4) in root && root[$3, $4] != $5) print "FAIL  two versions of " $3 " with " $4 " entries are signed: two histories were shown"; root[$3, $4] = $5 }' "$WORK/heads" > "$WORK/out"
cat "$WORK/out"; [ ! -s "$WORK/out" ] || FAILED=1
[ "$STAMPED" -gt 0 ] || echo "note  no outside time stamp: times are the server's"

# --- 4. each event is in the log (RFC 9162, 2.1.3.2) ----------------------------------------------------------------
in_log() { # EVENT SALT-HEX PROOF INDEX
  [ -n "$2" ] && [ -f "$3" ] || return 1
  log_at "$4"; entry=$(($4 - FIRST + BEFORE))
  [ "$(sed -n 's/^index //p' "$3")" = "$entry" ] || return 1
  note_of "$3" > "$WORK/note"
  [ -f "$WORK/$(sha < "$WORK/note").ok" ] || return 1
  [ "$(head -n 1 "$WORK/note")" = "${VKEY%%+*}" ] || return 1
  mac=$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$2" "$1" | sed 's/.*= *//')
  leaf=$(printf '0001%s' "$mac" | bytes | sha)
  size=$(sed -n 2p "$WORK/note"); root=$(sed -n 3p "$WORK/note" | base64 -d | to_hex)
  [ "$(root_of "$entry" "$size" "$leaf" "$3")" = "$root" ]
}
between() { # EVENT STATEMENT INDEX: is the server's clock inside the bounds of others? (docs/formats/sealed-bundle.md)
  received=$(of_iso "$(member "$1" received_at)"); latest=$(cat "$WORK/$(sha < "$WORK/note").ok")
  seen=$(sed -n 's/.*"seen":{[^}]*"size":\([0-9]*\).*/\1/p' "$2"); earliest=0; shown=
  if [ -n "$seen" ]; then
    log=$(sed -n 's/.*"seen":{"log":"\([^"]*\)".*/\1/p' "$2"); log=${log:-$(head -n 1 "$WORK/logs" | sed 's/+.*//')}
    root=$(sed -n 's/.*"seen":{[^}]*"root":"\([0-9a-f]*\)".*/\1/p' "$2")
    if log_of "$log"; then
      # One key's word against signed heads: a false one is a note, and moves no bound.
      if grep -q " $log $seen $root\$" "$WORK/heads" || [ "$seen $root" = "$END $ENDROOT" ]; then shown=1
      elif grep -q " $log $seen " "$WORK/heads" || [ "$seen" = "$END" ] || { [ "$END" != - ] && [ "$seen" -gt "$END" ]; }; then
        echo "note  event $3: its signer says to have seen another log of $seen entries than the signed one"; seen=
      fi
      [ -z "$seen" ] || seen=$((FIRST + seen - BEFORE))
    else seen=; fi
  fi
  if [ "${seen:-0}" -gt "$3" ]; then seen=0; fi                     # no head that was seen can hold the event itself
  while read -r size first _; do
    if [ "$size" -le "${seen:-0}" ] && [ "$first" -gt "$earliest" ]; then earliest=$first; fi
  done < "$WORK/heads"
  if [ "$latest" -gt 0 ] && [ "$received" -gt $((latest + 60)) ]; then bad "event $3: the server says $(iso "$received"), later than witnesses and time stamps allow: $(iso "$latest")"; fi
  if [ "$received" -lt $((earliest - 60)) ]; then
    early="event $3: the server says $(iso "$received"), before $(iso "$earliest") that its signer says to have seen"
    if [ -n "$shown" ]; then bad "$early"; else echo "note  $early"; fi
  fi
  BETWEEN="not before $(iso "$earliest"), not after $(iso "$latest"), received $(iso "$received")"
}
mkdir "$WORK/said"; : > "$WORK/said/nothing"                        # what each event signs, under the event's name
COUNT=0
for event in data/events/*.json; do
  [ -f "$event" ] || continue
  name=$(basename "$event" .json); said=$WORK/said/$name
  spelled "$event" "$said" || { rm -f "$said"; continue; }
  index=$(printf %s "$name" | sed 's/^0*\(.\)/\1/')
  salt=$(tr ',{}' '\n\n\n' < data/salts.json | sed -n "s/^\"$index\":\"\([0-9a-f]*\)\"$/\1/p")
  if in_log "$event" "$salt" "proof/events/$name.tlog-proof" "$index"; then
    COUNT=$((COUNT + 1)); between "$event" "$said" "$index"
    if grep -Eq '"type":"item.(seal|open)"' "$said"; then echo "time  item $(member "$said" item): $BETWEEN"; fi
  else bad "event $index is not in the log"; fi
done
ok "$COUNT events are in the log"
if in_log proof/export-event.json "$(cat proof/export-salt.txt)" proof/export-event.tlog-proof "$EXPORT"
then ok "the export is in the log"; between proof/export-event.json "$WORK/export" "$EXPORT"; else bad "the export is not in the log"; fi

# --- 5. each sealed item is the one that its event names ------------------------------------------------------------
if [ -d data/items ]; then
  COUNT=0
  for said in "$WORK"/said/*; do
    grep -q '"type":"item.seal"' "$said" || continue
    item=$(member "$said" item)
    digest=$(sed -n 's/.*"container":{"sha256":"\([0-9a-f]*\)".*/\1/p' "$said")
    if [ -f "data/items/$item.getuige" ] && [ "$(sha < "data/items/$item.getuige")" = "$digest" ]; then COUNT=$((COUNT + 1)); else bad "item $item differs from its event"; fi
  done
  ok "$COUNT sealed items are unchanged"
fi

# --- 6. what arrived of an item that was begun and never sealed: its head is the one that was announced ---------------
for said in "$WORK"/said/*; do
  grep -q '"type":"item.seal"' "$said" && member "$said" item
done > "$WORK/sealed"
for said in "$WORK"/said/*; do
  grep -q '"type":"item.open"' "$said" || continue
  item=$(member "$said" item); grep -qx "$item" "$WORK/sealed" && continue
  digest=$(sed -n 's/.*"head":{"sha256":"\([0-9a-f]*\)".*/\1/p' "$said")
  size=$(sed -n 's/.*"head":{"sha256":"[0-9a-f]*","size":\([0-9]*\)}.*/\1/p' "$said")
  if [ -f "data/items/$item.getuige" ]; then tail -c +20 "data/items/$item.getuige" | head -c "${size:-0}" > "$WORK/head"
  elif [ -f "data/heads/$item.json" ]; then cat "data/heads/$item.json" > "$WORK/head"
  else : > "$WORK/head"; fi
  if [ "$(sha < "$WORK/head")" = "$digest" ]; then echo "note  item $item is INCOMPLETE: it was begun, and never sealed"
  else bad "item $item is not the one that was begun"; fi
done

# --- 7. each original of an opened bundle is what its item committed to (docs/formats/opened-bundle.md) -----------------
commits() { # FILE SALT COMMITMENT
  grep -qxF "$1" "$WORK/here" && [ "$(printf '%s%s%s' 676574756967652f636f6d6d69746d656e742f763100 "$2" "$(sha < "$1")" | bytes | sha)" = "$3" ]
}
# Fields of a description: each leaf with its salt and value, or with its digest (docs/formats/envelope.md).
fields_of() { # DESCRIPTION: pointer and value of each leaf, from JSON in its one spelling
  grep -oE '"([^"\\]|\\.)*"|[][{}:,]|[^][{}:,"]+' "$1" | awk '
    function leaf(value,  at, path) { for (at = 1; at <= d; at++) path = path "/" key[at]; print path "\t" value }
    /^[{[]$/ { d++; open[d] = $0; key[d] = 0; name = $0 == "{"; empty = 1; next }
    /^[]}]$/ { d--; if (empty) leaf(open[d + 1] $0); empty = 0; next }
    /^,$/ { if (open[d] == "[") key[d]++; else name = 1; next }
    /^:$/ { next }
    name { key[d] = substr($0, 2, length($0) - 2); name = empty = 0; next }
    { leaf($0); empty = 0 }' | sort
}
computed() { # OPENING: the commitment that its lines compute to
  { printf 'getuige/description/v1\000'
    while IFS='	' read -r pointer salt value; do
      printf '%s\000' "$pointer"
      if [ "$salt" = - ]; then printf %s "$value" | bytes
      else { printf 'getuige/field/v1\000'; printf %s "$salt" | bytes; printf '%s\000%s' "$pointer" "$value"; } | openssl dgst -sha256 -binary; fi
    done < "$1"; } | sha
}
shows() { # OPENING DESCRIPTION COMMITMENT: 0 when the description says these fields and they are those of the commitment
  grep -qxF "$1" "$WORK/here" && grep -qxF "$2" "$WORK/here" && canonical "$2" || return 1
  if grep -Evq '^(/[a-z0-9_]+)+	([0-9a-f]{64}	[^	]+|-	[0-9a-f]{64})$' "$1" || ! cut -f1 "$1" | sort -c -u 2>/dev/null; then return 1; fi
  cut -f1,3 "$1" > "$WORK/fields"; fields_of "$2" | cmp -s - "$WORK/fields" || return 1
  if [ -z "$FIELDS" ]; then UNCHECKED=$((UNCHECKED + 1)); else [ "$(computed "$1")" = "$3" ]; fi
}
committed() { sed -n "s/.*\"$2\":{\"commitment\":\"\([0-9a-f]*\)\".*/\1/p" "$1"; }
if [ -f data/openings.json ] && ! canonical data/openings.json; then
  bad "data/openings.json is not in the one spelling that is read"
elif [ -f data/openings.json ]; then
  sed 's/"incomplete":{[^}]*},//g' data/openings.json | tr '{' '\n' > "$WORK/openings"
  COUNT=0; UNCHECKED=0
  for said in "$WORK"/said/*; do
    item=$(member "$said" item); whole=
    case $(member "$said" type) in
      item.seal) whole=1 ;;
      item.open) if grep -qx "$item" "$WORK/sealed" || [ ! -f "data/heads/$item.json" ]; then continue; fi
        said=$WORK/described; payload "data/heads/$item.json" "$said" ;;
      *) continue ;;
    esac
    grep "\"item\":\"$item\"" "$WORK/openings" | grep '"description":' > "$WORK/opening"
    closed=$(grep "\"item\":\"$item\"" "$WORK/openings" | sed -n 's/.*"part":"\([a-z-]*\)".*/\1/p')
    original=$(member "$WORK/opening" original); content=$(committed "$said" content)
    if [ -n "$closed" ] && { [ ! -s "$WORK/opening" ] || [ -z "$original" ]; }; then echo "note  item $item was not opened, or not whole, by whoever made this folder: $closed"
      [ -s "$WORK/opening" ] || continue; whole=
    fi
    if ! shows "$(member "$WORK/opening" fields)" "$(member "$WORK/opening" description)" "$(committed "$said" meta)"; then
      bad "the description of item $item is not what was sealed"
    elif [ -z "$whole" ]; then continue
    elif [ -z "$content$original" ] || commits "$original" "$(member "$WORK/opening" content_salt)" "$content"; then COUNT=$((COUNT + 1))
    else bad "the original of item $item is not what was sealed"; fi
  done
  ok "$COUNT originals are what was sealed"
  [ "$UNCHECKED" -eq 0 ] || echo "note  not checked here: whether the fields of $UNCHECKED descriptions are those that were sealed; sh verify.sh TRUST --fields does that"
fi

# --- 8. one case, the items of the export, the last numbers (docs/formats/sealed-bundle.md) ------------------------------
# What each statement says of itself, in one look: NAME CASE BY SEQ PREV ID TYPE ITEM, with - for what it does not say.
sha256sum "$WORK"/said/* | sed 's|  .*/| |' > "$WORK/ids"
awk '
  function get(text, key) { return match(text, "\"" key "\":\"?[^\",}]*") ? substr(text, RSTART + length(key) + 3, RLENGTH - length(key) - 3) : "-" }
  FNR == NR { id[$2] = $1; next }
  match($0, /"by":"[0-9a-f]*",("case":"[0-9a-f]*",)?("prev":"[0-9a-f]*",)?("seen":[{][^}]*[}],)?("seq":[0-9]*,)?"suite":1,"type":"[a-z_.]*"/) {
    top = substr($0, RSTART, RLENGTH); name = FILENAME; sub(/.*\//, "", name); type = get(top, "type"); gsub(/"/, "", type)
    line = name " " get(top, "case") " " get(top, "by") " " get(top, "seq") " " get(top, "prev") " " id[name] " " type
    line = line " " (type ~ /^item.(seal|open)$/ ? get($0, "item") : "-"); gsub(/"/, "", line); print line
  }' "$WORK/ids" "$WORK"/said/* > "$WORK/told"
CASE=$(member "$WORK/export" case)
awk -v hers="$CASE" '$2 != "-" && $2 != hers { print "FAIL  event " $1 + 0 " belongs to another case than the export" }' "$WORK/told" > "$WORK/out"
cat "$WORK/out"; [ ! -s "$WORK/out" ] || FAILED=1
{ awk '$8 != "-" { print $8 }' "$WORK/told"; find . -path './data/items/*.getuige' | sed 's|.*/||; s|.getuige$||'; } | sort -u > "$WORK/items"
sed -n 's/.*"items":\[\([^]]*\)\].*/\1/p' "$WORK/export" | tr -d '"' | tr ',' '\n' | sort -u > "$WORK/exported"
if cmp -s "$WORK/items" "$WORK/exported"; then ok "the items here are those of the export"
else bad "these items are in the export or here, not both:"; comm -3 "$WORK/items" "$WORK/exported"; fi
head=$(sed -n 's/.*"head":{"log":"\([^"]*\)","root":"\([0-9a-f]*\)","size":\([0-9]*\)}.*/\1 \3 \2/p' "$WORK/export")
set -- $head                                                        # LOG SIZE ROOT
if [ $# -ne 3 ] || ! log_of "$1"; then bad "the export names no head of a log that is known"
else
  below=$((FIRST + $2 - BEFORE))
  [ "$below" -le "$EXPORT" ] || bad "the head that the export names holds the export itself"
  awk -v below="$below" '$1 + 0 >= below { exit 1 }' "$WORK/told" || bad "there is an event behind the head that the export names"
  if grep " $1 $2 " "$WORK/heads" | grep -qv " $3\$"; then bad "the export names another head of $2 entries than the signed one"; fi
fi
awk '$4 != "-" { print $3, $4, $6, $5 }' "$WORK/told" > "$WORK/numbers"
sed -n 's/.*"last":\[\([^]]*\)\].*/\1/p' "$WORK/export" | tr '{' '\n' |
  sed -n 's/^"by":"\([0-9a-f]*\)","seq":\([0-9]*\),"statement":"\([0-9a-f]*\)".*/\1 \2 \3/p' > "$WORK/last"
awk '
  function broken(by, why) { if (!(by in bad)) print "FAIL  the numbering of key " substr(by, 1, 8) " does not hold: " why; bad[by] }
  FNR == NR { if ($1 in last) broken($1, "two last numbers"); last[$1] = $2; named[$1] = $3; next }
  {
    if (($1, $2) in id) broken($1, "number " $2 " was given twice")
    id[$1, $2] = $3; prev[$1, $2] = $4; count[$1]++
    if (!($1 in last)) broken($1, "the export names no last number of it")
    else if ($2 + 0 > last[$1] + 0) broken($1, "number " $2 " is here, and the server called " last[$1] " the last")
    else if ($2 == last[$1] && $3 != named[$1]) broken($1, "number " $2 " is another statement than the export names")
  }
  END {
    for (key in id) {
      split(key, part, SUBSEP)
      before = part[2] == 0 ? sprintf("%064d", 0) : ((part[1], part[2] - 1) in id) ? id[part[1], part[2] - 1] : prev[key]
      if (prev[key] != before) broken(part[1], "number " part[2] " does not follow from the one before it")
    }
    for (by in last) {
      if (by in bad) continue
      if (count[by] == last[by] + 1) print "ok    key " substr(by, 1, 8) ": complete up to number " last[by] ", as the server says"
      else print "note  key " substr(by, 1, 8) ": " last[by] + 1 - count[by] " of the numbers 0 to " last[by] " are not here: not granted, says the server"
    }
  }' "$WORK/last" "$WORK/numbers" > "$WORK/out"
cat "$WORK/out"; if grep -q '^FAIL' "$WORK/out"; then FAILED=1; fi

# --- 9. who signed: each statement by a key that the root, or the case, had recognised (docs/formats/statement.md) --------
# Who signs what, and which member of its body names a second signer; made from the catalogue by `make docs`.
acts() { cat <<'END'
log.open root
log.rotate root
key.publish root
key.retire root
key.share root
team.open root
case.open caseworker
case.retain caseworker
device.invite caseworker
device.enrol newcomer invite
device.revoke caseworker,vault
alarm_device.enrol caseworker
alarm_device.lend caseworker
alarm_device.review caseworker
alarm_device.return caseworker
shift.begin dispatcher
shift.end dispatcher
shift.take_over dispatcher
item.open bridge,caseworker,phone,vault
item.seal bridge,caseworker,dispatcher,phone,vault
item.amend caseworker,phone,vault
disclose caseworker
grant vault
revoke vault
list.set vault agreed
item.wrap caseworker,vault
readers.exclude caseworker
rescue.share vault
rescue.use caseworker
dispute vault
hold.place caseworker,investigator
hold.lift caseworker,investigator
erase.request vault
erase.approve caseworker
erase.cancel caseworker,vault
erase.execute server
erase.finish server
erase.repeat server
break_glass dispatcher
read server
export investigator
alarm.raise bridge
alarm.repeat bridge
alarm.fold bridge
alarm.deliver bridge
alarm.claim dispatcher
alarm.accept dispatcher
alarm.dispatch dispatcher
alarm.on_scene dispatcher
alarm.take_over dispatcher
alarm.look dispatcher
alarm.close dispatcher
END
}
key_name() { { printf 01; printf %s "$1"; } | bytes | sha | cut -c1-32; }
says() { # PAYLOAD TYPE KEY-HEX SIGNATURE: DSSE
  { printf 'DSSEv1 %d %s %d ' ${#2} "$2" "$(wc -c < "$1")"; cat "$1"; } > "$WORK/message"
  signed "$WORK/message" "$(printf %s "$4" | base64 -d 2>/dev/null | to_hex)" "key+0+$({ printf 01; printf %s "$3"; } | bytes | base64)"
}
first() { sed -n "s/.*\"body\":{\(.*\)/\1/p" "$1" | grep -o "\"$2\":\"[^\"]*\"" | head -n 1 | cut -d'"' -f4; }   # of the body
key_of() { awk -v kid="$1" '$1 == kid && $4 == "yes" { print $2 " " $3 }' "$WORK/keys"; }
know() { echo "$(key_name "$1") $1 $2 yes ${3:--} $4" >> "$WORK/keys"; }                                       # KEY ROLE DEVICE CASE
end_key() { awk -v column="$1" -v name="$2" '$column == name { $4 = "no" } { print }' "$WORK/keys" > "$WORK/keys.new"; mv "$WORK/keys.new" "$WORK/keys"; }
recognised() { # EVENT PAYLOAD CASE BY TYPE: 0 when every key that must sign it did, may say this, and was in force
  role=; : > "$WORK/wanted"; root=$(cut -c1-64 "$TRUST/root.pub")
  case $5 in
    log.open) role=root; [ ! -s "$WORK/keys" ] && [ "$(first "$2" sign)" = "$root" ] && echo "$root" > "$WORK/wanted" ;;
    device.enrol) role=newcomer; [ -z "$(key_of "$4")" ] || return 1; invited=$(awk -v kid="$(first "$2" invite)" '$1 == kid' "$WORK/invited")
      # shellcheck disable=SC2086 - four words
      set -- "$@" $invited
      [ $# -eq 9 ] && [ "$8" = "$3" ] && [ "$(printf '%s\n%s\n' "$9" "$(member "$1" received_at)" | sort | head -n 1)" != "$9" ] &&
        { first "$2" sign; echo "$7"; } > "$WORK/wanted" ;;
    *) known=$(key_of "$4"); role=${known#* }; [ -n "$known" ] && echo "${known%% *}" > "$WORK/wanted"
      second=$(acts | awk -v type="$5" '$1 == type { print $3 }'); [ -z "$second" ] || second=$(first "$2" "$second")
      if [ -n "$second" ]; then known=$(key_of "$second"); echo "${known%% *}" >> "$WORK/wanted"; fi ;;
  esac
  [ -s "$WORK/wanted" ] && acts | grep -Eq "^$5 ([a-z_]*,)*$role(,[a-z_]*)*( |\$)" || return 1
  tr '{}' '\n\n' < "$1" | sed -n 's/^"keyid":"\([0-9a-f]*\)","sig":"\([^"]*\)".*/\1 \2/p' > "$WORK/signatures"
  [ "$(wc -l < "$WORK/signatures")" -eq "$(wc -l < "$WORK/wanted")" ] || return 1
  while read -r key; do
    name=$(key_name "$key"); sig=$(sed -n "s/^$name //p" "$WORK/signatures")
    [ -n "$sig" ] && says "$2" application/vnd.getuige.statement.v1+json "$key" "$sig" || return 1
  done < "$WORK/wanted"
  [ "$(key_name "$(head -n 1 "$WORK/wanted")")" = "$4" ]
}
items_of() { sed -n 's/.*"items":\[\([^]]*\)\].*/\1/p' "$1" | grep -o '[0-9a-f]\{32\}'; }
erase() { # a grant that holds a key of an erased item ends whole
  awk 'FNR == NR { gone[$1]; next } $5 in gone { print $1 }' "$WORK/gone" "$WORK/granted" | sort -u > "$WORK/ended"
  awk 'FNR == NR { ended[$1]; next } !($1 in ended)' "$WORK/ended" "$WORK/granted" > "$WORK/granted.new"; mv "$WORK/granted.new" "$WORK/granted"
}
learn() { # PAYLOAD CASE TYPE: what it makes known
  case $3 in
    log.open) know "$(first "$1" sign)" root - - ;;
    key.publish) know "$(first "$1" sign)" "$(first "$1" role)" - - ;;
    key.retire) end_key 1 "$(first "$1" kid)" ;;
    case.open) know "$(first "$1" vault)" vault - "$2" ;;
    device.invite) echo "$(key_name "$(first "$1" invite)") $(first "$1" invite) $2 $(first "$1" expires)" >> "$WORK/invited" ;;
    device.enrol) know "$(first "$1" sign)" phone "$(first "$1" device)" "$2" ;;
    alarm_device.enrol) know "$(first "$1" sign)" alarm_device "$(first "$1" device)" "$2" ;;
    device.revoke) end_key 5 "$(first "$1" device)" ;;
    grant) grep -o '"item":"[0-9a-f]*"' "$1" | cut -d'"' -f4 | sed "s/^/$(first "$1" grant) $2 $(first "$1" reader) $(first "$1" expires) /" >> "$WORK/granted" ;;
    revoke) grep -v "^$(first "$1" grant) " "$WORK/granted" > "$WORK/granted.new"; mv "$WORK/granted.new" "$WORK/granted" ;;
    erase.request) items_of "$1" | sed "s/^/$(first "$1" erasure) /" >> "$WORK/erasures" ;;
    erase.execute) grep "^$(first "$1" erasure) " "$WORK/erasures" | cut -d' ' -f2 > "$WORK/gone"; erase ;;
    erase.repeat) items_of "$1" > "$WORK/gone"; erase ;;
    readers.exclude) grep -o '"readers":\[[^]]*' "$1" | grep -o '[0-9a-f]\{32\}' > "$WORK/excluded" ;;
  esac
}
: > "$WORK/keys"; : > "$WORK/invited"; : > "$WORK/erasures"; : > "$WORK/granted"; : > "$WORK/excluded"; COUNT=0
{ cat "$WORK/told"; echo "export $CASE $(sed -n 's/.*},"by":"\([0-9a-f]*\)","case".*/\1/p' "$WORK/export") - - - export -"; } > "$WORK/all"
while read -r name case by _ _ _ type _; do
  event=data/events/$name.json; said=$WORK/said/$name
  if [ "$name" = export ]; then event=proof/export-event.json; said=$WORK/export; fi
  if recognised "$event" "$said" "$case" "$by" "$type"; then COUNT=$((COUNT + 1)); learn "$said" "$case" "$type"
  else bad "$event is not signed by a key that was recognised then and may say this ($type)"; fi
done < "$WORK/all"
ok "$COUNT events are signed by keys that the organisation or the case recognises"
by=$(sed -n 's/.*},"by":"\([0-9a-f]*\)","case".*/\1/p' "$WORK/export"); : > "$WORK/given"
grep -qx "$by" "$WORK/excluded" || awk -v hers="$CASE" -v by="$by" -v now="$(member proof/export-event.json received_at)" '
  $2 == hers && $3 == by && $4 > now { print $5 }' "$WORK/granted" | sort -u > "$WORK/given"
comm -23 "$WORK/exported" "$WORK/given" | while read -r item; do echo "FAIL  item $item was not granted then to whoever exported"; done > "$WORK/out"
if [ -s "$WORK/out" ]; then FAILED=1; cat "$WORK/out"; else ok "the items of the export were granted to whoever exported"; fi
more=$(comm -13 "$WORK/exported" "$WORK/given" | wc -l); [ "$more" -eq 0 ] || echo "note  $more items that were granted then are not in this export"

echo "note  not checked here: whether HOWTO.txt and this very script are those of Getuige"
echo "note  not checked here: timeline.csv and case.jsonld, which are made from the rest"
echo "note  not checked here: the signature inside a sealed item, whose hash a signed statement names"
echo "note  not checked here: receipts that somebody kept; getuige verify --receipt compares the last numbers with them"
echo "note  not checked here: what was said of the items and who read them, and every rule for what a statement says; getuige verify tells"
if [ "$FAILED" -eq 0 ]; then echo "All of this holds."; else echo "Not everything holds: see FAIL above."; fi
exit "$FAILED"

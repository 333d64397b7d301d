#!/bin/sh
# Checks this bundle with sh, sha256sum, openssl (1.1.1 or newer), xxd and base64 only: nothing of Getuige runs here.
#   sh verify.sh TRUST        TRUST is the folder with log.vkey, policy and tsa-roots.pem, from another source.
# It checks: files against manifests, the manifest against the exported statement, each event against the custody log,
# the log's and witnesses' signatures under the checkpoints, time stamps, and each sealed item against its event.
# It does not check who signed the statements; `getuige verify` does. Exit code 0: all that it checks holds.
set -u
cd "$(dirname "$0")" || exit 2
TRUST=${1:?"give the folder with trust anchors (log.vkey, policy, tsa-roots.pem): sh verify.sh TRUST"}
case $(cd "$TRUST" 2>/dev/null && pwd -P)/ in
  /) echo "FAIL  $TRUST is no folder"; exit 2 ;;
  "$(pwd -P)"/*) echo "FAIL  the trust anchors lie inside the bundle: they prove nothing"; exit 2 ;;
esac
TRUST=$(cd "$TRUST" && pwd -P)
WORK=$(mktemp -d) || exit 2
trap 'rm -rf "$WORK"' EXIT
FAILED=0

ok() { echo "ok    $1"; }
bad() { echo "FAIL  $1"; FAILED=1; }
sha() { sha256sum | cut -c1-64; }
bytes() { xxd -r -p; }
to_hex() { xxd -p | tr -d '\n'; }
member() { sed -n "s/.*\"$2\":\"\([^\"]*\)\".*/\1/p" "$1"; }         # canonical JSON has one spelling
payload() { member "$1" payload | base64 -d > "$2" 2>/dev/null; }

# --- 1. files ------------------------------------------------------------------------------------------------------
for list in manifest-sha256.txt tagmanifest-sha256.txt; do
  if sha256sum --quiet --strict -c "$list" > "$WORK/out" 2>&1; then ok "files of $list"; else bad "files of $list"; cat "$WORK/out"; fi
done
cut -c67- manifest-sha256.txt tagmanifest-sha256.txt | LC_ALL=C sort > "$WORK/listed"
find . -type f | sed 's|^\./||' | grep -v '^tagmanifest-sha256.txt$' | LC_ALL=C sort > "$WORK/here"
if cmp -s "$WORK/listed" "$WORK/here"; then ok "no file too many, none missing"
else bad "these files are listed or here, not both:"; LC_ALL=C comm -3 "$WORK/listed" "$WORK/here"; fi

# --- 2. the manifest is the exported one ----------------------------------------------------------------------------
MANIFEST=manifest-sha256.txt
[ -f proof/sealed-manifest-sha256.txt ] && MANIFEST=proof/sealed-manifest-sha256.txt
payload proof/export-event.json "$WORK/export"
if [ "$(sha < $MANIFEST)" = "$(member "$WORK/export" manifest)" ]; then ok "the manifest is the exported one"
else bad "the manifest is not the exported one"; fi

# --- 3. checkpoints: signatures of the log and of the quorum, and time stamps ---------------------------------------
key_pem() { # VKEY FILE: an Ed25519 key as PEM, from name+id+base64(type ‖ key)
  key=${1#*+}                                                       # base64 may hold a plus sign: cut from the left
  { printf 302a300506032b6570032100; printf %s "${key#*+}" | base64 -d | to_hex | cut -c3-; } | bytes |
    openssl pkey -pubin -inform DER -out "$2" 2>/dev/null
}
line_of() { # NOTE VKEY: the base64 of this key's signature line
  name=${2%%+*}; id=${2#*+}; id=${id%%+*}
  grep -F "— $name " "$1" | cut -d' ' -f3 | while read -r sig; do
    case $(printf %s "$sig" | base64 -d | to_hex) in "$id"*) printf '%s\n' "$sig"; break ;; esac
  done
}
signed() { # MESSAGE SIGNATURE-HEX VKEY
  key_pem "$3" "$WORK/key.pem" && printf %s "$2" | bytes > "$WORK/sig" &&
    openssl pkeyutl -verify -pubin -inkey "$WORK/key.pem" -rawin -in "$1" -sigfile "$WORK/sig" > /dev/null 2>&1
}
cosigned_by() { # NOTE VKEY: tlog-cosignature/v1, 4 bytes id, 8 bytes time, 64 bytes signature
  raw=$(line_of "$1" "$2" | base64 -d 2>/dev/null | to_hex)
  [ ${#raw} -eq 152 ] || return 1
  { printf 'cosignature/v1\ntime %d\n' "0x$(printf %s "$raw" | cut -c9-24)"; cat "$WORK/body"; } > "$WORK/message"
  signed "$WORK/message" "$(printf %s "$raw" | cut -c25-)" "$2"
}
check_note() { # NOTE: 0 when the log signed it and the quorum cosigned it
  sed '/^$/q' "$1" | sed '$d' > "$WORK/body"
  vkey=$(cat "$TRUST/log.vkey")
  [ "$(head -n 1 "$WORK/body")" = "${vkey%%+*}" ] || return 1
  raw=$(line_of "$1" "$vkey" | base64 -d 2>/dev/null | to_hex)
  signed "$WORK/body" "$(printf %s "$raw" | cut -c9-)" "$vkey" || return 1
  : > "$WORK/names"
  grep '^witness ' "$TRUST/policy" | while read -r _ name vkey; do
    if cosigned_by "$1" "$vkey"; then echo "$name" >> "$WORK/names"; fi
  done
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

STAMPED=0
for proof in proof/export-event.tlog-proof proof/events/*.tlog-proof; do
  note_of "$proof" > "$WORK/note"
  digest=$(sha < "$WORK/note")
  [ -f "$WORK/$digest.ok" ] && continue
  if check_note "$WORK/note"; then touch "$WORK/$digest.ok"; else bad "checkpoint of $proof: log or witnesses did not sign it"; continue; fi
  if [ -f "proof/timestamps/$digest.tsr" ]; then
    if openssl ts -verify -in "proof/timestamps/$digest.tsr" -data "$WORK/note" -CAfile "$TRUST/tsa-roots.pem" > /dev/null 2>&1
    then STAMPED=$((STAMPED + 1)); ok "time stamp: $(openssl ts -reply -in "proof/timestamps/$digest.tsr" -text 2>/dev/null | sed -n 's/^Time stamp: //p')"
    else bad "time stamp proof/timestamps/$digest.tsr"; fi
  fi
done
[ "$STAMPED" -gt 0 ] || echo "note  no outside time stamp: times are the server's"

# --- 4. each event is in the log (RFC 9162, 2.1.3.2) ----------------------------------------------------------------
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
  if [ "$sn" -eq 0 ]; then echo "$r"; else echo too-short; fi
}
in_log() { # EVENT SALT-HEX PROOF INDEX
  [ "$(sed -n 's/^index //p' "$3")" = "$4" ] || return 1
  note_of "$3" > "$WORK/note"
  [ -f "$WORK/$(sha < "$WORK/note").ok" ] || return 1
  mac=$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$2" "$1" | sed 's/.*= *//')
  leaf=$(printf '0001%s' "$mac" | bytes | sha)
  size=$(sed -n 2p "$WORK/note"); root=$(sed -n 3p "$WORK/note" | base64 -d | to_hex)
  [ "$(root_of "$4" "$size" "$leaf" "$3")" = "$root" ]
}
COUNT=0
for event in data/events/*.json; do
  name=$(basename "$event" .json); index=$(printf %s "$name" | sed 's/^0*\(.\)/\1/')
  salt=$(tr ',{}' '\n\n\n' < data/salts.json | sed -n "s/^\"$index\":\"\([0-9a-f]*\)\"$/\1/p")
  if in_log "$event" "$salt" "proof/events/$name.tlog-proof" "$index"; then COUNT=$((COUNT + 1)); else bad "event $index is not in the log"; fi
done
ok "$COUNT events are in the log"
index=$(sed -n 's/.*"index":\([0-9]*\).*/\1/p' proof/export-event.json)
if in_log proof/export-event.json "$(cat proof/export-salt.txt)" proof/export-event.tlog-proof "$index"
then ok "the export is in the log"; else bad "the export is not in the log"; fi

# --- 5. each sealed item is the one that its event names ------------------------------------------------------------
if [ -d data/items ]; then
  COUNT=0
  for event in data/events/*.json; do
    payload "$event" "$WORK/statement"
    grep -q '"type":"item.seal"' "$WORK/statement" || continue
    item=$(member "$WORK/statement" item)
    digest=$(sed -n 's/.*"container":{"sha256":"\([0-9a-f]*\)".*/\1/p' "$WORK/statement")
    if [ "$(sha < "data/items/$item.getuige")" = "$digest" ]; then COUNT=$((COUNT + 1)); else bad "item $item differs from its event"; fi
  done
  ok "$COUNT sealed items are unchanged"
fi

if [ "$FAILED" -eq 0 ]; then echo "All of this holds."; else echo "Not everything holds: see FAIL above."; fi
exit "$FAILED"

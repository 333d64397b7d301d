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

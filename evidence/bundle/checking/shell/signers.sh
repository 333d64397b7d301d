# --- 9. who signed: each statement by a key that the root, or the case, had recognised (docs/formats/statement.md) --------
# Who signs what, and which member of its body names a second signer; made from the catalogue by `make docs`.
acts() { cat <<'END'
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

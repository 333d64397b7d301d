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

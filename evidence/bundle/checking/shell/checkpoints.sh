# Each head of this bundle once: who signed it, and by when it existed.
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

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
  # It leads to the head over the export itself, or to the last one of its log when that ended in between.
  note_of proof/export-event.tlog-proof > "$WORK/note"; path=proof/export-head.txt
  if [ "$(head -n 1 "$WORK/note")" = "$1" ]; then END=$(sed -n 2p "$WORK/note"); ENDROOT=$(sed -n 3p "$WORK/note" | base64 -d | to_hex); fi
  if [ ! -f "$WORK/$(sha < "$WORK/note").ok" ] || [ "$END" = - ] || [ ! -f "$path" ] || grep -Evq '^[0-9a-f]{64}$' "$path"
  then bad "nothing shows that the head that the export names is of this log"
  elif [ "$2" -eq "$END" ]; then [ "$3" = "$ENDROOT" ] && [ ! -s "$path" ] || bad "the head that the export names leads to another one"
  elif [ "$2" -gt "$END" ] || ! consistent "$2" "$3" "$END" "$ENDROOT" "$path"; then bad "the head that the export names leads to another one"; fi
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

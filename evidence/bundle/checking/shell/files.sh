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
|proof/rotations.json|proof/export-event.json|proof/export-salt.txt|proof/export-event.tlog-proof|proof/export-head.txt|proof/events/[0-9]{10}.tlog-proof\
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

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

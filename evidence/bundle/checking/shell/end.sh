echo "note  not checked here: whether HOWTO.txt and this very script are those of Getuige"
echo "note  not checked here: timeline.csv and case.jsonld, which are made from the rest"
echo "note  not checked here: the signature inside a sealed item, whose hash a signed statement names"
echo "note  not checked here: receipts that somebody kept; getuige verify --receipt compares the last numbers with them"
echo "note  not checked here: what was said of the items and who read them, and every rule for what a statement says; getuige verify tells"
if [ "$FAILED" -eq 0 ]; then echo "All of this holds."; else echo "Not everything holds: see FAIL above."; fi
exit "$FAILED"

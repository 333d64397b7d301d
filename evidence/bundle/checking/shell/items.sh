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

# Heads, paths between them, and those from an entry to its head.
consistent() { # SIZE1 ROOT1 SIZE2 ROOT2 PROOF: RFC 9162, 2.1.4.2; one hash a line
  fn=$(($1 - 1)); sn=$(($3 - 1)); cp "$5" "$WORK/path"
  [ $(($1 & fn)) -ne 0 ] || { echo "$2"; cat "$5"; } > "$WORK/path"
  while [ $((fn & 1)) -eq 1 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
  fr=; sr=
  while read -r c; do
    if [ -z "$fr" ]; then fr=$c; sr=$c; continue; fi
    [ "$sn" -ne 0 ] || return 1
    if [ $((fn & 1)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
      fr=$(printf '01%s%s' "$c" "$fr" | bytes | sha); sr=$(printf '01%s%s' "$c" "$sr" | bytes | sha)
      while [ $((fn & 1)) -eq 0 ] && [ "$fn" -ne 0 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
    else
      sr=$(printf '01%s%s' "$sr" "$c" | bytes | sha)
    fi
    fn=$((fn >> 1)); sn=$((sn >> 1))
  done < "$WORK/path"
  [ "$sn" -eq 0 ] && [ "$fr" = "$2" ] && [ "$sr" = "$4" ]
}
leads_to_end() { # NOTE: 0 when a head of a log that ended is part of its last one, or the witnesses must answer for it
  size=$(sed -n 2p "$1"); root=$(sed -n 3p "$1" | base64 -d | to_hex)
  [ "$END" != - ] || return 0
  [ "$size" -le "$END" ] || { bad "log ${VKEY%%+*} ended with $END entries, and this head has $size"; return 1; }
  [ "$size" -ne "$END" ] || { [ "$root" = "$ENDROOT" ]; return; }
  if [ -f proof/rotations.json ] && grep -q "{\"checkpoint\":\"$(sha < "$1")\"" proof/rotations.json; then
    tr '{' '\n' < proof/rotations.json | sed -n "s/^\"checkpoint\":\"$(sha < "$1")\",\"proof\":\[\([^]]*\)\].*/\1/p" | tr ',' '\n' | tr -d '"' | grep . > "$WORK/link"
    consistent "$size" "$root" "$END" "$ENDROOT" "$WORK/link"; return
  fi
  [ "$EXPORTED" -le "$FIRST" ] && [ "$(sed -n 's/^quorum //p' "$TRUST/policy")" != none ] || return 1
  echo "note  a head of $size entries is from before its log ended; only the witnesses answer for where it leads"
}
check_note() { # NOTE: 0 when the log signed it and the quorum cosigned it
  case $(sed -n 2p "$1") in '' | *[!0-9]*) return 1 ;; esac         # the size
  sed '/^$/q' "$1" | sed '$d' > "$WORK/body"
  log_of "$(head -n 1 "$WORK/body")" || return 1
  leads_to_end "$1" || return 1
  rm -f "$WORK/spoilt"; : > "$WORK/names"; : > "$WORK/cosigned"
  log_signed "$1" "$VKEY" || return 1
  grep '^witness ' "$TRUST/policy" | while read -r _ name vkey; do
    if cosigned_by "$1" "$vkey"; then echo "$name" >> "$WORK/names"; fi
  done
  [ ! -f "$WORK/spoilt" ] || return 1
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

# RFC 9162, 2.1.3.2
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
  if [ "$sn" -eq 0 ] && [ "$1" -lt "$2" ]; then echo "$r"; else echo too-short; fi
}

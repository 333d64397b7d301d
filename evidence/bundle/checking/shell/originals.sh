# --- 7. each original of an opened bundle is what its item committed to (docs/formats/opened-bundle.md) -----------------
commits() { # FILE SALT COMMITMENT
  grep -qxF "$1" "$WORK/here" && [ "$(printf '%s%s%s' 676574756967652f636f6d6d69746d656e742f763100 "$2" "$(sha < "$1")" | bytes | sha)" = "$3" ]
}
# Fields of a description: each leaf with its salt and value, or with its digest (docs/formats/envelope.md).
fields_of() { # DESCRIPTION: pointer and value of each leaf, from JSON in its one spelling
  grep -oE '"([^"\\]|\\.)*"|[][{}:,]|[^][{}:,"]+' "$1" | awk '
    function leaf(value,  at, path) { for (at = 1; at <= d; at++) path = path "/" key[at]; print path "\t" value }
    /^[{[]$/ { d++; open[d] = $0; key[d] = 0; name = $0 == "{"; empty = 1; next }
    /^[]}]$/ { d--; if (empty) leaf(open[d + 1] $0); empty = 0; next }
    /^,$/ { if (open[d] == "[") key[d]++; else name = 1; next }
    /^:$/ { next }
    name { key[d] = substr($0, 2, length($0) - 2); name = empty = 0; next }
    { leaf($0); empty = 0 }' | sort
}
computed() { # OPENING: the commitment that its lines compute to
  { printf 'getuige/description/v1\000'
    while IFS='	' read -r pointer salt value; do
      printf '%s\000' "$pointer"
      if [ "$salt" = - ]; then printf %s "$value" | bytes
      else { printf 'getuige/field/v1\000'; printf %s "$salt" | bytes; printf '%s\000%s' "$pointer" "$value"; } | openssl dgst -sha256 -binary; fi
    done < "$1"; } | sha
}
shows() { # OPENING DESCRIPTION COMMITMENT: 0 when the description says these fields and they are those of the commitment
  grep -qxF "$1" "$WORK/here" && grep -qxF "$2" "$WORK/here" && canonical "$2" || return 1
  if grep -Evq '^(/[a-z0-9_]+)+	([0-9a-f]{64}	[^	]+|-	[0-9a-f]{64})$' "$1" || ! cut -f1 "$1" | sort -c -u 2>/dev/null; then return 1; fi
  cut -f1,3 "$1" > "$WORK/fields"; fields_of "$2" | cmp -s - "$WORK/fields" || return 1
  if [ -z "$FIELDS" ]; then UNCHECKED=$((UNCHECKED + 1)); else [ "$(computed "$1")" = "$3" ]; fi
}
committed() { sed -n "s/.*\"$2\":{\"commitment\":\"\([0-9a-f]*\)\".*/\1/p" "$1"; }
if [ -f data/openings.json ] && ! canonical data/openings.json; then
  bad "data/openings.json is not in the one spelling that is read"
elif [ -f data/openings.json ]; then
  sed 's/"incomplete":{[^}]*},//g' data/openings.json | tr '{' '\n' > "$WORK/openings"
  COUNT=0; UNCHECKED=0
  for said in "$WORK"/said/*; do
    item=$(member "$said" item); whole=
    case $(member "$said" type) in
      item.seal) whole=1 ;;
      item.open) if grep -qx "$item" "$WORK/sealed" || [ ! -f "data/heads/$item.json" ]; then continue; fi
        said=$WORK/described; payload "data/heads/$item.json" "$said" ;;
      *) continue ;;
    esac
    grep "\"item\":\"$item\"" "$WORK/openings" | grep '"description":' > "$WORK/opening"
    closed=$(grep "\"item\":\"$item\"" "$WORK/openings" | sed -n 's/.*"part":"\([a-z-]*\)".*/\1/p')
    original=$(member "$WORK/opening" original); content=$(committed "$said" content)
    if [ -n "$closed" ] && { [ ! -s "$WORK/opening" ] || [ -z "$original" ]; }; then echo "note  item $item was not opened, or not whole, by whoever made this folder: $closed"
      [ -s "$WORK/opening" ] || continue; whole=
    fi
    if ! shows "$(member "$WORK/opening" fields)" "$(member "$WORK/opening" description)" "$(committed "$said" meta)"; then
      bad "the description of item $item is not what was sealed"
    elif [ -z "$whole" ]; then continue
    elif [ -z "$content$original" ] || commits "$original" "$(member "$WORK/opening" content_salt)" "$content"; then COUNT=$((COUNT + 1))
    else bad "the original of item $item is not what was sealed"; fi
  done
  ok "$COUNT originals are what was sealed"
  [ "$UNCHECKED" -eq 0 ] || echo "note  not checked here: whether the fields of $UNCHECKED descriptions are those that were sealed; sh verify.sh TRUST --fields does that"
fi

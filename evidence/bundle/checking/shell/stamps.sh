# Each authority with its roots: those that tsa-policy names, or else whoever is in tsa-roots.pem.
mkdir "$WORK/tsa" "$WORK/root"
QUORUM=0
if [ -f "$TRUST/tsa-policy" ]; then
  QUORUM=$(sed -n 's/^quorum //p' "$TRUST/tsa-policy")
  number=0; : > "$WORK/one"
  while read -r line || [ -n "$line" ]; do
    echo "$line" >> "$WORK/one"
    case $line in *"END CERTIFICATE"*)
      openssl x509 -in "$WORK/one" -outform DER -out "$WORK/der" 2>/dev/null && cp "$WORK/one" "$WORK/root/$(sha < "$WORK/der")"
      number=$((number + 1)); : > "$WORK/one" ;;
    esac
  done < "$TRUST/tsa-roots.pem"
  grep '^tsa ' "$TRUST/tsa-policy" | while read -r _ name roots _; do
    for root in $(echo "$roots" | tr ',' ' '); do cat "$WORK/root/$root" >> "$WORK/tsa/$name"; done
  done
  grep '^until ' "$TRUST/tsa-policy" | while read -r _ name until; do of_iso "$until" > "$WORK/until.$name"; done
else
  cp "$TRUST/tsa-roots.pem" "$WORK/tsa/tsa-roots.pem"
  if grep -q 'BEGIN CERTIFICATE' "$TRUST/tsa-roots.pem"; then QUORUM=1; fi
fi
stated() { openssl ts -reply -in "$1" -text 2>/dev/null | sed -n "s/^$2: //p"; }
time_of() { of_openssl "$(stated "$1" 'Time stamp')"; }
accuracy_of() { # TOKEN: whole seconds, rounded up
  said=$(stated "$1" Accuracy | sed -n 's/^\(0x[0-9A-Fa-f]*\) seconds.*/\1/p')
  case $(stated "$1" Accuracy) in *0x*seconds*" 0x"*|unspecified*0x*) echo $((${said:-0} + 1)) ;; *) echo $((${said:-0})) ;; esac
}
stamped() { # TOKEN DATA TSA TIME: 0 when the token is over the data, and its certificates were in force at that time
  openssl ts -verify -attime "$4" -in "$1" -data "$2" -CAfile "$WORK/tsa/$3" > /dev/null 2>&1
}
holds() { # as above, and tsa-policy believed in the authority at that time
  stamped "$@" && { [ ! -f "$WORK/until.$3" ] || [ "$4" -le "$(cat "$WORK/until.$3")" ]; }
}
whose() { # TOKEN DATA: the authority under whose roots the token held when it was made
  [ -n "$(stated "$1" 'Time stamp')" ] || return 1                    # no token that can be read
  at=$(time_of "$1")
  for path in "$WORK"/tsa/*; do
    if stamped "$1" "$2" "${path##*/}" "$at"; then echo "${path##*/}"; return 0; fi
  done
  return 1
}
believed() { # TOKEN DATA TSA: 0 when it counts today, by itself or by renewals (RFC 4998, 5.2) that were made in time
  token=$1; data=$2; name=$3; rounds=0
  until holds "$token" "$data" "$name" "$NOW"; do
    rounds=$((rounds + 1)); proof=proof/renewals/$(sha < "$token").tlog-proof
    if [ "$rounds" -gt 32 ] || [ ! -f "$proof" ]; then return 1; fi
    note_of "$proof" > "$WORK/renewal.$rounds"
    [ "$(head -n 1 "$WORK/renewal.$rounds")" = getuige/token-renewal/v1 ] || return 1
    leaf=$(printf '00%s' "$(sha < "$token")" | bytes | sha)
    size=$(sed -n 2p "$WORK/renewal.$rounds"); root=$(sed -n 3p "$WORK/renewal.$rounds" | base64 -d | to_hex)
    [ "$(root_of "$(sed -n 's/^index //p' "$proof")" "$size" "$leaf" "$proof")" = "$root" ] || return 1
    newer=
    for next in "proof/timestamps/$(sha < "$WORK/renewal.$rounds")".*; do
      by=$(whose "$next" "$WORK/renewal.$rounds") || continue
      latest=$(($(time_of "$next") + $(accuracy_of "$next")))
      if [ "$latest" -ge "$(time_of "$token")" ] && holds "$token" "$data" "$name" "$latest"; then newer=$next; newer_by=$by; break; fi
    done
    [ -n "$newer" ] || return 1
    token=$newer; data=$WORK/renewal.$rounds; name=$newer_by
  done
}
agree() { # of $WORK/stamps (time, accuracy, name; sorted): the largest group whose times agree, into $WORK/agreed
  : > "$WORK/agreed"
  while read -r first slack _; do
    while read -r at more who; do
      if [ "$at" -ge "$first" ] && [ $((at - first)) -le $((60 + slack + more)) ]; then echo "$at $more $who"; fi
    done < "$WORK/stamps" > "$WORK/group"
    if [ "$(wc -l < "$WORK/group")" -gt "$(wc -l < "$WORK/agreed")" ]; then cp "$WORK/group" "$WORK/agreed"; fi
  done < "$WORK/stamps"
}
judge_stamps() { # DIGEST NOTE: sets STAMP to the time by which the head existed, 0 for none
  STAMP=0; : > "$WORK/found"; expired=
  for token in "proof/timestamps/$1".*; do
    [ -f "$token" ] || continue
    file=$token
    if ! name=$(whose "$file" "$2"); then bad "time stamp $file"; continue; fi
    who=$name
    if believed "$file" "$2" "$name"; then echo "$(time_of "$file") $(accuracy_of "$file") $who" >> "$WORK/found"
    else expired="$expired $file"; fi
  done
  sort -n "$WORK/found" > "$WORK/stamps"
  agree
  all=$(wc -l < "$WORK/stamps"); together=$(wc -l < "$WORK/agreed"); names=$(cut -d' ' -f3 "$WORK/agreed" | sort -u | wc -l)
  if [ "$together" -lt "$all" ]; then
    if [ $((2 * together)) -le "$all" ]; then bad "time stamp authorities contradict each other: $(cut -d' ' -f3 "$WORK/stamps" | tr '\n' ' ')"; names=0; cp "$WORK/stamps" "$WORK/agreed"
    else echo "note  the clock of one of the time stamp authorities was wrong; $together others agree"; fi
  fi
  while read -r at more who; do
    ok "time stamp: $(iso "$at") ($who)"
    if [ "$STAMP" -eq 0 ] || [ $((at + more)) -lt "$STAMP" ]; then STAMP=$((at + more)); fi
  done < "$WORK/agreed"
  if [ "$names" -lt "$QUORUM" ]; then bad "fewer than $QUORUM time stamp authorities vouch for a head"; fi
  for token in $expired; do
    if [ "$names" -gt 0 ] && [ "$names" -ge "$QUORUM" ]; then echo "note  $token expired, and was not renewed in time"
    else bad "time stamp $token expired, and was not renewed in time"; fi
  done
}

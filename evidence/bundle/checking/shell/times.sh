# Times are seconds since 1970, as witnesses write them. Years from 1970 to 2399, Gregorian.
plain() { number=${1#0}; echo "${number:-0}"; }                     # 08 is no octal number
days() { # YEAR MONTH DAY
  y=$1; m=$2; [ "$m" -gt 2 ] || { y=$((y - 1)); m=$((m + 12)); }
  echo $((365 * y + y / 4 - y / 100 + y / 400 + (153 * (m - 3) + 2) / 5 + $3 - 719469))
}
seconds() { # YEAR MONTH DAY HOUR MINUTE SECOND
  echo $(($(days "$1" "$(plain "$2")" "$(plain "$3")") * 86400 + $(plain "$4") * 3600 + $(plain "$5") * 60 + $(plain "$6")))
}
of_iso() { # 2026-05-04T12:30:15.123Z
  # shellcheck disable=SC2046 - six words
  seconds $(echo "${1%%.*}" | tr 'T:Z' '   ' | sed 's/-/ /g')
}
of_openssl() { # May  4 12:30:15 2026 GMT
  # shellcheck disable=SC2086 - five words
  set -- $1
  months=JanFebMarAprMayJunJulAugSepOctNovDec; before=${months%%"$1"*}; clock=${3%%.*}
  # shellcheck disable=SC2046 - three words
  seconds "$4" $((${#before} / 3 + 1)) "$2" $(echo "$clock" | tr ':' ' ')
}
iso() { # SECONDS: 2026-05-04T12:30:15Z, or - for 0
  [ "$1" -gt 0 ] || { echo -; return; }
  z=$(($1 / 86400 + 719468)); s=$(($1 % 86400)); era=$((z / 146097)); doe=$((z % 146097))
  yoe=$(((doe - doe / 1460 + doe / 36524 - doe / 146096) / 365)); doy=$((doe - (365 * yoe + yoe / 4 - yoe / 100)))
  mp=$(((5 * doy + 2) / 153)); d=$((doy - (153 * mp + 2) / 5 + 1)); m=$((mp < 10 ? mp + 3 : mp - 9))
  printf '%04d-%02d-%02dT%02d:%02d:%02dZ\n' $((yoe + era * 400 + (m <= 2))) "$m" "$d" $((s / 3600)) $((s / 60 % 60)) $((s % 60))
}

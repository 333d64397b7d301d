#!/usr/bin/env bash
# Install the Debian packages of programs that tests drive, when this is root and apt is here.
# Otherwise name them: their tests are skipped loudly, and fail when CI=true.
set -euo pipefail

export PATH="$PATH:/usr/sbin:/usr/local/sbin:/sbin"
for folder in /usr/lib/postgresql/*/bin; do PATH="$PATH:$folder"; done # Debian: one for each version, not on PATH
list="$(dirname "$0")/programs.tsv"
missing=() packages=()

have() {
  # Debian's Chromium without Noto shows boxes for Arabic: the program is there, its fonts are the question.
  if [ "$1" = fc-list ]; then
    command -v fc-list >/dev/null && [ -n "$(fc-list 'Noto Sans Arabic' 2>/dev/null)" ]
  else
    command -v "$1" >/dev/null
  fi
}

while IFS=$'\t' read -r program names; do
  case "$program" in "" | "#"*) continue ;; esac
  if ! have "$program"; then
    missing+=("$program")
    read -ra more <<<"$names"
    packages+=("${more[@]}")
  fi
done <"$list"
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing what the tests need: ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  # The tests start their own brokers on free ports; the package must not start one.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get -qq install --yes --no-install-recommends "${packages[@]}" >/dev/null
else
  echo "NOT INSTALLED: ${missing[*]}. Tests that drive them are skipped." >&2
  echo "Mend, as root: apt-get install ${packages[*]}" >&2
fi

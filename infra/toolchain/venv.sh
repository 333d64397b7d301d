#!/usr/bin/env bash
# Make a virtual environment with Python 3.11 or newer, or say plainly what the machine lacks.
#   venv.sh FOLDER
set -euo pipefail

folder=$1
enough='import sys; sys.exit(sys.version_info < (3, 11))'

for python in python3.11 python3 python3.14 python3.13 python3.12; do
  if command -v "$python" >/dev/null && "$python" -c "$enough" 2>/dev/null; then
    found=$python
    break
  fi
done
if [ -z "${found:-}" ]; then
  echo "Getuige needs Python 3.11 or newer; this machine has none." >&2
  echo "Mend: apt-get install python3 python3-venv   (Debian 12 or newer)" >&2
  exit 1
fi
# Debian keeps the half of venv that brings pip in a package of its own.
if ! "$found" -c 'import ensurepip, venv' 2>/dev/null; then
  echo "$found is here, but cannot make a virtual environment with pip." >&2
  echo "Mend: apt-get install python3-venv" >&2
  exit 1
fi
echo "Making $folder with $("$found" --version)"
"$found" -m venv "$folder"

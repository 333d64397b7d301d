#!/usr/bin/env bash
# Pin every package with the hashes of all its files, so that x86_64 and aarch64 install from the same list.
# The files name no index and no host. `uv` reads pyproject.toml; pip installs.
#   lock.sh VENV
set -euo pipefail

compile() {
  "$1/bin/uv" pip compile --quiet --upgrade --python-version 3.11 --python-platform linux --generate-hashes \
    --no-header --no-emit-index-url --no-annotate "${@:2}"
}

compile "$1" requirements/build.in --output-file requirements/build.txt
compile "$1" pyproject.toml requirements/build.in --extra broker \
  --constraint requirements/build.txt --output-file requirements/run.txt
# What only the demonstration and dossiers need, and an installation may do without: the difference.
for extra in demo report; do
  whole="$(mktemp)"
  compile "$1" pyproject.toml requirements/build.in --extra broker --extra "$extra" \
    --constraint requirements/run.txt --output-file "$whole"
  "$1/bin/python" - "$whole" >"requirements/$extra.txt" <<'PYTHON'
import re, sys
from pathlib import Path

def pins(path):
    return re.split(r"(?m)^(?=[a-z0-9])", Path(path).read_text())

run = set(pins("requirements/run.txt"))
print("".join(pin for pin in pins(sys.argv[1]) if pin not in run), end="")
PYTHON
  rm "$whole"
done
compile "$1" pyproject.toml requirements/build.in --extra demo --extra report --extra dev \
  --constraint requirements/run.txt --output-file requirements/dev.txt
compile "$1" requirements/node.in --output-file requirements/node.txt
compile "$1" requirements/media.in --no-deps --output-file requirements/media.txt
echo "Pinned: $(grep -c == requirements/run.txt) packages to run, $(grep -c == requirements/dev.txt) to test."

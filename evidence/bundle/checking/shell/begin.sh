#!/bin/sh
# Checks this bundle with sh, sha256sum, openssl (1.1.1 or newer), xxd and base64 only: nothing of Getuige runs here.
#   sh verify.sh TRUST [--fields]   TRUST is the folder with log.vkey, policy and tsa-roots.pem (and tsa-policy, root.pub
#                             and rotations.json, where there are such files), from another source. With --fields each
#                             field of an opened bundle is checked (9 ms a field); without, only where some are withheld.
# It checks: files against manifests, the manifest against the exported statement, each event against the custody log,
# the log's and witnesses' signatures under the checkpoints, time stamps and their renewals, the server's clock against
# witnesses and time stamps, each sealed item against its event, and each original of an opened bundle against its
# commitment; one case, the items of the export, the last numbers of each key; who signed each statement, and that the items
# were granted. It prints between which times an item came to be, and at its end what it does not check; `getuige verify`
# does. Exit code 0: all that it checks holds; 1: something does not; 2: there is nothing to check with.
set -u
cd "$(dirname "$0")" || exit 2
TRUST=${1:?"give the folder with trust anchors (log.vkey, policy, tsa-roots.pem): sh verify.sh TRUST [--fields]"}
case ${2:-} in '' | --fields) FIELDS=${2:-} ;; *) echo "FAIL  $2 is nothing that this script knows"; exit 2 ;; esac
case $(cd "$TRUST" 2>/dev/null && pwd -P)/ in
  /) echo "FAIL  $TRUST is no folder"; exit 2 ;;
  "$(pwd -P)"/*) echo "FAIL  the trust anchors lie inside the bundle: they prove nothing"; exit 2 ;;
esac
TRUST=$(cd "$TRUST" && pwd -P)
for one in "$TRUST"/*; do
  case $(readlink -f "$one") in "$(pwd -P)"/*) echo "FAIL  the trust anchors lie inside the bundle: they prove nothing"; exit 2 ;; esac
done
[ -f manifest-sha256.txt ] && [ -f tagmanifest-sha256.txt ] || {
  echo "FAIL  this is not the folder of a bundle: a ZIP, a receipt or a single item cannot be checked here; getuige verify does"; exit 2; }
export LC_ALL=C
WORK=$(mktemp -d) || exit 2
trap 'rm -rf "$WORK"' EXIT
FAILED=0

ok() { echo "ok    $1"; }
bad() { echo "FAIL  $1"; FAILED=1; }
sha() { sum=$(sha256sum); echo "${sum%% *}"; }
bytes() { xxd -r -p; }
to_hex() { xxd -p | tr -d '\n'; }
member() { # FILE NAME: canonical JSON has one spelling; a file without a final newline still gives a line of its own
  printf '%s\n' "$(sed -n "s/.*\"$2\":\"\([^\"]*\)\".*/\1/p" "$1")"
}
payload() { # FILE OUT: what a DSSE envelope signs; 1 for base64 in another spelling than its own
  member "$1" payload | tr -d '\n' > "$WORK/base64"; base64 -d "$WORK/base64" > "$2" 2>/dev/null
  base64 "$2" | tr -d '\n' | cmp -s - "$WORK/base64"
}

"""A process that opens or verifies a bundle and prints the peak of its memory in KiB; started by a test.

Words: the bundle, then either a trust folder, or the reader's two seeds and the folder to open into.
"""

import resource
import sys
from pathlib import Path

from evidence import keys
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.opening.opened import open_bundle


def main() -> None:
    """Do it."""
    bundle, *words = sys.argv[1:]
    if len(words) == 1:
        if verify(Path(bundle), trust.load(Path(words[0]), Path(bundle))).failed:
            sys.exit("something does not hold")
    else:
        signs, opens, target = words
        open_bundle(Path(bundle), keys.Identity(bytes.fromhex(signs), bytes.fromhex(opens)), Path(target))
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")


if __name__ == "__main__":
    main()

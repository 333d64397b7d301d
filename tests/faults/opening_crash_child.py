"""A process that opens a bundle, and may be killed while it does; started by a test.

Words: the bundle, the reader's two seeds, the folder, and after how many files what waits is flushed.
"""

import sys
from pathlib import Path

from evidence import keys
from evidence.bundle.opening import growing
from evidence.bundle.opening.opened import open_bundle


def main() -> None:
    """Open the bundle."""
    bundle, signs, opens, target, group = sys.argv[1:]
    growing.GROUP_FILES = int(group)  # type: ignore[misc] # a small case is one group otherwise
    open_bundle(Path(bundle), keys.Identity(bytes.fromhex(signs), bytes.fromhex(opens)), Path(target))


if __name__ == "__main__":
    main()

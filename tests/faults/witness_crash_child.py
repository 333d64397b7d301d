"""The real witness program, but for one thing: it is killed with SIGKILL just before or just after its memory changes.

Started by `test_witness_crash.py` as `getuige witness` would be; the first argument is *before* or *after*. Of the head
of `DEADLY_SIZE` entries the cosignature exists then, and never leaves the machine.
"""

import os
import signal
import sys

from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.witnessing.witness import FileWitnessState
from server.cli import main

DEADLY_SIZE = 12


def arm(moment: str) -> None:
    """Have the next swap to `DEADLY_SIZE` entries end this process at `moment`."""
    swap = FileWitnessState.swap

    def deadly(state: FileWitnessState, origin: str, expected: bytes | None, new: bytes) -> bool:
        fatal = SignedCheckpoint.parse(new).checkpoint.size == DEADLY_SIZE
        if fatal and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = swap(state, origin, expected, new)
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(FileWitnessState, "swap", deadly)  # noqa: B010 - a fault is put where no public name leads


if __name__ == "__main__":
    arm(sys.argv.pop(1))
    main()

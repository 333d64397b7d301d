"""Start a program that cannot outlive the one that started it, not even when that one is killed with -9.

`python -I -S parent_watch.py PARENT PROGRAM [ARGUMENT …]` asks the kernel to kill this process when its parent ends
(prctl(2), PR_SET_PDEATHSIG, kept across execve) and then becomes PROGRAM. It is a script of its own and not a
`preexec_fn`, because code between fork and exec may deadlock in a process that has threads.
"""

import ctypes
import os
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""From <linux/prctl.h>."""


def main() -> None:
    """Tie this process to its parent and become the program in argv."""
    parent, *program = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    # SIGKILL: a child that hangs in a tidy stop would be the orphan that this must prevent. Every part of
    # Getuige is built to survive kill -9.
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    # The parent may have died before prctl was reached; then nobody will ever send the signal.
    if os.getppid() != int(parent):
        sys.exit("the program that started this one is gone")
    os.execvp(program[0], program)  # noqa: S606 - the arguments come from the supervisor, no shell is involved


if __name__ == "__main__":
    main()

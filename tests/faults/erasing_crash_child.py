"""A process that carries out erasures and is killed by the kernel the moment it reaches a step; started by a test."""

import os
import signal
import sys
from pathlib import Path

from server.settings import Settings
from tests.support.erasing_world import sweeping


def main() -> None:
    """Sweep the data folder of the first argument; die at the step of the second, if there is one."""
    folder, *steps = sys.argv[1:]

    def reached(step: str) -> None:
        if step in steps:
            os.kill(os.getpid(), signal.SIGKILL)

    with sweeping(Settings(data=Path(folder)), reached=reached) as sweeper:
        sweeper.sweep()


if __name__ == "__main__":
    main()

"""A wall clock that a test sets at any time, for programs that it starts: `Clock.variables` are their environment.

libfaketime is not made for programs with many threads: their clock jumps by itself, and their sleeps fail.
"""

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import need

SOURCE = Path(__file__).with_name("clock.c")


@dataclass(frozen=True)
class Clock:
    """By how much the clock is off in the programs that were started with `variables`."""

    library: Path
    control: Path

    @staticmethod
    def build(folder: Path, name: str = "clock") -> "Clock":
        """Compile the library into `folder`; a second clock there has another name."""
        library = folder / "clock.so"
        if not library.exists():
            subprocess.run([need("gcc"), "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)
        clock = Clock(library, folder / f"{name}.off")
        clock.control.write_bytes(struct.pack("=q", 0))
        return clock

    @property
    def variables(self) -> dict[str, str]:
        """What a program is started with."""
        return {"LD_PRELOAD": str(self.library), "GETUIGE_TEST_CLOCK": str(self.control)}

    def set_off(self, seconds: int) -> None:
        """From now on the clock is off by so much; 0 puts it right."""
        with self.control.open("r+b") as file:
            file.write(struct.pack("=q", seconds))

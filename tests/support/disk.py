"""A disk that is slow or fails, for a program that a test starts: `Disk.variables` are its environment."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import need

SOURCE = Path(__file__).with_name("disk.c")


@dataclass(frozen=True)
class Disk:
    """What fsync does in the programs that were started with `variables`, from one call to the next."""

    library: Path
    control: Path

    @staticmethod
    def build(folder: Path) -> "Disk":
        """Compile the library into `folder`."""
        library = folder / "disk.so"
        subprocess.run([need("gcc"), "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)
        disk = Disk(library, folder / "disk.txt")
        disk.is_well()
        return disk

    @property
    def variables(self) -> dict[str, str]:
        """What a program is started with."""
        return {"LD_PRELOAD": str(self.library), "GETUIGE_TEST_DISK": str(self.control)}

    def open_to_all(self) -> None:
        """Let a program of another user read it, also one that kept our group; pytest's own folders are closed."""
        for folder in (self.library.parent, *self.library.parents):
            if folder.owner() == self.library.owner() and folder.stat().st_mode & 0o55 != 0o55:
                folder.chmod(folder.stat().st_mode | 0o55)

    @property
    def promises(self) -> int:
        """How often a journal in SQLite was promised to be durable so far."""
        return self._counted("promises")

    @property
    def broken(self) -> int:
        """How often the flush of a part of an upload answered EIO so far."""
        return self._counted("broken")

    def _counted(self, what: str) -> int:
        counted = Path(f"{self.control}.{what}")
        return counted.stat().st_size if counted.exists() else 0

    def is_well(self) -> None:
        """From now on fsync does what it should."""
        self._say("ok")

    def is_slow(self, microseconds: int) -> None:
        """From now on every fsync takes longer."""
        self._say(f"delay {microseconds}")

    def fails(self) -> None:
        """From now on every fsync answers EIO."""
        self._say("fail")

    def _say(self, text: str) -> None:
        new = self.control.with_suffix(".new")
        new.write_text(text)
        new.rename(self.control)

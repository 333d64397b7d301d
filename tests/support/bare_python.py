"""`getuige-verify.pyz` in a Python that holds PyNaCl and `cryptography`, and nothing else."""

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Final, Self

from evidence.bundle.making import zipapp
from tests.support.waiting import patience

ALLOWED: Final = ("pynacl", "cryptography", "cffi", "pycparser")
"""The two packages and what they need themselves."""


@dataclass(frozen=True)
class BarePython:
    """A bare Python, and the verifier as one file."""

    python: Path
    program: Path

    @classmethod
    def build(cls, folder: Path) -> Self:
        """Make both in `folder`."""
        making = [sys.executable, "-m", "venv", "--without-pip", str(folder / "bare")]
        subprocess.run(making, check=True, timeout=patience(60))
        (site,) = (folder / "bare").glob("lib/python*/site-packages")
        for name in ALLOWED:
            for file in distribution(name).files or ():
                top = file.parts[0]
                if top != ".." and not (site / top).exists():
                    (site / top).symlink_to(Path(str(distribution(name).locate_file(top))))
        zipapp.build(folder / "getuige-verify.pyz")
        return cls(folder / "bare/bin/python", folder / "getuige-verify.pyz")

    def verify(self, path: Path, trust: Path, *more: str) -> "subprocess.CompletedProcess[str]":
        """Verify what lies at `path`."""
        command = [str(one) for one in (self.python, self.program, path, "--trust", trust, *more)]
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=patience(60), check=False)

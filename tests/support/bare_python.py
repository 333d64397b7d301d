"""`getuige-verify.pyz` in a Python that holds PyNaCl and `cryptography`, and nothing else."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from evidence.bundle.making import zipapp
from tests.support.waiting import patience

ALLOWED: Final = ("pynacl", "cryptography", "cffi", "pycparser")
"""The two packages and what they need themselves."""

ONE_AFTER_ANOTHER: Final = """
import json, sys
sys.path.insert(0, sys.argv[1])
from evidence.bundle.checking.cli import main
for line in sys.stdin:
    words, *streams = json.loads(line)
    said = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (open(path, "w", encoding="utf-8") for path in streams)
    try:
        code = main(words)
    except SystemExit as ended:
        code = ended.code
    sys.stdout.close(), sys.stderr.close()
    sys.stdout, sys.stderr = said
    print(code, flush=True)
"""
"""Imports what the file holds, which takes a second, and then verifies what each line asks for."""


@dataclass(frozen=True)
class BarePython:
    """A bare Python, the verifier as one file, and a process that has read that file."""

    python: Path
    program: Path
    reader: "subprocess.Popen[str]"

    @classmethod
    @contextmanager
    def built(cls, folder: Path) -> "Iterator[BarePython]":
        """Make both in `folder`."""
        making = [sys.executable, "-m", "venv", "--without-pip", str(folder / "bare")]
        subprocess.run(making, check=True, timeout=patience(60))
        (site,) = (folder / "bare").glob("lib/python*/site-packages")
        for name in ALLOWED:
            for file in distribution(name).files or ():
                top = file.parts[0]
                if top != ".." and not (site / top).exists():
                    (site / top).symlink_to(Path(str(distribution(name).locate_file(top))))
        python, program = folder / "bare/bin/python", folder / "getuige-verify.pyz"
        zipapp.build(program)
        command = [str(python), "-c", ONE_AFTER_ANOTHER, str(program)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, env=_environment(), stdin=pipe, stdout=pipe, text=True) as reader:
            yield cls(python, program, reader)
            assert reader.stdin is not None
            reader.stdin.close()

    def verify(self, path: Path, trust: Path, *more: str) -> "subprocess.CompletedProcess[str]":
        """Verify what lies at `path`, as the command does, in the process that has read the file."""
        words = [str(path), "--trust", str(trust), *more]
        assert self.reader.stdin is not None
        assert self.reader.stdout is not None
        with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
            self.reader.stdin.write(json.dumps([words, out.name, err.name]) + "\n")
            self.reader.stdin.flush()
            code = int(self.reader.stdout.readline())
            said = [Path(one.name).read_text("utf-8") for one in (out, err)]
        return subprocess.CompletedProcess(words, code, *said)

    def command(self, path: Path, trust: Path, *more: str) -> "subprocess.CompletedProcess[str]":
        """Verify it by the true command."""
        words = [str(one) for one in (self.python, self.program, path, "--trust", trust, *more)]
        return subprocess.run(
            words, env=_environment(), capture_output=True, text=True, timeout=patience(60), check=False
        )


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

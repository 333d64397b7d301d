"""`verify.sh` of a bundle, run by a shell with nothing in its environment, with `--fields` unless `more` is said."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from evidence.bundle.checking.shell import script
from tests.support.waiting import patience

SCRIPT: Final = script().decode()


def function(name: str) -> str:
    """Return the source of one of its functions: a line that closes itself, or up to the brace that stands alone."""
    (found,) = re.finditer(rf"^{name}\(\) \{{(?:[^\n]*\}}$|.*?^\}}$)", SCRIPT, re.MULTILINE | re.DOTALL)
    return found[0]


def run(folder: Path, trust: Path, shell: str = "dash", *more: str) -> tuple[int, str]:
    only = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [shell, "verify.sh", str(trust), *(more or ("--fields",))],
        cwd=folder,
        env=only,
        capture_output=True,
        text=True,
        timeout=patience(60),
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout

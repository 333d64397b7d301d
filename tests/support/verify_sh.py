"""`verify.sh` of a bundle, run by a shell with nothing in its environment."""

import os
import subprocess
from pathlib import Path

from tests.support.waiting import patience


def run(folder: Path, trust: Path, shell: str = "dash") -> tuple[int, str]:
    only = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [shell, "verify.sh", str(trust)],
        cwd=folder,
        env=only,
        capture_output=True,
        text=True,
        timeout=patience(60),
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout

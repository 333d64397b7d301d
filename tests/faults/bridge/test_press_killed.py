"""A press is there whole after a kill at any step, before *stored* and after it: evidence, statements, dispatches."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import patience

CHILD = Path(__file__).with_name("press_crash_child.py")


@pytest.mark.timeout(600)
def test_killed_at_any_step_a_press_is_made_evidence_once(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, CHILD, tmp_path],
        check=False,
        capture_output=True,
        text=True,
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        timeout=patience(300),
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 40, "each statement of two presses and their completion is a step"

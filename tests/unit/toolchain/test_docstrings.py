"""Proves that the first words of a module name what is in it: a noun, before who, what, which or how."""

import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[3]
RIDDLE = re.compile(r'"""(Who|What|Which|How|Whether|Where|When|Is|Are|Does|From|Between)\b')


def test_no_module_opens_with_a_riddle() -> None:
    named = subprocess.run(
        ("git", "ls-files", "evidence/*.py", "server/*.py", "device_bridge/*.py", "infra/*.py"),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split()
    assert len(named) > 300
    assert [name for name in named if RIDDLE.match((PROJECT / name).read_text("utf-8"))] == []

"""The page's reader of JSON says the same as Python's about each row of the table of hostile spellings."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.vectors import make_spellings

pytestmark = pytest.mark.need("node")

RUNNER = Path(__file__).parent / "spellings.mjs"


def test_the_page_takes_only_what_may_be_signed() -> None:
    rows = len(json.loads(make_spellings.FILE.read_text(encoding="utf-8"))["spellings"])
    done = subprocess.run(
        ["node", str(RUNNER), str(make_spellings.FILE)], capture_output=True, text=True, check=False, timeout=120
    )
    *wrong, count = done.stdout.splitlines() or [done.stderr]
    assert not wrong, "\n".join(wrong)
    assert int(count) == rows, done.stderr

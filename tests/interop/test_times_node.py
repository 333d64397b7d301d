"""The page's clock is that of Europe/Amsterdam wherever the computer stands, run in Node under several zones.

The hour that is skipped, the one that comes twice, days, weeks, and what is too far away to draw.
"""

import os
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.need("node")

RUNNER = Path(__file__).parent / "times.mjs"


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/New_York", "Asia/Kathmandu", "UTC"])
def test_times_stand_on_the_clock_of_amsterdam(zone: str) -> None:
    done = subprocess.run(
        ["node", str(RUNNER)], capture_output=True, text=True, check=False, env={**os.environ, "TZ": zone}, timeout=60
    )
    assert (done.stdout, done.stderr) == ("right\n", "")

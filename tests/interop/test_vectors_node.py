"""The published vectors hold for the browser's modules too, run in Node: what must come out does, the rest is refused.

Vectors that need the whole schema of a statement are left to Python: the page shows only what the authority rules let
into the journal, and names no type that it does not know.
"""

import json
import subprocess
from pathlib import Path

import pytest

from tests.vectors import operations

pytestmark = pytest.mark.need("node")

RUNNER = Path(__file__).parent / "vectors.mjs"


def test_every_vector_holds_in_the_browsers_modules() -> None:
    files = [str(operations.FOLDER / f"{name}.json") for name in operations.FILES]
    vectors = [vector for name in operations.FILES for vector in operations.load(name)]
    left = sum("needs" in vector for vector in vectors)

    done = subprocess.run(["node", str(RUNNER), *files], capture_output=True, text=True, check=False)

    *wrong, count = done.stdout.splitlines() or [done.stderr]
    assert not wrong, "\n".join(wrong)
    assert json.loads(count) == {"right": len(vectors) - left, "left": left}, done.stderr

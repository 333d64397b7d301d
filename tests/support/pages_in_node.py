"""The pure functions of the pages, asked of Node in one request each (`tests/browser/figures.mjs`)."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

PEER = Path(__file__).parents[1] / "browser/figures.mjs"


def ask(question: str, **members: object) -> Any:  # noqa: ANN401 - JSON
    """Put a request to the JavaScript side, on a computer that is not in Amsterdam: the page is."""
    environment = {**os.environ, "TZ": "America/New_York"}
    request = json.dumps({"ask": question, **members})
    done = subprocess.run(
        ["node", str(PEER)], input=request, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

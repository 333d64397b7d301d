"""The pure functions of the pages, asked of Node (`tests/browser/figures.mjs`)."""

from pathlib import Path
from typing import Any

from tests.support.node_process import answer

PEER = Path(__file__).parents[1] / "browser/figures.mjs"


def ask(question: str, **members: object) -> Any:  # noqa: ANN401 - JSON
    """Put a request to the JavaScript side, on a computer that is not in Amsterdam: the page is."""
    return answer(PEER, {"ask": question, **members}, TZ="America/New_York")

"""Every outcome of a route has a text in Dutch and in English, and no text speaks of an outcome that is none."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from device_bridge import route_codes
from device_bridge.alarm import life
from device_bridge.alarm.alarm import State

LOCALES = Path(__file__).parents[3] / "server" / "web" / "static" / "locales"


BRIDGE = Path(route_codes.__file__).parent


def _lines() -> Iterator[str]:
    """Yield how each line of an alarm's history begins, as the code writes it: a text, or one before a value."""
    for path in BRIDGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Entry":
                yield from _texts(node.args[1])


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield text.split(":")[0]
        case ast.IfExp():
            yield from (*_texts(node.body), *_texts(node.orelse))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_line_of_a_history_has_a_text(language: str) -> None:
    texts = set(re.findall(r"^history-([a-z-]+) = ", (LOCALES / f"{language}.ftl").read_text(), re.MULTILINE))
    said = {
        re.sub(r"[ _,]+", "-", line)
        for line in (
            *_lines(),
            *(one for one in get_args(State) if one not in {"raised", "delivered"}),
            *(words for _, words in life.CANCEL_FLAGS.values()),
        )
    }
    assert len(said) > 8, "the reader of the sources finds the lines"
    assert said <= texts


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_code_has_a_text(language: str) -> None:
    texts = dict(re.findall(r"^said-([a-z0-9-]+) = (.+)$", (LOCALES / f"{language}.ftl").read_text(), re.MULTILINE))
    assert set(texts) == route_codes.ALL
    assert not any("!" in text for text in texts.values())

"""Every outcome of a route has a text in Dutch and in English, and no text speaks of an outcome that is none."""

import re
from pathlib import Path

import pytest

from device_bridge import route_codes

LOCALES = Path(__file__).parents[3] / "server" / "web" / "static" / "locales"


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_code_has_a_text(language: str) -> None:
    texts = dict(re.findall(r"^said-([a-z0-9-]+) = (.+)$", (LOCALES / f"{language}.ftl").read_text(), re.MULTILINE))
    assert set(texts) == route_codes.ALL
    assert not any("!" in text for text in texts.values())

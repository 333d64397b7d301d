"""Every text that a page asks for exists in Dutch and in English, with the same values, and none lies about unused.

Read from the sources: `t("key")`, choices within `t(…)`, and families such as `` t(`kind-${kind}`) `` and
`word("lane", tag)`.
"""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "server/web/static"
LANGUAGES = ("nl", "en")


def messages(language: str) -> dict[str, str]:
    """Return the texts by key, as they stand in the file; a key that is there twice fails."""
    source = (STATIC / f"locales/{language}.ftl").read_text("utf-8")
    found = re.findall(r"^([a-zA-Z][\w-]*) = (.*(?:\n[ \t]+.*)*)", source, re.MULTILINE)
    keys = [key for key, _ in found]
    assert len(set(keys)) == len(keys), sorted({key for key in keys if keys.count(key) > 1})
    return dict(found)


SOURCES = {path: path.read_text("utf-8") for path in sorted(STATIC.rglob("*")) if path.suffix in {".js", ".html"}}
WRITTEN = "\n".join(SOURCES.values())
CALLS = re.findall(r"(?<![.\w])(?:t|has)\(((?:[^()]|\([^()]*\))*)\)", WRITTEN)
"""What stands within each call; of a call within a call, its own parentheses."""

LITERAL = {key for call in CALLS for key in re.findall(r'"([a-z][\w-]+)"', call.partition("{")[0])}
LITERAL |= set(re.findall(r'(?:heading|data-text)="([\w-]+)"', WRITTEN))
FAMILIES = {
    re.escape(start) + r"[\w-]+" + re.escape(end)
    for start, end in re.findall(r"`([a-z][\w-]*-)\$\{[^`]*?\}((?:-[a-z]+)?)`", WRITTEN)
}
FAMILIES -= {r"row\-[\w-]+", r"data\-texts\-[\w-]+"}  # names of elements, no texts
FAMILIES -= {r"erasure\-remains\-[\w-]+"}  # claims of the verifier, whose sentences are made of Python's
FAMILIES |= {rf"{prefix}-[\w-]+" for prefix in re.findall(r'\bword\("([a-z-]+)"', WRITTEN)}
QUOTED = set(re.findall(r'"([a-z][\w-]*)"', WRITTEN))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_a_page_asks_for_is_there(language: str) -> None:
    known = messages(language)

    assert len(LITERAL) > 150, "the reader of the sources finds the calls"
    assert not LITERAL - known.keys()
    assert len(FAMILIES) > 20
    assert not {family for family in FAMILIES if not any(re.fullmatch(family, key) for key in known)}


def test_both_languages_say_the_same_with_the_same_values() -> None:
    dutch, english = (messages(language) for language in LANGUAGES)

    assert set(dutch) == set(english)
    for key, text in dutch.items():
        values = [set(re.findall(r"\{ \$(\w+)", one)) for one in (text, english[key])]
        assert values[0] == values[1], key


def test_no_text_lies_about_that_no_page_shows() -> None:
    unused = {
        key for key in messages("nl") if key not in QUOTED and not any(re.fullmatch(one, key) for one in FAMILIES)
    }

    assert not unused

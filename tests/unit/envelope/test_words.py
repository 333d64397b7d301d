"""Words of the members of a description: each member has them in two languages, and nothing else does."""

import re
from pathlib import Path
from typing import get_args

import pytest

from evidence.envelope import words
from evidence.envelope.meta import KINDS, Severity, Source

LOCALES = Path(__file__).parents[3] / "server" / "web" / "static" / "locales"
OVERVIEW = {"media", "assessment"}
"""Lanes of the overview that no tag leads to."""


def test_every_member_of_every_kind_has_words_and_no_other() -> None:
    assert words.every_path().keys() == words.MEMBERS.keys()
    assert all(dutch and english for dutch, english in words.MEMBERS.values())


def test_every_answer_of_a_member_that_has_only_so_many_has_words() -> None:
    elsewhere = {"kind", "source", "severity", "card.suspect.picture.mime"}  # words of the page, and a type of a file
    answers = {one for path, hint in words.every_path().items() if path not in elsewhere for one in words.choices(hint)}
    assert answers == words.VALUES.keys()


def test_no_two_members_of_a_kind_are_called_the_same() -> None:
    for kind, cls in KINDS.items():
        for place in (0, 1):
            said = [
                (path.rpartition(".")[0], words.MEMBERS[path][place])
                for path, _ in words.paths(cls)
            ]  # fmt: skip
            assert len(set(said)) == len(said), kind


def test_kinds_sources_and_severities_have_words_of_their_own() -> None:
    assert words.TERMS["kind"].keys() == KINDS.keys()
    assert words.TERMS["source"].keys() == set(get_args(Source))
    assert words.TERMS["severity"].keys() == {str(level) for level in get_args(Severity)}


@pytest.mark.parametrize(("place", "language"), [(0, "nl"), (1, "en")])
def test_the_pages_and_the_tables_call_them_the_same(place: int, language: str) -> None:
    text = (LOCALES / f"{language}.ftl").read_text("utf-8")
    for member in ("kind", "source", "severity"):
        shown = dict(re.findall(rf"^{member}-([a-z0-9-]+) = (.*)$", text, re.MULTILINE))
        assert {one: shown[one] for one in words.TERMS[member]} == {
            one: said[place] for one, said in words.TERMS[member].items()
        }
    assert set(re.findall(r"^lane-([a-z-]+) =", text, re.MULTILINE)) == OVERVIEW, "tags have their words in one table"


@pytest.mark.parametrize("path", words.TAGGED)
def test_no_two_tags_share_their_words(path: str) -> None:
    assert not OVERVIEW & words.TERMS[path].keys()
    spellings = [one for tag, said in words.TERMS[path].items() for one in {each.casefold() for each in (tag, *said)}]
    assert len(set(spellings)) == len(spellings)

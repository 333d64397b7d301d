"""Orders and cards as somebody tells them: what cannot be is refused in words, and tags are those that pages know."""

import re
from pathlib import Path

import pytest

from evidence.envelope import conduct
from evidence.envelope import meta as metas
from evidence.envelope.parts import KnownPlace
from server.clients import papers
from server.clients.errors import ClientError
from server.demo import story

LOCALES = Path(__file__).parents[3] / "server" / "web" / "static" / "locales"
NO_CONDUCT = {"media", "assessment"}
"""Lanes of the overview that no tag leads to."""


def test_an_order_is_what_its_reader_takes() -> None:
    said = papers.order("gebiedsverbod", "2026-11-21", "2026-12-01", source="victim", number="HV-1", text="De straat")
    assert metas.parse(metas.to_bytes(said)) == said
    assert (said.title, said.happened) == ("Gebiedsverbod", "2026-11-21/2026-12-01")


@pytest.mark.parametrize(
    ("kind", "first", "until", "why"),
    [
        ("straatverbod", "2026-11-21", "2026-12-01", "huisverbod, contactverbod, gebiedsverbod"),
        ("huisverbod", "21-11-2026", "2026-12-01", "no day such as"),
        ("huisverbod", "2026-11", "2026-12-01", "no day such as"),
        ("huisverbod", "2026-02-30", "2026-12-01", "no time that can be"),
        ("huisverbod", "2026-12-01", "2026-11-21", "no time that can be"),
    ],
)
def test_an_order_that_cannot_be_is_refused(kind: str, first: str, until: str, why: str) -> None:
    with pytest.raises(ClientError, match=why) as refused:
        papers.order(kind, first, until, source="caseworker")
    assert "Nothing was kept" in str(refused.value)


def test_a_card_is_what_its_reader_takes() -> None:
    place = papers.known_place("School, de achterkant,51.936142,4.470218")
    assert place == KnownPlace("School, de achterkant", "51.936142", "4.470218")
    said = papers.card("Noor", "Vlierbesstraat 12", weapons="Niet bekend", known_places=[place])
    assert metas.parse(metas.to_bytes(said)) == said
    assert metas.parse(metas.to_bytes(papers.card("Noor", "Vlierbesstraat 12"))).kind == "card"


@pytest.mark.parametrize(
    "text", ["", "School", "School,51.9", ",51.9,4.4", "School,north,4.4", "School,91,4.4", "S,1,-181"]
)
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ClientError, match="is no place such as"):
        papers.known_place(text)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_pages_have_a_word_for_every_tag_and_no_other(language: str) -> None:
    text = (LOCALES / f"{language}.ftl").read_text("utf-8")
    assert set(re.findall(r"^lane-(\w+) =", text, re.MULTILINE)) - NO_CONDUCT == set(conduct.TAGS)


def test_the_story_uses_tags_that_the_pages_know() -> None:
    told = {tag for incident in story.incidents(story.today()) for tag in incident.conduct}
    assert told
    assert told <= set(conduct.TAGS)

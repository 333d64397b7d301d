"""Orders and cards as somebody tells them: what cannot be is refused in words, and tags are those that pages know."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from evidence import schema
from evidence.edtf import Edtf
from evidence.envelope import conduct, parts
from evidence.envelope import meta as metas
from evidence.envelope.parts import KnownPlace
from server.clients import card_form, papers
from server.clients.errors import ClientError
from server.demo import story
from tests.support import portrait
from tests.support.portrait import PORTRAIT

HOME = parts.Address("Vlierbesstraat", "12")

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
    said = papers.card(parts.Card("Noor", HOME, weapons="Niet bekend", known_places=(place,)))
    assert metas.parse(metas.to_bytes(said)) == said


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"weapons": "a" * 70_000}, "Card.weapons: text of 70000 characters"),
        ({"orders": (papers.in_force("huisverbod", "2026-12-01", "2026-11-31", None),)}, "orders.until: no time"),
        ({"aol": parts.Arrangement("AOL-1", Edtf("morgen"))}, "Card.card.aol.until: no time that can be"),
    ],
)
def test_a_card_that_cannot_be_is_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ClientError, match=why) as refused:
        papers.card(parts.Card("Noor", HOME, **wrong))
    assert "Nothing was sealed" in str(refused.value)


def test_stop_was_said_on_a_day_in_a_way_and_something_shows_it() -> None:
    proof = "ab" * 16
    told = papers.order("stop-gezegd", "2026-11-21", None, source="victim", said_by="letter", proof=proof, text="Stop.")
    assert (told.title, told.happened) == ("Stop gezegd", "2026-11-21")
    assert (told.order.said_by, told.order.proof, told.order.until) == ("letter", proof, None)
    open_ended = papers.order("civiel", "2026-11-21", None, source="caseworker", area="De straat", persons=["Noor"])
    assert (open_ended.happened, open_ended.order.persons) == ("2026-11-21/..", ("Noor",))
    wrongs: tuple[dict[str, Any], ...] = ({"said_by": "a friend"}, {"proof": "x"})
    for wrong in wrongs:
        with pytest.raises(ClientError, match="The order cannot be kept"):
            papers.order("stop-gezegd", "2026-11-21", None, source="victim", **wrong)


def test_the_form_asks_for_every_member_of_a_card_but_the_picture() -> None:
    told = {*schema.leaves(parts.Card)} - {"suspect.picture.mime", "suspect.picture.data"}
    assert told == card_form.QUESTIONS.keys()
    answers = {path: [f" {path} "] for path in told} | {
        "call_back.may": ["no"],
        "orders": ["huisverbod, 2026-11-21, 2026-12-01, HV-2208, blad 2", "contactverbod,2026-11-21,2027-05-21"],
        "known_places": ["School,51.9361,4.4702"],
        "aol.until": ["2026-12-31"],
    }
    card = card_form.fill(answers.__getitem__)
    for path in told - answers.keys() - {"orders", "known_places"}:
        assert schema.leaf(card, path) == path
    assert card.orders is not None
    assert [order.number for order in card.orders] == ["HV-2208, blad 2", None]
    assert card_form.remarks(card) == []
    assert card_form.with_picture(card, PORTRAIT).suspect == parts.Suspect(
        "suspect.description", "suspect.name", PORTRAIT
    )


def test_what_was_not_answered_is_not_on_the_card_and_is_named() -> None:
    least = {"name": ["Noor"], "address.street": ["Vlierbesstraat"], "address.number": ["12"], "weapons": ["  "]}
    card = card_form.fill(lambda path: least.get(path, [""]))
    assert card == parts.Card("Noor", parts.Address("Vlierbesstraat", "12"))
    assert len(card_form.remarks(card)) == 3
    with pytest.raises(ClientError, match=r"there is none"):
        card_form.with_picture(card, PORTRAIT)
    for path, wrong in (
        ("name", ""),
        ("call_back.may", "maybe"),
        ("orders", "straatverbod,a,b"),
        ("call_back.how", "x"),
    ):
        with pytest.raises(ClientError, match="Nothing was"):
            card_form.fill(lambda one, path=path, wrong=wrong: [wrong] if one == path else least.get(one, []))  # type: ignore[misc]


def test_a_form_in_a_file_says_the_same(tmp_path: Path) -> None:
    card = story.card(story.today())
    (tmp_path / "card.json").write_text(json.dumps(schema.encode(card)))
    assert card_form.read(tmp_path / "card.json") == card
    (tmp_path / "card.json").write_text('{"name": "Noor", "street": "x"}')
    with pytest.raises(ClientError, match="unknown member 'street'"):
        card_form.read(tmp_path / "card.json")


def test_a_picture_is_what_its_bytes_say_and_small(tmp_path: Path) -> None:
    (tmp_path / "hij.jpg").write_bytes(portrait.png())
    assert card_form.picture(tmp_path / "hij.jpg") == PORTRAIT
    (tmp_path / "hij.jpg").write_bytes(portrait.png() + bytes(card_form.MAX_PICTURE_BYTES))
    with pytest.raises(ClientError, match="Make it smaller"):
        card_form.picture(tmp_path / "hij.jpg")
    (tmp_path / "hij.png").write_text("<svg onload=alert(1)>")
    with pytest.raises(ClientError, match="a card holds a JPEG or PNG"):
        card_form.picture(tmp_path / "hij.png")


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

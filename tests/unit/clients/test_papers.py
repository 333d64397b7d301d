"""Orders, cards and tags as somebody tells them: each names itself, and a card says what a desk would miss."""

from pathlib import Path

import pytest

from evidence import schema
from evidence.envelope import conduct, parts
from evidence.envelope import meta as metas
from server.clients import cards, forms
from server.clients.errors import ClientError
from server.demo import story
from tests.support import portrait
from tests.support.portrait import PORTRAIT


def test_an_order_names_itself_and_when_it_holds() -> None:
    days = {"order.kind": "gebiedsverbod", "order.valid_from": "2026-11-21", "order.until": "2026-12-01"}
    said = forms.describe("order", "victim", {**days, "text": "De straat"})
    assert metas.parse(metas.to_bytes(said)) == said
    assert (said.title, said.happened) == ("Gebiedsverbod", "2026-11-21/2026-12-01")
    assert forms.describe("order", "victim", {**days, "order.until": None}).happened == "2026-11-21/.."
    stop = {"order.kind": "stop-gezegd", "order.said_by": "letter", "order.proof": "ab" * 16, "text": "Stop."}
    told = forms.describe("order", "victim", {**days, **stop, "order.until": None})
    assert (told.title, told.happened) == ("Stop gezegd", "2026-11-21")
    assert forms.describe("order", "victim", {**days, "title": "Van de rechter"}).title == "Van de rechter"
    assert forms.describe("order", "victim", days, {"title": None, "happened": None}).title == "Gebiedsverbod"


def test_what_a_desk_misses_on_a_card_is_named_and_a_picture_goes_with_his_description() -> None:
    least = {"card.name": "Noor", "card.address.street": "Vlierbesstraat", "card.address.number": "12"}
    said = forms.describe("card", "caseworker", least)
    assert isinstance(said, metas.Card)
    assert said.title == "Kaart voor de meldkamer"
    assert said.card == parts.Card("Noor", parts.Address("Vlierbesstraat", "12"))
    assert len(cards.remarks(said.card)) == 3
    with pytest.raises(ClientError, match=r"there is none"):
        cards.with_picture(said, PORTRAIT)
    more = {"card.call_back.may": "no", "card.suspect.description": "Lang", "card.key_holders": "De buurvrouw"}
    whole = forms.describe("card", "caseworker", {**least, **more})
    assert isinstance(whole, metas.Card)
    assert cards.remarks(whole.card) == []
    assert cards.with_picture(whole, PORTRAIT).card.suspect == parts.Suspect("Lang", None, PORTRAIT)


def test_the_card_of_the_story_goes_through_the_form_of_its_kind() -> None:
    card = story.card(story.today())
    said = forms.describe("card", "caseworker", {}, {"card": schema.encode(card)})
    assert isinstance(said, metas.Card)
    assert said.card == card


def test_a_picture_is_what_its_bytes_say_and_small(tmp_path: Path) -> None:
    (tmp_path / "hij.jpg").write_bytes(portrait.png())
    assert cards.picture(tmp_path / "hij.jpg") == PORTRAIT
    (tmp_path / "hij.jpg").write_bytes(portrait.png() + bytes(cards.MAX_PICTURE_BYTES))
    with pytest.raises(ClientError, match="Make it smaller"):
        cards.picture(tmp_path / "hij.jpg")
    (tmp_path / "hij.png").write_text("<svg onload=alert(1)>")
    with pytest.raises(ClientError, match="a card holds a JPEG or PNG"):
        cards.picture(tmp_path / "hij.png")


def test_the_story_uses_tags_that_the_pages_know() -> None:
    told = {tag for incident in story.incidents(story.today()) for tag in incident.conduct}
    assert told
    assert told <= set(conduct.TAGS)

"""Orders and the dispatcher card by command: sealed here, read by who is meant to, and by the desk the card alone."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence import ids, keys, schema
from evidence.envelope import container, opening, wraps
from evidence.envelope.meta import Card, Order
from server.clients.vault import Vault
from tests.support import portrait, published, starter
from tests.support.phone_owner import PhoneOwner, new_case
from tests.support.server_world import World, running_world, settings_in

PHRASE = "bado kemi luro sita povu nezi"
CHEAP = keys.Kdf.fresh(keys.MIN_OPSLIMIT, keys.MIN_MEMLIMIT)
BAN = ("--kind", "huisverbod", "--valid-from", "2026-11-21", "--until", "2026-12-01", "--number", "HV-2208")


CARD: dict[str, Any] = {
    "name": "Noor",
    "address": {"street": "Vlierbesstraat", "number": "12"},
    "call_back": {"may": "no"},
    "suspect": {"description": "Lang, groene jas"},
    "weapons": "Niet bekend",
    "known_places": [{"label": "School", "lat": "51.9361", "lon": "4.4702"}],
}


def run(*words: object, fails: bool = False) -> str:
    ended = starter.run(*map(str, words), environment={**os.environ, "COLUMNS": "200"})
    assert (ended.returncode != 0) == fails, ended.stdout + ended.stderr
    return ended.stderr if fails else ended.stdout


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A server of its own: no desk is certified at first."""
    with running_world(settings_in(tmp_path / "data")) as made:
        yield made


@pytest.fixture
def marit(world: World, tmp_path: Path) -> tuple[object, ...]:
    """Return what a command of the caseworker ends with."""
    (tmp_path / "phrase").write_text(f"{PHRASE}\n")
    (tmp_path / "marit").write_bytes(keys.lock(world.caseworker.identity, "marit", PHRASE, CHEAP).to_bytes())
    trust = ("--trust", world.settings.data / "trust", "--url", world.url)
    return ("--key", tmp_path / "marit", *trust, "--phrase-file", tmp_path / "phrase")


def test_an_order_from_her_phone_and_one_from_her_caseworker(
    world: World, marit: tuple[object, ...], tmp_path: Path
) -> None:
    with new_case(world) as hers:
        phone = hers.enrol(tmp_path / "phone")
        run("phone", "order", *BAN, "--text", "Tien dagen", "--folder", phone)
        assert "huisverbod, contactverbod" in run(
            "phone", "order", *BAN, "--kind", "straatverbod", "--folder", phone, fails=True
        )
        run("phone", "sync", "--folder", phone)
        assert len(json.loads(run("phone", "status", "--folder", phone, "--json"))) == 1
        run("staff", "caseworker", "order", hers.case, *BAN, *marit)
        found = [one.opened.meta for one in hers.vault.items() if one.opened is not None]
    orders = [meta for meta in found if isinstance(meta, Order)]
    assert len(orders) == len(found) == 2
    assert [meta.source for meta in orders] == ["victim", "caseworker"]
    assert {(meta.order.kind, meta.order.valid_from, meta.order.until, meta.order.number) for meta in orders} == {
        ("huisverbod", "2026-11-21", "2026-12-01", "HV-2208")
    }


def test_papers_of_every_kind_from_her_phone_and_from_her_caseworker(
    world: World, marit: tuple[object, ...], tmp_path: Path
) -> None:
    item, commitment = "ab" * 16, "cd" * 32
    hers_too: dict[str, tuple[object, ...]] = {
        "report": ("--kind", "aangifte", "--at", "2026-11-21", "--no-domicile"),
        "cost": ("--what", "Nieuw slot", "--amount-cents", "18950"),
        "trace": ("--kind", "tracker", "--what", "Zendertje in de fietstas", "--only-mine"),
        "question": ("--text", "Mag ik hem blokkeren? Ik weet het niet."),
        "answer": ("--question", item),
    }
    papers: dict[str, tuple[object, ...]] = {
        **hers_too,
        "assessment": ("--instrument", "SASH", "--outcome", "hoog", "--items", item, "--items", "12" * 16),
        "translation": ("--item", item, "--of", commitment, "--language", "en", "--by", "A. Tolk"),
        "note": ("--kind", "red-flag", "--of", "extreme angst"),
        "screening": ("--version", "1", "--answers", "question=Kan hij bij uw telefoon?; answer=Nee"),
        "label": ("--title", "De zaak van de groene fiets"),
        "digest": (),
        "file": (
            tmp_path / "csg.pdf",
            "--origin",
            "report",
            "--origin-of",
            "Centrum Seksueel Geweld",
            "--source",
            "police",
        ),
    }
    (tmp_path / "csg.pdf").write_bytes(b"%PDF-1.7 letsel")
    with (tmp_path / "film.mp4").open("wb") as film:
        film.truncate(300 * 1024 * 1024)  # with nothing in it, and on no disk
    with new_case(world) as hers:
        phone = hers.enrol(tmp_path / "phone")
        large = run("staff", "caseworker", "file", hers.case, tmp_path / "film.mp4", *marit, fails=True)
        assert "her phone takes larger ones" in large
        for kind, said in hers_too.items():
            run("phone", kind, *said, "--folder", phone)
        assert "no time that can be" in run(
            "phone", "report", "--kind", "klacht", "--at", "x", "--folder", phone, fails=True
        )
        run("phone", "sync", "--folder", phone)
        for kind, said in papers.items():
            run("staff", "caseworker", kind, hers.case, *said, *marit)
        found = [one.opened.meta for one in hers.vault.items() if one.opened is not None]
    assert sorted((meta.kind, meta.source) for meta in found) == sorted(
        [
            *((kind, "victim") for kind in hers_too),
            *((kind, "police" if kind == "file" else "caseworker") for kind in papers),
        ]
    )
    assert [meta.only_mine for meta in found if meta.kind == "trace"] == [True, True]
    (asked, _) = (meta for meta in found if meta.kind == "question")
    assert asked.text == ("Mag ik hem blokkeren? ", "Ik weet het niet.")


def test_a_card_opens_for_every_desk_and_no_one_else(world: World, marit: tuple[object, ...], tmp_path: Path) -> None:
    desks = [keys.Identity.generate() for _ in range(2)]
    form, face = tmp_path / "card.json", tmp_path / "face.png"
    form.write_text(json.dumps({"card": CARD}))
    face.write_bytes(portrait.png())
    said = ("--form", form, "--picture", face)
    with new_case(world) as hers:
        refused = run("staff", "caseworker", "card", hers.case, *said, *marit, fails=True)
        assert "no desk" in refused
        for number, desk in enumerate(desks):
            world.root.act("key.publish", published.certificate(desk, "desk", f"Meldkamer {number}"))
        (tmp_path / "odd.json").write_text(json.dumps({"card": {**CARD, "known_places": ["School"]}}))
        wrong = run("staff", "caseworker", "card", hers.case, "--form", tmp_path / "odd.json", *marit, fails=True)
        assert "Card.card: Card.known_places" in wrong
        shown = run("staff", "caseworker", "card", hers.case, *said, *marit)
        item = ids.ItemId(shown.split()[-1])
        prefix = _prefix(world, item)
        who = {wrap.to for wrap in prefix.head.wraps}
        assert who == {one.opening_kid for one in (*desks, hers.identity, world.caseworker.identity)}
        for desk in desks:
            card = _opened(prefix, desk)
            assert isinstance(card, Card)
            assert schema.encode(card.card) == {
                **CARD, "orders": [], "suspect": {**CARD["suspect"], "picture": schema.encode(portrait.PORTRAIT)}
            }  # fmt: skip
        assert _titles(hers) == ["Kaart voor de meldkamer"]


def _prefix(world: World, item: ids.ItemId) -> container.Prefix:
    return container.parse_prefix(world.caseworker.http.get(f"/api/v1/items/{item}/container").content)


def _opened(prefix: container.Prefix, desk: keys.Identity) -> object:
    (wrap,) = (one for one in prefix.head.wraps if one.to == desk.opening_kid)
    return opening.open_meta(prefix, wraps.unwrap(wrap.wrap, prefix.head.case, prefix.head.item, desk))


def _titles(hers: PhoneOwner) -> list[str]:
    vault: Vault = hers.vault
    return [one.opened.meta.title for one in vault.items() if one.opened is not None]

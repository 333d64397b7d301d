"""The note that a console seals at a close, in Node: for the case and whom her list names, and for nobody else.

Python made the statements and opens what was sealed; the desk, the bridge and whoever a list names wrongly hold nothing
that opens it. What a server shows that her vault or a caseworker did not sign makes no reader.
"""

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from evidence import canonical, ids, keys
from evidence.envelope import container, opening, pieces
from evidence.envelope.meta import Note
from evidence.statements import bodies, event, statement
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from tests.support import published
from tests.support.node_process import answer

pytestmark = pytest.mark.need("node")

PEER = Path(__file__).parent / "note.mjs"
CASE, TEAM = ids.CaseId("c0" * 16), ids.TeamId("7e" * 16)
BEGIN, NOW, END = (ids.Time(f"2026-0{month}-01T12:00:00.000Z") for month in (3, 4, 5))
WORDS = "Zij deed zelf open.\nHij was weg, de buren zagen een rode auto. Agent 3 is gebleven."


def ask(question: str, **members: object) -> Any:  # noqa: ANN401 - JSON
    return answer(PEER, {"ask": question, **members})


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass
class House:
    """An organisation with one case, and what a server shows of it."""

    root: keys.Identity = field(default_factory=keys.Identity.generate)
    lead: keys.Identity = field(default_factory=keys.Identity.generate)
    stand_in: keys.Identity = field(default_factory=keys.Identity.generate)
    photographer: keys.Identity = field(default_factory=keys.Identity.generate)
    dispatcher: keys.Identity = field(default_factory=keys.Identity.generate)
    desk: keys.Identity = field(default_factory=keys.Identity.generate)
    vault: keys.Identity = field(default_factory=keys.Identity.generate)
    case: keys.Identity = field(default_factory=keys.Identity.generate)
    journal: list[Statement] = field(default_factory=list)

    def __post_init__(self) -> None:
        for who, role in (
            (self.lead, "caseworker"), (self.stand_in, "caseworker"), (self.photographer, "caseworker"),
            (self.dispatcher, "dispatcher"), (self.desk, "desk"),
        ):  # fmt: skip
            team = TEAM if role == "caseworker" else None
            body = published.certificate(who, role, role, team)  # type: ignore[arg-type] # a role
            self.journal.append(statement.sign(self.root, "key.publish", body))

    def dated(self, said: Statement, index: int) -> str:
        return b64(event.record(said, index, BEGIN).event)

    def opened(self, by: keys.Identity) -> Statement:
        body = published.case_of(self.vault, TEAM, self.lead.kid, self.case)
        return statement.sign(by, "case.open", body, case=CASE)

    def row(self, who: keys.Identity, kinds: tuple[str, ...] | None = None) -> bodies.StandingReader:
        return bodies.StandingReader(who.kid, published.sha256_of(who), kinds)

    def list_of(self, number: int, *rows: bodies.StandingReader, by: keys.Identity | None = None) -> Statement:
        body = bodies.ListSet(number, BEGIN, END, rows)
        return statement.sign(by or self.vault, "list.set", body, case=CASE, chain=Chain(number, FIRST_PREV))

    def shown(self, *lists: Statement, opened_by: keys.Identity | None = None) -> dict[str, Any]:
        everybody = (self.lead, self.stand_in, self.photographer, self.desk, self.dispatcher)
        return {
            "xwing": published.opens(self.case),
            "vault": published.signs(self.vault),
            "events": [{"event": self.dated(self.opened(opened_by or self.lead), len(self.journal))}],
            "lists": [b64(one.envelope.to_bytes()) for one in lists],
            "readers": {one.kid: published.opens(one) for one in everybody},
        }

    def readers(self, shown: dict[str, Any], now: ids.Time = NOW) -> Any:  # noqa: ANN401 - JSON
        organisation = [self.dated(said, index) for index, said in enumerate(self.journal)]
        root = self.root.sign_public.hex()
        return ask("readers", root=root, organisation=organisation, shown=shown, case=CASE, now=now)


@pytest.fixture(scope="module", name="house")
def make_house() -> House:
    return House()


def test_the_words_are_cut_where_python_cuts_them() -> None:
    texts = [WORDS, "", "Een zin", "Twee. Zinnen!  Drie?\n\nVier… ‘vijf.’ Zes", "a.b c", "«Weg!» zei hij."]
    assert [tuple(one) for one in ask("pieces", texts=texts)] == [tuple(pieces.cut(text)) for text in texts]


def test_a_note_goes_to_the_case_and_to_whom_the_list_in_force_gives_notes(house: House) -> None:
    rows = (house.row(house.lead), house.row(house.stand_in, ("note",)), house.row(house.photographer, ("photo",)))
    old, new = house.list_of(1, house.row(house.photographer)), house.list_of(2, *rows)
    expected = [published.opens(one) for one in (house.case, house.lead, house.stand_in)]
    assert house.readers(house.shown(new, old)) == expected
    assert house.readers(house.shown(new), END) == expected[:1], "a list that ended names nobody"
    assert house.readers(house.shown()) == expected[:1]


def test_what_was_not_signed_by_her_or_by_a_caseworker_makes_no_reader(house: House) -> None:
    forged = house.list_of(3, house.row(house.photographer), by=house.lead)
    assert house.readers(house.shown(forged)) == [published.opens(house.case)]
    no_caseworker = house.list_of(4, house.row(house.dispatcher), house.row(house.desk))
    assert house.readers(house.shown(no_caseworker)) == [published.opens(house.case)]
    swapped = house.shown(house.list_of(5, house.row(house.lead)))
    swapped["readers"][house.lead.kid] = published.opens(house.desk)
    assert house.readers(swapped) == [published.opens(house.case)]
    assert house.readers(house.shown(opened_by=house.dispatcher))["error"] == "SignatureError"
    assert house.readers(house.shown() | {"xwing": published.opens(house.desk)})["error"] == "SignatureError"
    retired = House()
    body = bodies.KeyRetire(retired.stand_in.kid)
    retired.journal.append(statement.sign(retired.root, "key.retire", body))
    shown = retired.shown(retired.list_of(1, retired.row(retired.stand_in)))
    assert retired.readers(shown) == [published.opens(retired.case)]


def test_its_readers_open_it_and_desk_dispatcher_and_bridge_do_not(house: House) -> None:
    alarm = {"case": CASE, "item": {"item": "a1" * 16}}
    readers = [published.opens(house.case), published.opens(house.lead)]
    made = ask("seal", seed=b64(house.dispatcher.sign_seed), alarm=alarm, words=WORDS, readers=readers)
    blob = base64.b64decode(made["container"])
    said = statement.parse(json.dumps(made["statement"], separators=(",", ":")).encode())
    assert isinstance(said.body, bodies.ItemSeal)
    prefix = container.parse_prefix(blob)
    container.check_against(prefix, said.case, said.by, said.body)
    container.verify_head(prefix, house.dispatcher.sign_public)
    assert (said.type, said.by, said.case) == ("item.seal", house.dispatcher.kid, CASE)
    for who in (house.case, house.lead):
        meta = opening.open_meta(prefix, opening.content_key(prefix, who))
        assert isinstance(meta, Note)
        assert (meta.words, meta.about, meta.source) == (WORDS, "a1" * 16, "dispatcher")
    for who in (house.desk, house.dispatcher, house.stand_in):
        assert {wrap.to for wrap in prefix.head.wraps}.isdisjoint({who.opening_kid})
    assert b"rode auto" not in blob + canonical.encode(made["statement"])

"""A page seals to the readers whom phone, vault and bridge seal to: the page's module in Node, by their table."""

import base64
from pathlib import Path

import pytest

from evidence import ids
from evidence.statements import event
from evidence.statements.statement import FIRST_PREV, Chain
from tests.support import hostile_bodies, list_cases, published
from tests.support.list_cases import BEGIN, CASE, END, NOW
from tests.support.node_process import answer

pytestmark = pytest.mark.need("node")

PEER = Path(__file__).parent / "note.mjs"


def test_a_page_seals_by_the_table() -> None:
    said = enumerate(list_cases.organisation())
    organisation = [base64.b64encode(event.record(one, index, BEGIN).event).decode() for index, one in said]
    everybody = {who.kid: published.opens(who) for who in list_cases.PEOPLE.values()}
    for case in list_cases.cases("note"):
        for readers in (list_cases.shown_keys(), everybody):  # a server that shows too many keys changes nothing
            found = answer(
                PEER,
                {
                    "ask": "recipients",
                    "root": list_cases.ROOT.sign_public.hex(),
                    "organisation": organisation,
                    "shown": {"lists": case.encoded, "readers": readers},
                    "case": CASE,
                    "vault": list_cases.VAULT.sign_public.hex(),
                    "kind": "note",
                    "now": ids.Time(NOW),
                },
            )
            assert list_cases.names_of([base64.b64decode(one) for one in found]) == case.gets, case.name


def test_no_hostile_list_stops_a_page_from_sealing() -> None:
    """What her vault's key signed in no form of a list is none: the note is sealed to the case all the same."""
    names = {ids.KeyId: list_cases.PEOPLE["lead"].kid, ids.Time: BEGIN}
    lists = []
    for _, body in hostile_bodies.bodies_of("list.set", names):
        lasting = {**body, "until": END} if isinstance(body, dict) and body.get("until") == BEGIN else body
        said = hostile_bodies.signed(list_cases.VAULT, "list.set", CASE, Chain(0, FIRST_PREV), BEGIN, lasting)
        lists.append(base64.b64encode(said.to_bytes()).decode())
    assert len(lists) > 100
    asked = {
        "ask": "stopped",
        "root": list_cases.ROOT.sign_public.hex(),
        "lists": lists,
        "readers": list_cases.shown_keys(),
        "case": CASE,
        "vault": list_cases.VAULT.sign_public.hex(),
        "now": NOW,
    }
    assert answer(PEER, asked) == []

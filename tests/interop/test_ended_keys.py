"""Whose signature counts where, by everybody who asks: the journal's rules, a client in Python, a page in Node.

The table is `tests/support/ended_keys.py`; all verifiers of bundles are put to it by `test_tampered.py`.
"""

from pathlib import Path

import pytest

from evidence import canonical, keys
from evidence.errors import EvidenceError
from evidence.statements import event as events
from evidence.statements import fold
from evidence.statements.rules import authority
from evidence.statements.standing import Standing
from server.clients.authors import Authors
from server.clients.pins import Pins
from tests.support import ended_keys
from tests.support.ended_keys import Ended
from tests.support.lying_server import LyingServer
from tests.support.node_process import answer

pytestmark = pytest.mark.need("node")

PEER = Path(__file__).parent / "note.mjs"


@pytest.mark.parametrize("row", ended_keys.ROWS, ids=lambda row: row.name)
def test_a_signature_counts_by_the_order_of_the_journal(row: Ended, tmp_path: Path) -> None:
    server = LyingServer(tmp_path)
    judged = row.tell(server)
    told = [one.event for one in server.journal]
    for name, refused in {
        "the rules of the journal": refused_by_the_rules(told),
        "a client": refused_by_a_client(server, told),
        "a page": refused_by_a_page(server, told),
    }.items():
        assert refused == (set() if row.holds else {judged}), name


def refused_by_the_rules(told: list[bytes]) -> set[int]:
    standing, refused = Standing(), set()
    for one in map(events.parse, told):
        try:
            authority.check_author(standing, one.statement, one.received_at)
            fold.apply(standing, one.statement)
        except EvidenceError:
            refused.add(one.index)
    return refused


def refused_by_a_client(server: LyingServer, told: list[bytes]) -> set[int]:
    """Its keys are those of `/authority`, in which organisations' events stand; the rest is the timeline."""
    parsed = [events.parse(one) for one in told]
    authors = Authors(Pins(server.root.sign_public, "").terms(parsed))
    refused = set()
    for one in (one for one in parsed if one.statement.case is not None):
        try:
            authors.verify(one)
        except keys.SignatureError:
            refused.add(one.index)
    return refused


def refused_by_a_page(server: LyingServer, told: list[bytes]) -> set[int]:
    shown = [canonical.b64(one) for one in told]
    counts = answer(PEER, {"ask": "signers", "root": server.root.sign_public.hex(), "events": shown})
    assert len(counts) == len(shown)
    return {index for index, one in enumerate(counts) if not one}

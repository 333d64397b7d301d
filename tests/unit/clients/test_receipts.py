"""A receipt counts only when a certified server key signed it, for this log, about this very statement and event.

THREATS.md: "server turns malicious": each lie that a receipt could tell is refused, and the item counts as not arrived.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence import canonical, ids, keys
from evidence.custody.log.note import generate_key
from evidence.statements import bodies, event
from evidence.statements import statement as statements
from server.clients import receipts
from server.clients.errors import DistrustError
from server.clients.pins import Certificate, Pins
from tests.support import published

ROOT, SERVER, OTHER = keys.Identity.generate(), keys.Identity.generate(), keys.Identity.generate()
LOG = generate_key("getuige.example/log")
PINS = Pins(ROOT.sign_public, f"log {LOG.verifier.vkey}\nquorum none\n")
STATEMENT = statements.sign(ROOT, "team.open", bodies.TeamOpen(ids.TeamId(ids.new_id()), "Noord"))
RECORDED = event.record(STATEMENT, 7, ids.now())


def _certificate(role: bodies.Role, identity: keys.Identity, root: keys.Identity = ROOT) -> dict[str, object]:
    body = published.certificate(identity, role, "Server")
    return statements.sign(root, "key.publish", body).envelope.to_json()


CERTIFICATES = PINS.certificates([_certificate("server", SERVER), _certificate("bridge", OTHER)])


def _answer(
    *, by: keys.Identity = SERVER, origin: str = LOG.verifier.name, recorded: event.Recorded = RECORDED
) -> dict[str, Any]:
    return {
        "receipt": event.issue(by, origin, recorded).to_json(),
        "event": canonical.b64(recorded.event),
        "salt": recorded.salt.hex(),
    }


def test_a_receipt_that_holds_is_kept_with_what_proves_it(tmp_path: Path) -> None:
    found = receipts.check(PINS, CERTIFICATES, _answer(), STATEMENT.id)
    assert found.recorded == RECORDED
    folder = receipts.Receipts(tmp_path)
    folder.keep("abc", found)
    (kept,) = folder
    assert (kept.name, kept.recorded, kept.proven) == ("abc", RECORDED, False)
    folder.add_proof(kept, b"proof")
    assert [one.proven for one in folder] == [True]


BACKDATED = ids.Time("2020-01-01T00:00:00.000Z")
OTHER_EVENT = event.record(STATEMENT, 8, ids.now())
LIES: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "no receipt": lambda: {**_answer(), "receipt": None},
    "no event": lambda: {**_answer(), "event": None},
    "a key that is certified for something else": lambda: _answer(by=OTHER),
    "a key that nobody certified": lambda: _answer(by=keys.Identity.generate()),
    "another log": lambda: _answer(origin="elsewhere.example/log"),
    "another event": lambda: {**_answer(), "event": canonical.b64(OTHER_EVENT.event)},
    "another salt": lambda: {**_answer(), "salt": "00" * 32},
    "another leaf": lambda: _answer(recorded=dataclasses.replace(RECORDED, leaf=b"\x01" * 33)),
    "another time": lambda: _answer(
        recorded=dataclasses.replace(RECORDED, received_at=ids.Time("2020-01-01T00:00:00.000Z"))
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_receipt_that_lies_counts_as_not_arrived(lie: str) -> None:
    with pytest.raises(DistrustError):
        receipts.check(PINS, CERTIFICATES, LIES[lie](), STATEMENT.id)


def test_a_receipt_of_another_statement_counts_as_not_arrived() -> None:
    other = statements.sign(ROOT, "team.open", bodies.TeamOpen(ids.TeamId(ids.new_id()), "Zuid"))
    with pytest.raises(DistrustError):
        receipts.check(PINS, CERTIFICATES, _answer(), other.id)


def test_only_what_the_pinned_root_signed_is_a_certificate() -> None:
    thief = keys.Identity.generate()
    forged = _certificate("server", thief, root=keys.Identity.generate())
    found = PINS.certificates([forged, {}, None, _certificate("server", SERVER)])
    assert list(found) == [SERVER.kid]
    assert isinstance(found[SERVER.kid], Certificate)


def test_a_retired_key_is_no_certificate_any_more() -> None:
    retired = statements.sign(ROOT, "key.retire", bodies.KeyRetire(SERVER.kid)).envelope.to_json()
    assert not PINS.certificates([_certificate("server", SERVER), retired])

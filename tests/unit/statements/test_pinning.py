"""Who may pin suite 2, when, and what a pin then refuses: the journal's rules alone.

ADR 0009 and `docs/formats/statement.md`. What the abuser could do with her pass phrase (silence her phone) and a rogue
caseworker with a case (read it alone) are the cases that matter here.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence import canonical, ids, keys, xwing
from evidence.envelope import wraps
from evidence.envelope.wraps import Reader
from evidence.statements import statement, types
from evidence.statements.authority import NotAllowedError
from tests.simulators.casebook import Casebook


def public(identity: keys.Identity) -> ids.Base64:
    return ids.Base64(canonical.b64(xwing.public_of(xwing.seed_of(identity))))


@pytest.fixture
def book(tmp_path: Path) -> Casebook:
    return Casebook(tmp_path)


def refused(book: Casebook, who: keys.Identity, kind: str, body: types.Body, reason: str) -> None:
    with pytest.raises(NotAllowedError) as refusal:
        book.act(who, kind, body, case=None if kind in types.CASELESS else book.case)
    assert refusal.value.reason == reason


def without_phones(book: Casebook) -> None:
    for device in list(book.standing.devices.values()):
        book.act(book.vault, "device.revoke", types.DeviceRevoke(device.device), case=book.case)


def invitation(pinned: ids.Sha256 | None = None) -> types.DeviceInvite:
    key = ids.PublicKey(keys.Identity.generate().sign_public.hex())
    return types.DeviceInvite(key, ids.time_of(datetime.now(UTC) + timedelta(hours=1)), pinned)


def test_a_pin_waits_for_every_phone_in_use(book: Casebook) -> None:
    refused(book, book.vault, "case.pin", types.CasePin(2, public(book.vault)), "suite")
    without_phones(book)
    book.act(book.vault, "case.pin", types.CasePin(2, public(book.vault)), case=book.case)
    assert book.standing.cases[book.case].body.wrap_suite == 2
    assert book.standing.cases[book.case].body.xwing == public(book.vault)
    refused(book, book.vault, "case.pin", types.CasePin(2), "exists")


def test_the_key_of_a_case_is_its_vaults_to_bring(book: Casebook) -> None:
    without_phones(book)
    refused(book, book.caseworker, "case.pin", types.CasePin(2, public(book.caseworker)), "role")
    refused(book, book.caseworker, "case.pin", types.CasePin(2), "xwing")
    refused(book, book.vault, "case.pin", types.CasePin(2, ids.Base64(canonical.b64(bytes(1215)))), "xwing")
    refused(book, book.phone, "case.pin", types.CasePin(2, public(book.vault)), "unknown-key")


def test_from_the_pin_on_an_invitation_pins_the_key(book: Casebook) -> None:
    other = ids.Sha256(hashlib.sha256(b"another key").hexdigest())
    refused(book, book.caseworker, "device.invite", invitation(other), "xwing")
    without_phones(book)
    book.act(book.vault, "case.pin", types.CasePin(2, public(book.vault)), case=book.case)
    own = ids.Sha256(hashlib.sha256(canonical.unb64(public(book.vault))).hexdigest())
    refused(book, book.caseworker, "device.invite", invitation(), "suite")
    refused(book, book.caseworker, "device.invite", invitation(other), "xwing")
    book.act(book.caseworker, "device.invite", invitation(own), case=book.case)


def test_a_pin_looks_forward(book: Casebook) -> None:
    """What an alarm bridge, or anybody before the pin, wrapped in suite 1 stands."""
    before = statement.sign(book.caseworker, "item.open", announced(), case=book.case)
    assert book.standing.least_suite(before) is None
    without_phones(book)
    book.act(book.vault, "case.pin", types.CasePin(2, public(book.vault)), case=book.case)
    assert book.standing.least_suite(before) == 2
    by_bridge = statement.sign(book.bridge, "item.open", announced(), case=book.case)
    assert book.standing.least_suite(by_bridge) is None


def announced() -> types.ItemOpen:
    return types.ItemOpen(ids.ItemId("1e" * 16), types.Blob(ids.Sha256("0" * 64), 1))


def test_a_desks_key_is_shared_whole(book: Casebook) -> None:
    """Half a key would be found out by a dispatcher who cannot open an alarm."""
    desk = keys.Identity.generate()
    named = (ids.PublicKey(desk.sign_public.hex()), ids.PublicKey(desk.box_public.hex()))
    published = types.KeyPublish(ids.SubjectId(ids.new_id()), "desk", "Meldtafel", *named, xwing=public(desk))
    book.act(book.root, "key.publish", published)
    reader = Reader.of(book.investigator, hybrid=True)
    old = wraps.wrap(desk.box_seed, wraps.NO_ID, wraps.NO_ID, reader.box)
    seed = wraps.wrap_for(xwing.seed_of(desk), wraps.NO_ID, wraps.NO_ID, reader)
    half = types.KeyShare(named[1], book.investigator.kid, old)
    refused(book, book.root, "key.share", half, "xwing")
    wrong = types.SharedXwing(public(book.investigator), seed)
    refused(book, book.root, "key.share", types.KeyShare(named[1], book.investigator.kid, old, wrong), "xwing")
    whole = types.KeyShare(named[1], book.investigator.kid, old, types.SharedXwing(public(desk), seed))
    book.act(book.root, "key.share", whole)

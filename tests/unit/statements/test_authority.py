"""Who may do what: every role is refused what is not its own."""

import operator
from pathlib import Path
from typing import Final

import pytest

from evidence import ids, keys
from evidence.statements import bodies, catalogue, fold, statement
from evidence.statements.errors import NotAllowedError
from evidence.statements.rules import authority
from evidence.statements.statement import FIRST_PREV, Chain
from tests.support import published, samples
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.refusals import world


@pytest.fixture
def book(tmp_path: Path) -> Organisation:
    return Organisation(tmp_path)


BODIES: Final = samples.bodies_of_all_acts()
SPEAKERS = {
    "root": "root",
    "server": "server",
    "bridge": "bridge",
    "caseworker": "lead",
    "investigator": "investigator",
    "dispatcher": "dispatcher",
    "vault": "here.vault",
    "phone": "here.phone",
}


@pytest.mark.parametrize("role", SPEAKERS)
def test_a_role_is_refused_every_type_that_is_not_its_own(role: str) -> None:
    w = world.founded()
    signer = operator.attrgetter(SPEAKERS[role])(w)
    assert w.standing.role_of(signer.kid) == role
    for kind in sorted(kind for kind, act in catalogue.ACTS.items() if not act.signers & {role, "newcomer"}):
        with pytest.raises(NotAllowedError) as refusal:
            authority.check(w.standing, w.say(signer, kind, BODIES[kind]), w.now)
        assert refusal.value.reason in {"role", "log-state"}, kind


def test_a_phone_cannot_write_into_another_case(book: Organisation) -> None:
    other = ids.CaseId(ids.new_id())
    book.act(
        book.caseworker,
        "case.open",
        published.case_of(keys.Identity.generate(), book.team, book.caseworker.kid),
        case=other,
    )
    made = statement.sign(book.phone, "item.seal", BODIES["item.seal"], case=other, chain=book.next_link())
    refuse(book, made, "unknown-case")
    nowhere = statement.sign(
        book.phone, "item.seal", BODIES["item.seal"], case=ids.CaseId(samples.OTHER), chain=book.next_link()
    )
    refuse(book, nowhere, "unknown-case")


def test_a_phone_counts_without_gaps(book: Organisation) -> None:
    book.seal(incident())
    link = book.next_link()
    for wrong in (
        None,
        Chain(0, FIRST_PREV),
        Chain(link.seq + 1, link.prev),
        Chain(link.seq, FIRST_PREV),
        Chain(link.seq - 1, link.prev),
    ):
        made = statement.sign(book.phone, "item.seal", BODIES["item.seal"], case=book.case, chain=wrong)
        refuse(book, made, "chain")
    book.accept(statement.sign(book.phone, "item.seal", BODIES["item.seal"], case=book.case, chain=link))


def test_a_revoked_phone_adds_nothing(book: Organisation) -> None:
    (device,) = book.standing.devices
    book.act(book.vault, "device.revoke", bodies.DeviceRevoke(device), case=book.case)
    made = statement.sign(book.phone, "item.seal", BODIES["item.seal"], case=book.case, chain=book.next_link())
    refuse(book, made, "unknown-key")


def test_an_invitation_works_once_and_until_it_expires(book: Organisation) -> None:
    one_time, phone = keys.Identity.generate(), keys.Identity.generate()
    expires = ids.Time("2026-01-01T00:00:00.000Z")
    invitation = published.invitation(book.vault, one_time, expires)
    book.act(book.caseworker, "device.invite", invitation, case=book.case)
    body = bodies.DeviceEnrol(ids.DeviceId(ids.new_id()), ids.PublicKey(phone.sign_public.hex()), one_time.kid)
    made = statement.sign(phone, "device.enrol", body, case=book.case, chain=Chain(0, FIRST_PREV), cosigner=one_time)
    refuse(book, made, "invitation-expired")
    authority.check(book.standing, made, ids.Time("2025-12-31T23:59:59.999Z"))
    fold.apply(book.standing, made)
    with pytest.raises(NotAllowedError):
        authority.check(book.standing, made, ids.Time("2025-12-31T23:59:59.999Z"))


def test_an_enrolment_without_the_invitation_key_is_refused(book: Organisation) -> None:
    one_time, phone = keys.Identity.generate(), keys.Identity.generate()
    invitation = published.invitation(book.vault, one_time, ids.Time("2099-01-01T00:00:00.000Z"))
    book.act(book.caseworker, "device.invite", invitation, case=book.case)
    body = bodies.DeviceEnrol(ids.DeviceId(ids.new_id()), ids.PublicKey(phone.sign_public.hex()), one_time.kid)
    alone = statement.sign(phone, "device.enrol", body, case=book.case, chain=Chain(0, FIRST_PREV))
    with pytest.raises(keys.SignatureError, match="every key"):
        authority.check(book.standing, alone, ids.now())


def test_a_grant_goes_to_a_certified_reader_with_that_very_key(book: Organisation) -> None:
    item = book.seal(incident())
    swapped = keys.Identity(book.investigator.sign_seed, keys.Identity.generate().xwing_seed)
    for reader in (keys.Identity.generate(), swapped, book.server):
        with pytest.raises(NotAllowedError) as refusal:
            book.grant(item, reader=reader)
        assert refusal.value.reason == "reader"
    grant = book.grant(item)
    assert set(book.standing.readable(book.investigator.kid, book.case, ids.now())) == {item}
    book.act(book.vault, "revoke", bodies.Revoke(grant.grant), case=book.case)
    assert not book.standing.readable(book.investigator.kid, book.case, ids.now())


def test_an_export_names_granted_items_only(book: Organisation) -> None:
    granted, kept = book.seal(incident()), book.seal(incident())
    book.grant(granted)
    body = book.export_body(ids.ExportId(ids.new_id()), ids.Sha256("0" * 64), granted, kept)
    made = statement.sign(book.investigator, "export", body, case=book.case)
    refuse(book, made, "not-granted")


def test_a_retired_key_signs_nothing_new(book: Organisation) -> None:
    book.act(book.root, "key.retire", bodies.KeyRetire(book.caseworker.kid))
    made = statement.sign(book.caseworker, "device.invite", BODIES["device.invite"], case=book.case)
    refuse(book, made, "unknown-key")


def test_a_changed_byte_is_a_bad_signature(book: Organisation) -> None:
    made = statement.sign(book.caseworker, "device.invite", BODIES["device.invite"], case=book.case)
    raw = made.envelope.to_bytes()
    other = statement.sign(book.caseworker, "device.invite", BODIES["device.invite"], case=book.case)
    forged = raw.replace(made.envelope.signatures[0].sig.encode(), other.envelope.signatures[0].sig.encode())
    if made.id != other.id:
        with pytest.raises(keys.SignatureError):
            authority.check(book.standing, statement.parse(forged), ids.now())


def refuse(book: Organisation, made: statement.Statement, reason: str) -> None:
    with pytest.raises(NotAllowedError) as refusal:
        authority.check(book.standing, made, ids.now())
    assert refusal.value.reason == reason

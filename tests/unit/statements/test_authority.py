"""Who may do what: the table in the docs is the code's, and every role is refused what is not its own."""

import operator
import re
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.statements import authority, statement, types
from evidence.statements.authority import SIGNERS, NotAllowedError
from evidence.statements.statement import FIRST_PREV, Chain
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.refusals import world

PAGE = Path(__file__).parents[3] / "docs" / "formats" / "statement.md"
OTHER = "ab" * 16


@pytest.fixture
def book(tmp_path: Path) -> Organisation:
    return Organisation(tmp_path)


def test_every_type_is_tried() -> None:
    assert BODIES.keys() | {"device.enrol"} == types.BODIES.keys()


def test_the_table_in_the_docs_is_the_table_in_the_code() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| ([\w, ]+) \|", PAGE.read_text(), re.MULTILINE)
    documented = {kind: frozenset(roles.split(", ")) for kind, roles in rows if kind in types.BODIES}
    assert documented == SIGNERS
    assert SIGNERS.keys() == types.BODIES.keys()


BODIES: dict[str, types.Body] = {
    "log.open": types.LogOpen("x", types.RootKey(ids.PublicKey("0" * 64), "x"), "x"),
    "log.rotate": types.LogRotate(types.LogHead("x", 1, ids.Sha256("0" * 64)), "x"),
    "key.publish": types.KeyPublish(
        ids.SubjectId(OTHER), "server", "x", ids.PublicKey("1" * 64), ids.PublicKey("2" * 64)
    ),
    "key.retire": types.KeyRetire(ids.KeyId(OTHER)),
    "key.share": types.KeyShare(ids.PublicKey("1" * 64), ids.KeyId(OTHER), ids.Base64("")),
    "team.open": types.TeamOpen(ids.TeamId(OTHER), "x"),
    "case.open": types.CaseOpen(ids.PublicKey("1" * 64), ids.PublicKey("2" * 64), ids.TeamId(OTHER), ids.KeyId(OTHER)),
    "device.invite": types.DeviceInvite(ids.PublicKey("1" * 64), ids.now()),
    "device.revoke": types.DeviceRevoke(ids.DeviceId(OTHER)),
    "alarm_device.enrol": types.AlarmDeviceEnrol(ids.DeviceId(OTHER), ids.PublicKey("1" * 64), "20s", "x"),
    "alarm_device.lend": types.DeviceLend(ids.DeviceId(OTHER), "client", "x", ids.now()),
    "alarm_device.review": types.DeviceReview(ids.DeviceId(OTHER), ids.now()),
    "alarm_device.return": types.DeviceReturn(ids.DeviceId(OTHER), "whole"),
    **dict.fromkeys(("shift.begin", "shift.end"), types.ShiftMark(ids.ShiftId(OTHER))),
    "item.seal": types.ItemSeal(
        ids.ItemId(OTHER),
        types.Blob(ids.Sha256("0" * 64), 1),
        types.Blob(ids.Sha256("0" * 64), 1),
        types.Part(ids.Sha256("0" * 64), 1, ids.Commitment("0" * 64)),
    ),
    "item.open": types.ItemOpen(ids.ItemId(OTHER), types.Blob(ids.Sha256("0" * 64), 1)),
    "item.amend": types.ItemAmend(ids.ItemId(OTHER), ids.ItemId("cd" * 16)),
    "disclose": types.Disclose(ids.DisclosureId(OTHER), ids.KeyId(OTHER), "x", ()),
    "dispute": types.Dispute(ids.DeviceId(OTHER), ids.now(), ids.now()),
    "hold.place": types.HoldPlace(ids.HoldId(OTHER), "x", ()),
    "hold.lift": types.HoldLift(ids.HoldId(OTHER)),
    "erase.request": types.EraseRequest(ids.ErasureId(OTHER), ()),
    **dict.fromkeys(("erase.approve", "erase.cancel", "erase.execute"), types.EraseStep(ids.ErasureId(OTHER))),
    "erase.finish": types.EraseFinish(ids.ErasureId(OTHER), (), (), ()),
    "erase.repeat": types.EraseRepeat(
        ids.ErasureId(OTHER), (), ids.Base64("AA=="), ids.Base64("AA=="), ids.Base64("AA==")
    ),
    "case.retain": types.CaseRetain("claim", "x", ids.now()),
    "break_glass": types.BreakGlass(ids.ItemId(OTHER), "x"),
    "grant": types.Grant(ids.GrantId(OTHER), ids.KeyId(OTHER), ids.PublicKey("1" * 64), "x", ids.now(), ()),
    "revoke": types.Revoke(ids.GrantId(OTHER)),
    "read": types.Read(ids.KeyId(OTHER), (), "meta"),
    "export": types.Export(ids.ExportId(OTHER), "x", ids.Sha256("0" * 64), ()),
    "alarm.raise": types.AlarmRaise(
        *(ids.AlarmId(OTHER), ids.DeviceId(OTHER), types.Press(0, 0), "press", ids.ItemId(OTHER)),
        *(ids.Sha256("0" * 64), ids.now(), "a", ()),
    ),
    "alarm.repeat": types.AlarmRepeat(ids.AlarmId(OTHER), types.Press(0, 0), ids.Sha256("0" * 64), ids.now()),
    "alarm.deliver": types.AlarmDeliver(ids.AlarmId(OTHER), "x", "failed", "x", ids.now()),
    "alarm.close": types.AlarmClose(ids.AlarmId(OTHER), "test"),
    **dict.fromkeys(
        ("alarm.claim", "alarm.accept", "alarm.dispatch", "alarm.on_scene"), types.AlarmAct(ids.AlarmId(OTHER))
    ),
}
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
    for kind in sorted(kind for kind, signers in SIGNERS.items() if role not in signers and kind in BODIES):
        with pytest.raises(NotAllowedError) as refusal:
            authority.check(w.standing, w.say(signer, kind, BODIES[kind]), w.now)
        assert refusal.value.reason in {"role", "log-state"}, kind


def test_a_phone_cannot_write_into_another_case(book: Organisation) -> None:
    other = ids.CaseId(ids.new_id())
    book.act(
        book.caseworker,
        "case.open",
        types.CaseOpen(*two_keys(), book.team, book.caseworker.kid),
        case=other,
    )
    made = statement.sign(book.phone, "item.seal", BODIES["item.seal"], case=other, chain=book.next_link())
    refuse(book, made, "unknown-case")
    nowhere = statement.sign(
        book.phone, "item.seal", BODIES["item.seal"], case=ids.CaseId(OTHER), chain=book.next_link()
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
    book.act(book.vault, "device.revoke", types.DeviceRevoke(device), case=book.case)
    made = statement.sign(book.phone, "item.seal", BODIES["item.seal"], case=book.case, chain=book.next_link())
    refuse(book, made, "unknown-key")


def test_an_invitation_works_once_and_until_it_expires(book: Organisation) -> None:
    one_time, phone = keys.Identity.generate(), keys.Identity.generate()
    expires = ids.Time("2026-01-01T00:00:00.000Z")
    invitation = types.DeviceInvite(ids.PublicKey(one_time.sign_public.hex()), expires)
    book.act(book.caseworker, "device.invite", invitation, case=book.case)
    body = types.DeviceEnrol(ids.DeviceId(ids.new_id()), ids.PublicKey(phone.sign_public.hex()), one_time.kid)
    made = statement.sign(phone, "device.enrol", body, case=book.case, chain=Chain(0, FIRST_PREV), cosigner=one_time)
    refuse(book, made, "invitation-expired")
    authority.check(book.standing, made, ids.Time("2025-12-31T23:59:59.999Z"))
    book.standing.apply(made)
    with pytest.raises(NotAllowedError):
        authority.check(book.standing, made, ids.Time("2025-12-31T23:59:59.999Z"))


def test_an_enrolment_without_the_invitation_key_is_refused(book: Organisation) -> None:
    one_time, phone = keys.Identity.generate(), keys.Identity.generate()
    invitation = types.DeviceInvite(ids.PublicKey(one_time.sign_public.hex()), ids.Time("2099-01-01T00:00:00.000Z"))
    book.act(book.caseworker, "device.invite", invitation, case=book.case)
    body = types.DeviceEnrol(ids.DeviceId(ids.new_id()), ids.PublicKey(phone.sign_public.hex()), one_time.kid)
    alone = statement.sign(phone, "device.enrol", body, case=book.case, chain=Chain(0, FIRST_PREV))
    with pytest.raises(keys.SignatureError, match="every key"):
        authority.check(book.standing, alone, ids.now())


def test_a_grant_goes_to_a_certified_reader_with_that_very_box_key(book: Organisation) -> None:
    item = book.seal(incident())
    swapped = keys.Identity(book.investigator.sign_seed, keys.Identity.generate().box_seed)
    for reader in (keys.Identity.generate(), swapped, book.server):
        with pytest.raises(NotAllowedError) as refusal:
            book.grant(item, reader=reader)
        assert refusal.value.reason == "reader"
    grant = book.grant(item)
    assert set(book.standing.readable(book.investigator.kid, book.case, ids.now())) == {item}
    book.act(book.vault, "revoke", types.Revoke(grant.grant), case=book.case)
    assert not book.standing.readable(book.investigator.kid, book.case, ids.now())


def test_an_export_names_granted_items_only(book: Organisation) -> None:
    granted, kept = book.seal(incident()), book.seal(incident())
    book.grant(granted)
    body = types.Export(ids.ExportId(ids.new_id()), "grond", ids.Sha256("0" * 64), (granted, kept))
    made = statement.sign(book.investigator, "export", body, case=book.case)
    refuse(book, made, "not-granted")


def test_a_retired_key_signs_nothing_new(book: Organisation) -> None:
    book.act(book.root, "key.retire", types.KeyRetire(book.caseworker.kid))
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


def two_keys() -> tuple[ids.PublicKey, ids.PublicKey]:
    one = keys.Identity.generate()
    return ids.PublicKey(one.box_public.hex()), ids.PublicKey(one.sign_public.hex())

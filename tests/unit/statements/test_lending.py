"""Lending and shifts: each rule refuses what it should, and neither can silence a button or hold up an alarm."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.statements import bodies, catalogue, statement
from evidence.statements.errors import NotAllowedError
from evidence.statements.rules import authority, lending
from tests.support import published
from tests.support.organisation import Organisation


def later(days: float) -> ids.Time:
    return ids.time_of(datetime.now(UTC) + timedelta(days=days))


@pytest.fixture
def book(tmp_path: Path) -> Organisation:
    return Organisation(tmp_path)


@pytest.fixture
def device(book: Organisation) -> ids.DeviceId:
    name = ids.DeviceId(ids.new_id())
    public = ids.PublicKey(keys.Identity.generate().sign_public.hex())
    body = bodies.AlarmDeviceEnrol(name, public, "3min", "AWARE covenant 12")
    book.act(book.caseworker, "alarm_device.enrol", body, case=book.case)
    return name


def lent(device: ids.DeviceId, review: ids.Time | None = None, basis: str = "AWARE covenant 12") -> bodies.DeviceLend:
    return bodies.DeviceLend(device, "client", basis, review or later(180))


def refused(book: Organisation, kind: str, body: bodies.Body, who: keys.Identity | None = None) -> str:
    case = None if kind in catalogue.CASELESS else book.case
    made = statement.sign(who or book.caseworker, kind, body, case=case)
    with pytest.raises(NotAllowedError) as refusal:
        authority.check(book.standing, made, ids.now())
    return refusal.value.reason


def test_a_device_is_lent_looked_at_again_and_comes_back(book: Organisation, device: ids.DeviceId) -> None:
    book.act(book.caseworker, "alarm_device.lend", lent(device), case=book.case)
    known = book.standing.lendings[device]
    assert (known.body.to, known.by, known.returned_at) == ("client", book.caseworker.kid, None)

    again = later(100)
    book.act(book.caseworker, "alarm_device.review", bodies.DeviceReview(device, again), case=book.case)
    assert book.standing.lendings[device].review == again

    book.act(book.caseworker, "alarm_device.return", bodies.DeviceReturn(device, "damaged"), case=book.case)
    known = book.standing.lendings[device]
    assert (known.condition, known.returned_at is None) == ("damaged", False)
    book.act(book.caseworker, "alarm_device.lend", lent(device), case=book.case)
    assert book.standing.lendings[device].returned_at is None


def test_what_is_no_lending_is_refused(book: Organisation, device: ids.DeviceId) -> None:
    unknown = ids.DeviceId(ids.new_id())
    (phone,) = (one.device for one in book.standing.devices.values() if one.alarm is None)
    assert refused(book, "alarm_device.lend", lent(unknown)) == "unknown-device"
    assert refused(book, "alarm_device.lend", lent(phone)) == "unknown-device"
    for kind, body in (
        ("alarm_device.review", bodies.DeviceReview(device, later(1))),
        ("alarm_device.return", bodies.DeviceReturn(device, "lost")),
    ):
        assert refused(book, kind, body) == "unknown-lending"
    assert refused(book, "alarm_device.lend", lent(device, basis=" ")) == "basis"
    assert refused(book, "alarm_device.lend", lent(device, basis="x" * (lending.MAX_BASIS_CHARACTERS + 1))) == "basis"
    for review in (later(-1), later(lending.REVIEW_WITHIN.days + 1)):
        assert refused(book, "alarm_device.lend", lent(device, review)) == "review"
    book.act(book.caseworker, "alarm_device.lend", lent(device), case=book.case)
    assert refused(book, "alarm_device.lend", lent(device)) == "exists"
    assert refused(book, "alarm_device.review", bodies.DeviceReview(device, later(185))) == "review"


def test_a_device_that_was_shut_out_can_still_come_back(book: Organisation, device: ids.DeviceId) -> None:
    book.act(book.caseworker, "alarm_device.lend", lent(device), case=book.case)
    book.act(book.caseworker, "device.revoke", bodies.DeviceRevoke(device), case=book.case)
    book.act(book.caseworker, "alarm_device.return", bodies.DeviceReturn(device, "whole"), case=book.case)
    assert refused(book, "alarm_device.lend", lent(device)) == "unknown-device"


def test_her_phone_and_her_vault_have_no_say_in_it(book: Organisation, device: ids.DeviceId) -> None:
    """Whoever holds her phone, or forces her pass phrase out of her, cannot write that the button went back."""
    book.act(book.caseworker, "alarm_device.lend", lent(device), case=book.case)
    assert refused(book, "alarm_device.return", bodies.DeviceReturn(device, "whole"), book.vault) == "role"
    made = statement.sign(
        book.phone,
        "alarm_device.return",
        bodies.DeviceReturn(device, "whole"),
        case=book.case,
        chain=book.next_link(),
    )
    with pytest.raises(NotAllowedError, match="role phone"):
        authority.check(book.standing, made, ids.now())


@pytest.mark.parametrize("condition", ["whole", "damaged", "lost"])
def test_nothing_about_a_lending_silences_the_button(book: Organisation, device: ids.DeviceId, condition: str) -> None:
    book.act(book.caseworker, "alarm_device.lend", lent(device, later(0.00002)), case=book.case)
    body = bodies.DeviceReturn(device, condition)  # type: ignore[arg-type] # one of the three
    book.act(book.caseworker, "alarm_device.return", body, case=book.case)
    press = bodies.AlarmRaise(
        ids.AlarmId(ids.new_id()),
        device,
        bodies.Press(1, 1),
        "press",
        ids.ItemId(ids.new_id()),
        ids.Sha256("0" * 64),
        ids.Sha256("1" * 64),
        ids.now(),
        "a",
        (),
    )
    book.act(book.bridge, "alarm.raise", press, case=book.case)


def dispatcher(book: Organisation) -> keys.Identity:
    made = keys.Identity.generate()
    body = published.certificate(made, "dispatcher", "Daan")
    book.act(book.root, "key.publish", body)
    return made


def test_a_shift_has_one_beginning_and_one_end_by_the_same_person(book: Organisation) -> None:
    daan, noor = dispatcher(book), dispatcher(book)
    mark = bodies.ShiftMark(ids.ShiftId(ids.new_id()))
    assert refused(book, "shift.end", mark, daan) == "unknown-shift"
    book.act(daan, "shift.begin", mark)
    assert refused(book, "shift.begin", mark, daan) == "exists"
    assert refused(book, "shift.end", mark, noor) == "unknown-shift"
    book.act(daan, "shift.end", mark)
    assert refused(book, "shift.end", mark, daan) == "unknown-shift"
    known = book.standing.shifts[mark.shift]
    assert known.by == daan.kid
    assert known.ended_at is not None
    assert known.began_at <= known.ended_at


def test_a_dispatcher_may_watch_at_two_consoles(book: Organisation) -> None:
    daan = dispatcher(book)
    for _ in range(2):
        book.act(daan, "shift.begin", bodies.ShiftMark(ids.ShiftId(ids.new_id())))
    assert len(book.standing.shifts) == 2

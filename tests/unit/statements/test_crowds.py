"""Rules about a device look at it and its case, however many others there are: a crowd must not stop enrolment."""

import sys
from collections.abc import Callable
from pathlib import Path

from evidence import ids, keys
from evidence.statements import bodies, statement
from evidence.statements.rules import authority
from tests.support.organisation import Organisation

MANY = 100


def enrolment(book: Organisation, account: str) -> statement.Statement:
    public = ids.PublicKey(keys.Identity.generate().sign_public.hex())
    given = (bodies.CentreAccount("c", account),)
    body = bodies.AlarmDeviceEnrol(ids.DeviceId(ids.new_id()), public, "3min", "AWARE covenant 12", accounts=given)
    return statement.sign(book.caseworker, "alarm_device.enrol", body, case=book.case)


def calls(work: Callable[[], object]) -> int:
    """Return how many functions were called, ours and Python's own: the same on a busy machine."""
    count = 0

    def note(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_an_enrolment_costs_the_same_among_many_devices(tmp_path: Path) -> None:
    book = Organisation(tmp_path)
    first = enrolment(book, "0001")
    authority.check(book.standing, first, ids.now())  # what is read once was read
    alone = calls(lambda: authority.check(book.standing, first, ids.now()))
    for number in range(MANY):
        said = enrolment(book, f"1{number:03d}")
        book.act(book.caseworker, "alarm_device.enrol", said.body, case=book.case)
    assert calls(lambda: authority.check(book.standing, first, ids.now())) == alone

"""Lendings, the page of a device, and shifts over HTTP: for whose business it is, and for nobody else."""

from datetime import UTC, datetime, timedelta

import pytest

from evidence import ids, keys
from evidence.statements import bodies
from tests.support import published
from tests.support.server_world import CaseOfHers, Person, World, problem
from tests.support.waiting import until

SOON_DAYS = 1.5 / 86_400
"""A second and a half: long enough to be accepted as lying ahead, even when the machine is busy."""


def later(days: float) -> ids.Time:
    return ids.time_of(datetime.now(UTC) + timedelta(days=days))


@pytest.fixture
def case(world: World) -> CaseOfHers:
    return world.open_case()


def enrolled(world: World, case: CaseOfHers) -> ids.DeviceId:
    device = ids.DeviceId(ids.new_id())
    sign = ids.PublicKey(keys.Identity.generate().sign_public.hex())
    world.caseworker.act("alarm_device.enrol", bodies.AlarmDeviceEnrol(device, sign, "3min", "AWARE 12"), case.case)
    return device


def lent(world: World, case: CaseOfHers, days: float) -> ids.DeviceId:
    device = enrolled(world, case)
    world.caseworker.act("alarm_device.lend", bodies.DeviceLend(device, "client", "AWARE 12", later(days)), case.case)
    return device


def listed(world: World) -> list[dict[str, object]]:
    answer = world.caseworker.http.get("/api/v1/devices/lendings")
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, object]] = answer.json()["lendings"]
    return rows


def test_the_list_shows_overdue_reviews_first_and_returned_devices_last(world: World, case: CaseOfHers) -> None:
    long, soon = lent(world, case, 180), lent(world, case, 10)
    back, overdue = lent(world, case, 90), lent(world, case, SOON_DAYS)
    world.caseworker.act("alarm_device.return", bodies.DeviceReturn(back, "damaged"), case.case)
    until(lambda: any(row["overdue"] for row in listed(world)), "the day passes")
    mine = [row for row in listed(world) if row["case"] == case.case]
    assert [row["device"] for row in mine] == [overdue, soon, long, back]
    assert [row["overdue"] for row in mine] == [True, False, False, False]
    assert (mine[-1]["condition"], mine[-1]["in_use"]) == ("damaged", True), "what came back still raises alarms"

    world.caseworker.act("alarm_device.review", bodies.DeviceReview(overdue, later(180)), case.case)
    mine = [row for row in listed(world) if row["case"] == case.case]
    assert not any(row["overdue"] for row in mine)
    shown = world.caseworker.http.get("/api/v1/devices").json()["devices"]
    by_device = {one["device"]: one["lending"] for one in shown}
    assert by_device[soon]["basis"] == "AWARE 12"


def test_the_page_of_a_device_says_that_nothing_is_known_when_the_bridge_is_silent(
    world: World, case: CaseOfHers
) -> None:
    device = lent(world, case, 10)
    page = world.caseworker.http.get(f"/api/v1/devices/{device}").json()
    assert (page["live"], page["presses"], page["device"]["state"]) == (False, [], "unknown")
    assert page["device"]["lending"]["to"] == "client"


def test_lendings_and_pages_are_for_caseworkers_of_the_team(world: World, case: CaseOfHers) -> None:
    device = lent(world, case, 10)
    for who in (world.dispatcher, world.investigator, world.root, case.vault):
        for where in ("/api/v1/devices/lendings", f"/api/v1/devices/{device}"):
            assert problem(who.http.get(where)) == "not-found"
    for unknown in (ids.new_id(), "x", "lending"):
        assert problem(world.caseworker.http.get(f"/api/v1/devices/{unknown}")) == "not-found"


def test_a_dispatcher_cannot_lend_and_a_caseworker_cannot_watch(world: World, case: CaseOfHers) -> None:
    device = enrolled(world, case)
    lend = world.dispatcher.sign("alarm_device.lend", bodies.DeviceLend(device, "client", "x", later(1)), case.case)
    watch = world.caseworker.sign("shift.begin", bodies.ShiftMark(ids.ShiftId(ids.new_id())), None)
    for who, made in ((world.dispatcher, lend), (world.caseworker, watch)):
        answer = who.post(made)
        assert (answer.status_code, answer.json()["reason"]) == (403, "role")


def test_who_watched_when_can_be_shown(world: World) -> None:
    mark = bodies.ShiftMark(ids.ShiftId(ids.new_id()))
    world.dispatcher.act("shift.begin", mark)
    where = "/api/v1/shifts"
    newest = world.dispatcher.http.get(where).json()["shifts"][0]
    assert (newest["shift"], newest["by"], newest["ended_at"]) == (mark.shift, world.dispatcher.kid, None)
    world.dispatcher.act("shift.end", mark)
    ended = world.dispatcher.http.get(where).json()["shifts"][0]
    assert ended["ended_at"] >= ended["began_at"]
    assert (ended["taken_over_by"], ended["alarms"]) == (None, [])
    sanne = keys.Identity.generate()
    world.root.act("key.publish", published.certificate(sanne, "dispatcher", "Sanne"))
    colleague = Person(world.url, identity=sanne)
    own, alarm = ids.ShiftId(ids.new_id()), ids.AlarmId(ids.new_id())
    colleague.act("shift.begin", bodies.ShiftMark(own))
    colleague.act("shift.take_over", bodies.ShiftTakeOver(mark.shift, own, (alarm,)))
    taken = next(one for one in world.dispatcher.http.get(where).json()["shifts"] if one["shift"] == mark.shift)
    assert (taken["taken_over_by"], taken["taken_over_label"]) == (sanne.kid, "Sanne")
    assert (taken["alarms"], taken["ended_at"]) == ([alarm], ended["ended_at"])
    before = world.dispatcher.http.get(where, params={"before": ended["began_at"]}).json()["shifts"]
    assert mark.shift not in {one["shift"] for one in before}
    for who in (world.caseworker, world.investigator, world.root):
        assert problem(who.http.get(where)) == "not-found"

"""Escalation has no end but a person: rounds, lost acceptances, quick closes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from device_bridge.alarm import escalation, life, merging
from device_bridge.alarm.alarm import Alarm, Person
from device_bridge.alarm.escalation import unix_ms
from device_bridge.peers.joining import Joining
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.routes.webhook import PAGE_TYPE
from device_bridge.spool import outbox
from device_bridge.wire.message import Kind
from evidence import canonical, ids
from evidence.statements import bodies, dsse
from tests.support.bridge_world import World, world
from tests.support.escalating import act, after, delivered, on_call, outcomes, push, restart_with, shown
from tests.support.lane_threads import reading_of
from tests.support.waiting import until


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


@pytest.fixture
def memory(made: World) -> DeviceMemory:
    return made.new_device()


def known(made: World, alarm: dict[str, Any]) -> Alarm:
    return reading_of(made.bridge).alarm(ids.AlarmId(alarm["alarm"]))


def later(made: World, from_ms: int, seconds: float) -> int:
    return made.bridge.watch.look(from_ms + int(seconds * 1000))


def last_told_ms(made: World) -> int:
    return unix_ms(shown(made)["escalation"]["at"])


def test_after_the_last_stage_everybody_is_told_again_every_two_minutes(made: World, memory: DeviceMemory) -> None:
    with on_call() as (one, pages), on_call() as (two, others):
        restart_with(made, on_call=(f"duty={one}", f"chief={two}"))
        alarm = push(made, memory)
        assert [after(made, alarm, seconds) for seconds in (30, 60)] == [1, 1]
        until(lambda: len(pages) == len(others) == 1, "everybody on the list is paged")
        for number in (1, 2, 3):
            before_ms = last_told_ms(made)
            assert later(made, before_ms, 119.9) == 0
            assert later(made, before_ms, 120) == 1
            until(lambda number=number: len(pages) == len(others) == 1 + number, "and paged again")  # type: ignore[misc]
            assert shown(made)["escalation"]["rounds"] == number
            assert last_told_ms(made) >= before_ms, "consoles that were silenced hear it: the moment is a new one"
        assert [canonical.decode(dsse.parse(page, PAGE_TYPE).body)["round"] for page in pages] == [0, 1, 2, 3]
        act(made, "accept", alarm)
        act(made, "dispatch", alarm)
        assert later(made, last_told_ms(made), 3600) == 0
    sirens = [body.detail for body in delivered(made) if body.route == "console-siren"]
    assert any("round 3" in words for words in sirens)


def test_a_page_that_is_on_its_way_is_no_page_of_the_next_round(made: World, memory: DeviceMemory) -> None:
    with on_call() as (url, pages):
        restart_with(made, on_call=(f"duty={url}",))
        alarm = push(made, memory)
        made.bridge.delivery.stop()  # what is due now stays on its way
        assert [after(made, alarm, seconds) for seconds in (30, 60)] == [1, 1]
        name = ids.AlarmId(alarm["alarm"])
        with made.bridge.spool.write() as spool:
            (under_way,) = outbox.take(spool, "on-call-duty", 10**14, 9)
        for _ in range(3):
            with made.bridge.spool.write() as spool:
                outbox.tell_again(spool, name)
        with made.bridge.spool.write() as spool:
            outbox.finish(spool, under_way, delivered=True)
            assert len(outbox.take(spool, "on-call-duty", 10**14, 9)) == 1, "the round's own, and no pile of them"
        assert pages == []


def test_the_rounds_go_on_after_a_restart(made: World, memory: DeviceMemory) -> None:
    with on_call() as (url, pages):
        restart_with(made, on_call=(f"duty={url}",))
        alarm = push(made, memory)
        assert [after(made, alarm, seconds) for seconds in (30, 60)] == [1, 1]
        until(lambda: len(pages) == 1, "paged")
        restart_with(made)
        assert later(made, last_told_ms(made), 120) == 1
        until(lambda: len(pages) == 2, "paged again")


def test_an_acceptance_that_nothing_follows_comes_back_to_everybody(made: World, memory: DeviceMemory) -> None:
    with on_call() as (url, pages):
        restart_with(made, on_call=(f"duty={url}",))
        alarm = push(made, memory)
        act(made, "accept", alarm)
        accepted_ms = known(made, alarm).accepted_ms
        assert accepted_ms is not None
        assert later(made, accepted_ms, 299.9) == 0
        assert pages == []
        assert later(made, accepted_ms, 300) == 1
        assert (shown(made)["state"], shown(made)["accepted_by"]) == ("raised", None)
        assert later(made, accepted_ms, 300) == 1, "the second centres are overdue"
        assert later(made, accepted_ms, 300) == 1, "and so is who is on call"
        until(lambda: len(pages) == 1, "who is on call is paged, though it had been accepted")
        assert any("dispatched nobody in 5 minutes" in one["what"] for one in shown(made)["history"])
        act(made, "accept", alarm)
        assert shown(made)["state"] == "accepted", "the same person may take it again"


def test_a_dispatch_at_another_bridge_leaves_the_acceptance_as_it_was(made: World, memory: DeviceMemory) -> None:
    alarm = push(made, memory)
    act(made, "accept", alarm)
    there = known(made, alarm)
    accepted_ms = there.accepted_ms
    assert accepted_ms is not None
    person, name = there.acts[0].by, ids.Sha256("0" * 64)
    on_the_way = life.act(there, "dispatch", person, ids.now(), accepted_ms + 1, statement=name)
    later(made, accepted_ms, 300)
    here = known(made, alarm)
    assert here.accepted_by is None
    assert merging.merge(there, here).accepted_by is None, "lost at one bridge is lost at both"
    assert merging.merge(there, here).state == "raised"
    for both in (merging.merge(here, on_the_way), merging.merge(on_the_way, here)):
        assert (both.state, both.accepted_by) == ("dispatched", there.accepted_by)


@pytest.mark.parametrize("off_ms", [-(10**11), 10**11], ids=["behind", "ahead"])
def test_what_a_bridge_with_another_clock_did_is_counted_from_when_it_was_heard(
    made: World, memory: DeviceMemory, off_ms: int
) -> None:
    made.bridge.watch.stop()
    alarm = push(made, memory)
    here = known(made, alarm)
    at_ms = unix_ms(here.raised_at) + off_ms
    there = life.act(here, "accept", person_of(made), ids.time_of_ms(at_ms), at_ms, statement=ids.Sha256("1" * 64))
    joining, heard_ms = Joining(made.organisation.bridge, made.bridge.intake), unix_ms(ids.now())
    with made.bridge.spool.write() as spool:
        joining.join(spool, there, [])
    assert later(made, heard_ms, 299) == 0
    assert known(made, alarm).accepted_by is not None, "nobody takes it from who accepted it"
    assert later(made, heard_ms, 310) == 1
    assert known(made, alarm).accepted_by is None
    for seconds in (310, 310):
        later(made, heard_ms, seconds)
    here = known(made, alarm)
    assert here.stage == 2
    told = escalation.again(here, ids.time_of_ms(unix_ms(ids.now()) + off_ms))
    heard_ms = unix_ms(ids.now())
    with made.bridge.spool.write() as spool:
        joining.join(spool, told, [])
    assert later(made, heard_ms, 119) == 0
    assert later(made, heard_ms, 125) == 1, "the next round comes, whatever the other bridge's clock says"


def person_of(made: World) -> Person:
    return made.bridge.registry.dispatcher(made.organisation.dispatcher.kid)[0]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_an_on_call_service_that_says_not_now_is_tried_again(made: World, memory: DeviceMemory, status: int) -> None:
    with answering(status, 202) as (url, asked):
        restart_with(made, on_call=(f"duty={url}",))
        alarm = push(made, memory)
        after(made, alarm, 60)
        after(made, alarm, 60)
        until(lambda: outcomes(made).get("on-call-duty") == "delivered", "it is tried again")
        assert len(asked) == 2


def test_a_refusal_for_good_ends_this_round_and_not_the_next(made: World, memory: DeviceMemory) -> None:
    with answering(404, 202) as (url, asked):
        restart_with(made, on_call=(f"duty={url}",))
        alarm = push(made, memory)
        after(made, alarm, 60)
        after(made, alarm, 60)
        until(lambda: outcomes(made).get("on-call-duty") == "failed", "it refused")
        assert len(asked) == 1
        later(made, last_told_ms(made), 120)
        until(lambda: outcomes(made).get("on-call-duty") == "delivered", "the next round asks again")


@pytest.mark.parametrize(
    ("reason", "passed_s", "looked_at"),
    [
        ("genuine", 30, True),
        ("genuine", 61, False),
        ("accidental", 600, True),
        ("technical", 600, True),
    ],
)
def test_a_close_that_is_quick_or_calls_it_none_is_looked_at_twice(
    made: World,
    memory: DeviceMemory,
    reason: bodies.CloseReason,
    passed_s: int,
    looked_at: bool,  # noqa: FBT001 - a column
) -> None:
    alarm = push(made, memory)
    act(made, "accept", alarm)
    at = ids.time_of_ms(unix_ms(alarm["raised_at"]) + passed_s * 1000)
    person = known(made, alarm).accepted_by
    assert person is not None
    closed = life.act(known(made, alarm), "close", person, at, unix_ms(at), reason)
    assert ("second-look" in closed.flags) is looked_at


def test_a_quick_close_stands_in_the_journal_where_her_caseworker_sees_it(made: World, memory: DeviceMemory) -> None:
    alarm = push(made, memory)
    act(made, "accept", alarm)
    act(made, "close", alarm, "genuine")
    assert "second-look" in shown(made)["flags"]
    (report,) = [body for body in delivered(made) if body.route == "second-look"]
    assert report.detail == "closed as genuine: every desk is asked to look at it too"


def test_the_close_of_a_test_is_no_matter_for_two(made: World, memory: DeviceMemory) -> None:
    with made.bridge.spool.write() as spool:
        spool.open_test_window(memory.device, 10**14)
    alarm = push(made, memory, kind=Kind.TEST)
    act(made, "accept", alarm)
    act(made, "close", alarm, "test")
    assert "second-look" not in shown(made)["flags"]


@contextmanager
def answering(*statuses: int) -> Iterator[tuple[str, list[bytes]]]:
    """Run an on-call address that answers with each of these in turn, the last one for ever."""
    asked: list[bytes] = []

    class Pager(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(statuses[min(len(asked), len(statuses)) - 1])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Pager)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

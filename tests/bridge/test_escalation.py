"""When nobody accepts: each step comes in time, is in the journal, survives a kill, and closes nothing.

The bridge, its spool, its feed, the DC-09 receivers and the address that is called are real; only the clock is asked
what it will show in half a minute.
"""

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.routes.webhook import PAGE_TYPE
from device_bridge.wire.message import Kind, Told
from evidence import canonical, ids, keyfile
from evidence.statements import dsse
from tests.support.bridge_world import World, bridge_process, world
from tests.support.escalating import KEY, after, delivered, on_call, outcomes, push, restart_with, shown, silent
from tests.support.lane_threads import new_bridge, reading_of
from tests.support.ports import free_port, free_ports
from tests.support.waiting import patience, until


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


@pytest.fixture
def memory(made: World) -> DeviceMemory:
    return made.new_device()


def test_nobody_accepts_and_each_step_is_shown_and_in_the_journal(made: World, memory: DeviceMemory) -> None:
    with on_call() as (url, pages):
        keyfile.load_or_create(made.settings.secrets / "alarm-centre-second.key", lambda: KEY.hex().encode())
        nobody = free_port()
        restart_with(made, second_centres=(f"second=127.0.0.1:{nobody}",), on_call=(f"duty={url}",))
        alarm = push(made, memory)
        assert after(made, alarm, 29.9) == 0
        assert shown(made)["escalation"] is None
        assert "dc09-second" not in outcomes(made)

        assert after(made, alarm, 30) == 1
        assert shown(made)["escalation"]["stage"] == 1
        until(lambda: outcomes(made).get("dc09-second") == "failed", "the second centre was tried")
        assert pages == []

        assert after(made, alarm, 60) == 1
        assert after(made, alarm, 60) == 0, "each step is taken once"
        until(lambda: outcomes(made).get("on-call-duty") == "delivered", "the person on call was paged")
        assert shown(made)["escalation"]["stage"] == 2
        assert (shown(made)["state"], shown(made)["closed"]) == ("delivered", None)

        page = dsse.parse(pages[0], PAGE_TYPE)
        dsse.verify(page, {made.organisation.bridge.kid: made.organisation.bridge.sign_public})
        told = canonical.decode(page.body)
        assert (told["alarm"], told["kind"]) == (alarm["alarm"], "press")
        assert "51.9" not in json.dumps(told)
        reported = {(body.route, body.outcome) for body in delivered(made)}
        assert reported >= {
            ("console-siren", "failed"),
            ("dc09-second", "failed"),
            ("on-call-duty", "delivered"),
            ("device", "failed"),
        }, "no console listens and no broker is there: both are said"


def test_what_is_not_set_up_is_said(made: World, memory: DeviceMemory) -> None:
    alarm = push(made, memory)
    after(made, alarm, 60)
    after(made, alarm, 60)
    assert outcomes(made).items() >= {"second-centre": "failed", "on-call": "failed"}.items()


def test_acceptance_ends_it_and_nobody_else_is_called(made: World, memory: DeviceMemory) -> None:
    with on_call() as (url, pages):
        restart_with(made, on_call=(f"duty={url}",))
        alarm, people = push(made, memory), made.organisation
        for act in ("accept", "dispatch"):
            made.bridge.acts.carry_out(ids.AlarmId(alarm["alarm"]), people.act(people.dispatcher, act, alarm["alarm"]))
            assert after(made, alarm, 240) == 0
        assert after(made, alarm, 3600) == 0
        assert (shown(made)["escalation"], pages) == (None, [])
        assert reading_of(made.bridge).sql.execute("SELECT count(*) FROM held").fetchone() == (0,), "forgotten"


def test_a_test_wakes_nobody(made: World, memory: DeviceMemory) -> None:
    with made.bridge.spool.write() as spool:
        spool.open_test_window(memory.device, 10**14)
    alarm = push(made, memory, kind=Kind.TEST)
    assert (alarm["kind"], after(made, alarm, 3600)) == ("test", 0)


def test_a_receiver_that_hangs_is_passed_by_after_five_seconds(made: World, memory: DeviceMemory) -> None:
    refused = free_port()
    with silent() as primary:
        keyfile.load_or_create(made.settings.secrets / "alarm-centre-c.key", lambda: KEY.hex().encode())
        restart_with(made, alarm_centres=(f"c=127.0.0.1:{primary}|127.0.0.1:{refused}",))
        alarm = push(made, memory)
        assert after(made, alarm, 4.9) == 0
        until(lambda: after(made, alarm, 5) == 1 or "dc09-c-alternate" in outcomes(made), "its turn")
        until(lambda: outcomes(made).get("dc09-c-alternate") == "failed", "the alternate was tried")
        assert outcomes(made)["dc09-c"] == "failed"
    words = {body.detail for body in delivered(made) if body.route == "dc09-c"}
    assert "no answer in 5 s: its alternate receiver is tried" in words


def test_a_receiver_that_cannot_be_reached_is_passed_by_at_once(made: World, memory: DeviceMemory) -> None:
    dead, refused = free_ports(2)
    keyfile.load_or_create(made.settings.secrets / "alarm-centre-c.key", lambda: KEY.hex().encode())
    restart_with(made, alarm_centres=(f"c=127.0.0.1:{dead}|127.0.0.1:{refused}",))
    push(made, memory)
    until(lambda: outcomes(made).get("dc09-c-alternate") == "failed", "the alternate was tried", 4)


@pytest.mark.need("nats-server")
def test_a_bridge_that_was_killed_keeps_its_deadlines_and_tells_the_device_to_call_112(tmp_path: Path) -> None:
    port = free_port()
    with world(tmp_path, count=1) as made:
        memory = made.new_device()
        made.bridge.stop()
        with ExitStack() as switched_off_at_the_end:
            with bridge_process(made, port) as process:
                device = switched_off_at_the_end.enter_context(made.switched_on(memory))
                press = device.press()
                assert device.wait(press, Told.STORED, patience(20)) is not None
                process.send_signal(signal.SIGKILL)
                process.wait()
            made.bridge = new_bridge(made.settings)
            made.bridge.start()
            until(made.bridge.feed._view.alarms, "the alarm is there")
            until(lambda: after(made, shown(made), 60) == 0, "both steps")
            assert shown(made)["escalation"]["stage"] == 2
            device.heartbeat()
            assert device.wait(press, Told.CALL_112, patience(20)) is not None
            people, name = made.organisation, shown(made)["alarm"]
            made.bridge.acts.carry_out(ids.AlarmId(name), people.act(people.dispatcher, "accept", name))
            assert device.wait(press, Told.ACCEPTED, patience(10)) is not None, "a human may still come"

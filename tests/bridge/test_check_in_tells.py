"""Whom she named in a check-in: told by the on-call service at once, beside the desk, and read by nobody on the way."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from device_bridge.alarm.escalation import unix_ms
from device_bridge.cli import commands
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.routes.webhook import PAGE_TYPE
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, UpTopic
from evidence import canonical, keys
from evidence.statements import dsse
from server.alarms import merging
from tests.support.bridge_world import World, world
from tests.support.escalating import on_call, outcomes, restart_with, shown
from tests.support.lane_threads import new_bridge
from tests.support.waiting import until

HERE = Location(51.9244, 4.4777, 12, 3, "gps")
SISTER = "+31 6 12345678"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def promise(made: World, memory: DeviceMemory, tell: bytes | None) -> None:
    """Promise what is over already, and let the bridge find that it is."""
    topic, wall_ms = str(UpTopic(memory.device, Lane.ALARM)), time.time_ns() // 1_000_000 - 60_000
    said = DeviceMessage(memory.device, PressId(1, 1), 0, wall_ms, 2, Kind.CHECK_IN, 50, "t", HERE, None, 60, tell=tell)
    body = message.seal(said, memory.identity, topic)
    httpx.post(made.press_url, params={"topic": topic}, content=body).raise_for_status()
    made.bridge.taking.take()
    made.bridge.overdue.look(time.time_ns() // 1_000_000 + 3_600_000)


def told(pages: list[bytes]) -> list[dict[str, Any]]:
    return [canonical.decode(dsse.parse(page, PAGE_TYPE).body) for page in pages]


def test_her_people_are_told_at_once_and_the_desk_as_well(made: World) -> None:
    with on_call() as (url, pages):
        restart_with(made, on_call=(f"duty={url}",))
        memory, box = made.new_device(), made.organisation.bridge.box_public
        promise(made, memory, keys.seal_box(box, f"{SISTER}\nx\x00y\n{'9' * 101}\n".encode()))
        until(lambda: pages, "the on-call service is told")
        (page,) = told(pages)
        assert (page["kind"], page["tell"]) == ("overdue", [SISTER])
        until(lambda: {"console-feed", "on-call-duty"} <= outcomes(made).keys(), "the desk hears of it too")
        assert shown(made)["escalation"] is None
        made.sealed()
        made.bridge.stop()
        folder = made.settings.folder
        assert not [one for one in folder.rglob("*") if one.is_file() and SISTER.encode() in one.read_bytes()]
        made.bridge = new_bridge(made.settings)
        made.bridge.start()


@pytest.mark.parametrize("odd", [None, b"sealed to nobody", b""], ids=["nobody", "unreadable", "empty"])
def test_what_cannot_be_read_names_nobody_and_the_desk_hears_of_it(made: World, odd: bytes | None) -> None:
    with on_call() as (url, pages):
        restart_with(made, on_call=(f"duty={url}",))
        promise(made, made.new_device(), odd)
        until(lambda: "console-feed" in outcomes(made), "the desk hears of it")
        assert shown(made)["kind"] == "overdue"
        assert all("tell" not in page for page in told(pages))
        assert odd is not None or not pages, "nobody is paged before their turn"


def test_people_are_named_at_the_command_line_with_the_key_that_they_are_sealed_to(tmp_path: Path) -> None:
    memory = DeviceMemory.create(tmp_path / "device", bridge_key="ab" * 32, brokers=("mqtt://127.0.0.1:1",))
    told = CliRunner().invoke(commands, ["device", "check-in", str(tmp_path / "device"), "45m", "--tell", SISTER])
    assert told.exit_code != 0
    assert "--bridge-box" in told.output + str(told.exception)
    assert memory.state.counter == 0
    for wrong in ("45", "m", "9x", "59s", "25h"):
        wrongly = CliRunner().invoke(commands, ["device", "check-in", str(tmp_path / "device"), wrong])
        assert wrongly.exit_code != 0, wrong


def test_while_she_is_awaited_consoles_hear_how_many_and_until_when_and_nobody_hears_who(made: World) -> None:
    memories = [made.new_device(f"button-{number}") for number in range(2)]
    before = made.bridge.feed._view.health()["check_ins"]
    assert before == {"awaited": 0, "first_at": None}
    now_ms = time.time_ns() // 1_000_000
    for memory, wait_s in zip(memories, (7200, 3600), strict=True):
        topic = str(UpTopic(memory.device, Lane.ALARM))
        said = DeviceMessage(memory.device, PressId(1, 1), 0, now_ms, 2, Kind.CHECK_IN, 50, "t", HERE, None, wait_s)
        body = message.seal(said, memory.identity, topic)
        httpx.post(made.press_url, params={"topic": topic}, content=body).raise_for_status()
    until(lambda: made.bridge.feed._view.health()["check_ins"]["awaited"] == 2, "both are taken in")
    health = made.bridge.feed._view.health()
    assert abs(unix_ms(health["check_ins"]["first_at"]) - now_ms - 3_600_000) < 60_000
    assert not [memory for memory in memories if memory.device in str(health)]
    assert merging.health([health, {**health, "check_ins": before}])["check_ins"] == health["check_ins"]

"""A device's page: silences have a length, tests a due date, presses an end; nothing on it says where anybody is."""

import json
from pathlib import Path
from typing import Any

import httpx

from device_bridge.alarm import life
from device_bridge.alarm.alarm import Person, Received
from device_bridge.spool.connection import Spool
from device_bridge.supervision import device_page
from device_bridge.supervision.rules import TEST_EVERY_MS
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, UpTopic
from evidence import ids
from tests.support.bridge_world import world
from tests.support.pressing import kept
from tests.support.waiting import until

DEVICE = ids.DeviceId("ab" * 16)
HOUR_MS = 3_600_000


def opened(tmp_path: Path, *changes: tuple[int, list[str]]) -> Spool:
    spool = Spool(tmp_path / "spool.db")
    with spool.write() as writing:
        for at_ms, reasons in changes:
            writing.sql.execute(
                "INSERT INTO device_history (device, at_ms, reasons) VALUES (?, ?, ?)",
                (DEVICE, at_ms, json.dumps(reasons)),
            )
    return spool


def test_a_silence_lasts_from_the_first_word_of_it_to_the_last(tmp_path: Path) -> None:
    spool = opened(
        tmp_path,
        (0, []),
        (1 * HOUR_MS, ["silent"]),
        (2 * HOUR_MS, ["battery", "silent"]),
        (4 * HOUR_MS, ["battery"]),
        (6 * HOUR_MS, ["silent"]),
    )
    assert device_page.missed_deadlines(spool.read(), DEVICE, 7 * HOUR_MS) == [
        {"since_ms": 6 * HOUR_MS, "for_ms": HOUR_MS},
        {"since_ms": HOUR_MS, "for_ms": 3 * HOUR_MS},
    ]
    spool.close()


def test_the_next_test_is_two_weeks_after_the_last_or_after_it_was_first_watched(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    assert device_page.due_test_ms(spool.read(), DEVICE) is None
    with spool.write() as writing:
        writing.sql.execute("INSERT INTO device_heard VALUES (?, ?, ?, ?)", (DEVICE, HOUR_MS, HOUR_MS, 80))
    assert device_page.due_test_ms(spool.read(), DEVICE) == HOUR_MS + TEST_EVERY_MS
    with spool.write() as writing:
        writing.note_test(DEVICE, 5 * HOUR_MS)
    assert device_page.due_test_ms(spool.read(), DEVICE) == 5 * HOUR_MS + TEST_EVERY_MS
    spool.close()


def test_presses_are_shown_with_their_end_and_without_a_place(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    here = Location(51.9244, 4.4777, 12, 3, "gps")
    pushed = DeviceMessage(DEVICE, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", here)
    received = Received(HOUR_MS, ids.now(), "a")
    case = ids.CaseId("cd" * 16)
    press = kept(pushed, received)
    alarm = life.raise_alarm(ids.AlarmId("ef" * 16), press, case=case, kind="press", flags=press.flags)
    who = Person(ids.KeyId("12" * 16), "Daan")
    alarm = life.act(alarm, "accept", who, ids.now(), HOUR_MS)
    alarm = life.act(alarm, "close", who, ids.now(), HOUR_MS, "accidental")
    with spool.write() as writing:
        writing.save_alarm(alarm)
    (shown,) = device_page.presses(spool.read(), DEVICE)
    assert (shown["kind"], shown["state"], shown["reason"]) == ("press", "closed", "accidental")
    assert shown["accepted_at"] is not None
    assert "51.9" not in json.dumps(shown)
    assert device_page.presses(spool.read(), ids.DeviceId("00" * 16)) == []
    spool.close()


def test_the_page_of_a_running_bridge_has_the_press_and_the_next_test(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        topic = str(UpTopic(memory.device, Lane.ALARM))
        said = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", None)
        body = message.seal(said, memory.identity, topic)
        httpx.post(made.press_url, params={"topic": topic}, content=body).raise_for_status()
        made.bridge.taking.take()
        where = made.press_url.replace("/press", f"/devices/{memory.device}")
        headers = {"Authorization": f"Bearer {made.settings.token_file.read_text().strip()}"}
        assert httpx.get(where).status_code == 401
        page = until(lambda: _page_with_a_due_date(where, headers), "the device is watched")
        assert [one["kind"] for one in page["presses"]] == ["press"]
        assert (page["device"]["device"], page["missed"]) == (memory.device, [])
        assert httpx.get(where[:-1] + "x", headers=headers).status_code == 422


def _page_with_a_due_date(where: str, headers: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    page = httpx.get(where, headers=headers).json()
    return page if page["test_due"] else None

"""The rows of a day: each press counted once and by its end, and the page, the bridge and the command say the same."""

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import httpx
from typer.testing import CliRunner

from device_bridge.alarm import life
from device_bridge.alarm.alarm import Alarm, Person, Received
from device_bridge.alarm.press import Pressed
from device_bridge.cli import commands
from device_bridge.figures import days
from device_bridge.spool import presses
from device_bridge.spool.connection import Spool
from device_bridge.spool.devices import Heard
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from evidence import ids
from evidence.statements.bodies import AlarmKind, CloseReason
from tests.support.bridge_world import world
from tests.support.lane_threads import reading_of
from tests.support.pressing import kept

START = 1_790_000_000_000
WHO = Person(ids.KeyId(ids.new_id()), "Bakker")
ONE, OTHER, SILENT = (ids.DeviceId(number * 32) for number in "123")


def at(ms: int) -> ids.Time:
    return ids.time_of_ms(ms)


def alarm(
    device: ids.DeviceId, reason: CloseReason | None = None, kind: AlarmKind = "press", accepted_s: int = 5
) -> Alarm:
    """Return an alarm of a device that was accepted, and closed after two minutes when there is a reason."""
    sort = {
        "press": Kind.PRESS,
        "duress": Kind.DURESS,
        "test": Kind.TEST,
        "tamper": Kind.TAMPER,
        "overdue": Kind.PRESS,
    }[kind]
    said = DeviceMessage(device, PressId(1, 1), 0, START, 0, sort, None, "", None)
    press = kept(said, Received(START, at(START), "a"))
    made = life.raise_alarm(ids.AlarmId(ids.new_id()), press, case=ids.CaseId(ids.new_id()), kind=kind, flags=())
    accepted = START + accepted_s * 1000
    made = life.act(made, "accept", WHO, at(accepted), accepted)
    return made if reason is None else life.act(made, "close", WHO, at(START + 120_000), START + 120_000, reason)


def test_each_press_is_counted_once_and_by_its_end() -> None:
    alarms = [
        alarm(ONE, "genuine"),
        alarm(ONE, "accidental", accepted_s=40),
        alarm(ONE, kind="duress"),
        alarm(ONE, "test", kind="test"),
        alarm(ONE, kind="tamper"),
        alarm(OTHER, "technical", kind="overdue"),
    ]
    heard = {ONE: Heard(0, START, 14), SILENT: Heard(0, None, None)}
    rows = {row.device: row for row in days.of_devices(alarms, heard, {ONE: START}, START + 200_000)}
    assert rows.keys() == {ONE, OTHER, SILENT}
    one = rows[ONE]
    assert (one.presses, one.open, one.genuine, one.accidental, one.tests, one.tampered) == (3, 1, 1, 1, 1, 1)
    assert (one.late, one.second_looks) == (1, 1)
    assert (one.battery, one.heard_at, one.tested_at) == (14, at(START), at(START))
    assert (rows[OTHER].presses, rows[OTHER].overdue, rows[OTHER].technical, rows[OTHER].battery) == (1, 1, 1, None)
    assert rows[SILENT] == days.DeviceDay(SILENT)
    sums = days.total(rows.values())
    assert sums["presses"] == sum(sums[ended] for ended in ("open", "genuine", "accidental", "test", "technical")) == 4


def test_bridge_and_command_say_the_same_of_a_day_and_nothing_of_another(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        topic = str(UpTopic(memory.device, Lane.ALARM))
        said = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", None)
        body = message.seal(said, memory.identity, topic)
        httpx.post(made.press_url, params={"topic": topic}, content=body, trust_env=False).raise_for_status()
        made.bridge.taking.take()
        (raised,) = reading_of(made.bridge).newest_alarms(1)
        here = ids.moment_of(raised.raised_at).astimezone().date()  # a day of this machine, as the command means it
        begin, end = (datetime.combine(day, time()).astimezone() for day in (here, here + timedelta(days=1)))
        token = made.settings.token_file.read_text().strip()
        asked = httpx.get(
            made.press_url.replace("/press", "/days"),
            params={"since": ids.time_of(begin), "until": ids.time_of(end)},
            headers={"Authorization": f"Bearer {token}"},
        ).json()["devices"]
        assert _command(tmp_path, here, "--json") == json.dumps({"day": str(here), "devices": asked})
        (row,) = (one for one in asked if one["device"] == memory.device)
        assert (row["presses"], row["open"]) == (1, 1)
        assert f"device {memory.device}: 1 presses, 0 closed as none" in _command(tmp_path, here)
        before = json.loads(_command(tmp_path, here - timedelta(days=1), "--json"))["devices"]
        assert sum(one["presses"] for one in before) == 0


def test_presses_of_a_folded_alarm_count_in_the_one_that_stays_also_where_nobody_heard_of_it(tmp_path: Path) -> None:
    """One spool has the old alarm open with two presses, the other knows that it is another alarm, and has one."""
    stays, gone = ids.AlarmId("a" * 32), ids.AlarmId("b" * 32)
    pushes = [
        kept(
            DeviceMessage(ONE, PressId(1, n), 0, START, 0, Kind.PRESS, None, "", None), Received(START, at(START), "a")
        )
        for n in (1, 2, 3)
    ]
    case = ids.CaseId(ids.new_id())
    first, orphan = (
        life.raise_alarm(name, press, case=case, kind="press", flags=(), orphan=orphan or None)
        for name, press, orphan in ((stays, pushes[0], False), (gone, pushes[1], True))
    )
    orphan = life.act(life.repeat(orphan, pushes[2], ()), "accept", WHO, at(START + 5_000), START + 5_000)
    spools: dict[str, list[tuple[Alarm, list[Pressed]]]] = {
        "late": [(orphan, pushes[1:])],
        "heard": [(first, pushes[:2]), (replace(orphan, folded_into=stays), [])],
    }
    for name, has in spools.items():
        with Spool(tmp_path / name / "spool.db") as spool, spool.write() as writing:
            for alarm_here, presses_here in has:
                writing.save_alarm(alarm_here)
                for press in presses_here:
                    presses.remember(writing, press, alarm_here.alarm)
    given = [word for name in spools for word in ("--spool", str(tmp_path / name))]
    here = ids.moment_of(first.raised_at).astimezone().date()
    (row,) = json.loads(_command(tmp_path, here, "--json", *given))["devices"]
    assert (row["presses"], row["again"], row["late"]) == (1, 2, 0), "accepted in time, by an act on the old one"
    shown = CliRunner().invoke(commands, ["alarms", "report", "--days", "3660", *given])
    assert shown.output.startswith("1 alarms ")
    assert f"alarm {gone} is alarm {stays}: what first stood in it counts there" in shown.output


def _command(data: Path, day: date, *more: str) -> str:
    shown = CliRunner().invoke(commands, ["alarms", "report", "--data", str(data), "--day", str(day), *more])
    assert shown.exit_code == 0, shown.output
    return shown.output.strip()

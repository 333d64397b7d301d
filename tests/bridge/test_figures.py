"""The figures of alarms: percentiles that were really measured, deadlines, availability, and how they are shown."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from device_bridge.alarm import escalation, life
from device_bridge.alarm.alarm import Alarm, Person, Received, RouteReport
from device_bridge.cli import commands
from device_bridge.figures import report
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from evidence import ids
from evidence.statements.bodies import AlarmKind
from tests.support.bridge_world import world
from tests.support.lane_threads import reading_of
from tests.support.many_bridges import several
from tests.support.pressing import kept
from tests.support.waiting import until

START = 1_790_000_000_000
WHO = Person(ids.KeyId(ids.new_id()), "Bakker")


_NAMED: dict[Kind, AlarmKind] = {Kind.PRESS: "press", Kind.TEST: "test", Kind.DURESS: "duress", Kind.TAMPER: "tamper"}


def at(ms: int) -> ids.Time:
    return ids.time_of(datetime.fromtimestamp(ms / 1000, UTC))


def alarm(accepted_ms: int | None, kind: Kind = Kind.PRESS) -> Alarm:
    """Return an alarm that was delivered after 40 ms and, if at all, accepted after `accepted_ms`."""
    said = DeviceMessage(ids.DeviceId(ids.new_id()), PressId(1, 1), 0, START - 2000, 2, kind, None, "", None)
    press, case = kept(said, Received(START, at(START), "a")), ids.CaseId(ids.new_id())
    made = life.raise_alarm(ids.AlarmId(ids.new_id()), press, case=case, kind=_NAMED[kind], flags=())
    made = life.report(made, RouteReport("console-siren", "delivered", "x", at(START + 1)))
    made = life.report(made, RouteReport("dc09-1", "delivered", "x", at(START + 40)))
    if accepted_ms is None:
        return escalation.escalate(made, 1, at(START + 30_000))
    return life.act(made, "accept", WHO, at(START + accepted_ms), START + accepted_ms)


def test_stages_deadlines_and_tests_are_told_apart() -> None:
    alarms = [alarm(5_000), alarm(20_000), alarm(40_000), alarm(None), alarm(None, Kind.TEST)]
    made = report.report(alarms, START + 90_000)
    assert (made.alarms, made.tests, made.open, made.escalated) == (4, 1, 4, 1)
    stages = {one.stage: one for one in made.stages}
    assert stages["received → delivered"] == report.Spread("received → delivered", 4, (40, 40, 40), 40)
    assert stages["received → dc09-1"] == report.Spread("received → dc09-1", 4, (40, 40, 40), 40)
    assert "received → console-siren" not in stages, "the siren is no dispatcher"
    assert stages["received → accepted"] == report.Spread("received → accepted", 3, (20_000, 40_000, 40_000), 40_000)
    assert stages["pressed → received"].worst == 2000
    assert "received → closed" not in stages, "what did not happen has no figure"
    assert made.missed == {10: 3, 30: 2, 60: 1}


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_a_percentile_was_really_measured(values: list[int]) -> None:
    made = report.spread("x", values)
    assert set(made.percentiles) <= set(values)
    assert list(made.percentiles) == sorted(made.percentiles)
    assert sum(value <= made.percentiles[0] for value in values) * 2 >= len(values)
    assert made.worst == max(values) >= made.percentiles[-1]


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ([(0, True)], 1.0),
        ([(0, False)], 0.0),
        ([(0, True), (150, False)], 0.5),
        ([(0, True), (125, False), (175, True)], 0.5),
        ([(150, True)], 1.0),
        ([(300, True)], None),
        ([], None),
    ],
)
def test_availability_counts_only_what_was_watched(changes: list[tuple[int, bool]], share: float | None) -> None:
    made = report.availability("x", changes, 100, 200)
    assert (None if made is None else made.share) == share


UP, DOWN, AWAY = True, False, None


@pytest.mark.parametrize(
    ("watchers", "joined"),
    [
        ([], []),
        ([[(1, UP), (5, DOWN)]], [(1, UP), (5, DOWN)]),
        ([[(1, UP), (5, DOWN)], [(3, UP)]], [(1, UP)]),
        ([[(1, UP), (5, DOWN)], [(2, DOWN), (9, UP)]], [(1, UP), (5, DOWN), (9, UP)]),
        ([[(1, UP), (4, AWAY)], [(2, DOWN)]], [(1, UP), (4, DOWN)]),
        ([[(1, UP), (4, AWAY)], [(2, DOWN), (3, AWAY)]], [(1, UP)]),
    ],
)
def test_what_works_at_any_bridge_works(watchers: list[list[report.Change]], joined: list[tuple[int, bool]]) -> None:
    assert report.at_any(watchers) == joined


@pytest.mark.need("nats-server")
def test_two_bridges_spools_tell_of_each_alarm_once_by_its_earliest_moments(tmp_path: Path) -> None:
    """Bridge 2 is stopped after it heard of one alarm, bridge 1 before the other: only both spools know everything."""
    with several(tmp_path) as made:
        memory, later = made.world.new_device(), made.world.new_device("later")
        made.knows(later.device)
        press(made.world.press_url, memory)
        made.agree()
        first = made.alarms(0)[0]
        made.stop(1)
        who = made.world.organisation
        for act, reason in (("accept", None), ("close", "genuine")):
            made.bridges[0].acts.carry_out(first.alarm, who.act(who.dispatcher, act, first.alarm, reason))  # type: ignore[arg-type] # a reason
        accepted = next(done.at for done in made.alarms(0)[0].acts if done.what == "accept")
        made.stop(0)
        made.start(1)
        press(f"http://127.0.0.1:{made.bridges[1].feed_port}/press", later)
        until(lambda: len(made.alarms(1)) == 2, "the second alarm is at bridge 2 alone")
        folders = [str(one.folder) for one in made.settings]
        both, alone, second = reported(tmp_path), reported(tmp_path, folders[0]), reported(tmp_path, folders[1])
        counts = [(one["alarms"], one["open"], one["spools"]) for one in (both, alone, second)]
        assert counts == [(2, 1, 2), (1, 0, 1), (2, 2, 1)]
        stages = {one["stage"]: one for one in both["stages"]}
        assert stages["received → accepted"]["count"] == 1
        assert stages["received → accepted"]["worst"] == escalation.unix_ms(accepted) - escalation.unix_ms(
            min(first.raised_at, *(one.raised_at for one in made.alarms(1) if one.alarm == first.alarm))
        )
        assert reported(tmp_path, *folders)["stages"] == both["stages"]
        made.start(0)


def press(url: str, memory: DeviceMemory) -> None:
    """Bring one press to one bridge, over HTTP."""
    topic = str(UpTopic(memory.device, Lane.ALARM))
    said = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", None)
    body = message.seal(said, memory.identity, topic)
    httpx.post(url, params={"topic": topic}, content=body, trust_env=False).raise_for_status()


def reported(data: Path, *spools: str) -> dict[str, Any]:
    """Return what the command prints about the spools of a data folder, or about those given."""
    given = [word for one in spools for word in ("--spool", one)]
    shown = CliRunner().invoke(commands, ["alarms", "report", "--data", str(data), "--json", *given])
    assert shown.exit_code == 0, shown.output
    return dict(json.loads(shown.output))


def test_the_command_reads_the_spool_of_a_running_bridge(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        press(made.press_url, memory)
        (alarm,) = reading_of(made.bridge).newest_alarms(1)
        people = made.organisation
        made.bridge.acts.carry_out(alarm.alarm, people.act(people.dispatcher, "accept", alarm.alarm))
        until(
            lambda: reading_of(made.bridge).sql.execute("SELECT 1 FROM route_history").fetchone(), "routes are watched"
        )
        shown = CliRunner().invoke(commands, ["alarms", "report", "--data", str(tmp_path), "--json"])
        assert shown.exit_code == 0, shown.output
        told = json.loads(shown.output)
        assert (told["alarms"], told["open"], told["escalated"]) == (1, 1, 0)
        assert "received → accepted" in {one["stage"] for one in told["stages"]}
        assert [(one["name"], one["share"]) for one in told["routes"]] in ([], [("console-feed", 0.0)])
        assert memory.device not in json.dumps(told["stages"])
        headers = {"Authorization": f"Bearer {made.settings.token_file.read_text().strip()}"}
        where = made.press_url.replace("/press", "/metrics")
        assert httpx.get(where).status_code == 401
        until(lambda: (lane := made.bridge.lane.status) is not None and sum(lane.stored) == 1, "the lane says so")
        page = httpx.get(where, headers=headers)
        parsed = {family.name: family for family in text_string_to_metric_families(page.text)}
        stored = {
            one.name: one.value for one in parsed["getuige_bridge_press_stored_seconds"].samples if not one.labels
        }
        assert stored["getuige_bridge_press_stored_seconds_count"] == 1
        assert parsed["getuige_bridge_devices_enrolled"].samples[0].value == 1
        assert memory.device not in page.text
        plain = CliRunner().invoke(commands, ["alarms", "report", "--data", str(tmp_path)])
        assert "not accepted within 30 s: 0" in plain.output
    absent = CliRunner().invoke(commands, ["alarms", "report", "--data", str(tmp_path / "nothing")])
    assert absent.exit_code != 0

"""The figures of alarms: percentiles that were really measured, deadlines, availability, and how they are shown."""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from device_bridge import alarm as life
from device_bridge import escalation, figures, message
from device_bridge.cli import commands
from device_bridge.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from evidence import ids
from tests.bridge_world import until, world

START = 1_790_000_000_000
WHO = life.Person(ids.KeyId(ids.new_id()), "Bakker")


def at(ms: int) -> ids.Time:
    return ids.time_of(datetime.fromtimestamp(ms / 1000, UTC))


def alarm(accepted_ms: int | None, kind: Kind = Kind.PRESS) -> life.Alarm:
    """Return an alarm that was delivered after 40 ms and, if at all, accepted after `accepted_ms`."""
    said = DeviceMessage(ids.DeviceId(ids.new_id()), PressId(1, 1), 0, START - 2000, 2, kind, None, "", None)
    named = life.kind_of(said, test_window=True)
    assert named is not None
    received = life.Received(START, at(START), "a")
    made = life.raise_alarm(
        ids.AlarmId(ids.new_id()), said, received, case=ids.CaseId(ids.new_id()), kind=named, flags=()
    )
    made = life.report(made, life.RouteReport("console-siren", "delivered", "x", at(START + 1)))
    made = life.report(made, life.RouteReport("dc09-1", "delivered", "x", at(START + 40)))
    if accepted_ms is None:
        return escalation.escalate(made, 1, at(START + 30_000))
    return life.act(made, "accept", WHO, at(START + accepted_ms), START + accepted_ms)


def test_stages_deadlines_and_tests_are_told_apart() -> None:
    alarms = [alarm(5_000), alarm(20_000), alarm(40_000), alarm(None), alarm(None, Kind.TEST)]
    made = figures.report(alarms, START + 90_000)
    assert (made.alarms, made.tests, made.open, made.escalated) == (4, 1, 4, 1)
    stages = {one.stage: one for one in made.stages}
    assert stages["received → delivered"] == figures.Spread("received → delivered", 4, (40, 40, 40), 40)
    assert stages["received → accepted"] == figures.Spread("received → accepted", 3, (20_000, 40_000, 40_000), 40_000)
    assert stages["pressed → received"].worst == 2000
    assert "received → closed" not in stages, "what did not happen has no figure"
    assert made.missed == {10: 3, 30: 2, 60: 1}


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_a_percentile_was_really_measured(values: list[int]) -> None:
    made = figures.spread("x", values)
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
    made = figures.availability("x", changes, 100, 200)
    assert (None if made is None else made.share) == share


def test_the_command_reads_the_spool_of_a_running_bridge(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        topic = str(UpTopic(memory.device, Lane.ALARM))
        said = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", None)
        body = message.seal(said, memory.identity, topic)
        httpx.post(made.press_url, params={"topic": topic}, content=body).raise_for_status()
        (alarm,) = made.bridge.spool.read().newest_alarms(1)
        people = made.organisation
        made.bridge.acts.carry_out(alarm.alarm, people.act(people.dispatcher, "accept", alarm.alarm))
        until(
            lambda: made.bridge.spool.read().sql.execute("SELECT 1 FROM route_history").fetchone(), "routes are watched"
        )
        shown = CliRunner().invoke(commands, ["alarms", "report", "--data", str(tmp_path), "--json"])
        assert shown.exit_code == 0, shown.output
        told = json.loads(shown.output)
        assert (told["alarms"], told["open"], told["escalated"]) == (1, 1, 0)
        assert "received → accepted" in {one["stage"] for one in told["stages"]}
        assert [(one["name"], one["share"]) for one in told["routes"]] in ([], [("console-feed", 0.0)])
        assert memory.device not in json.dumps(told["stages"])
        headers = {"Authorization": f"Bearer {made.settings.token_file.read_text()}"}
        where = made.press_url.replace("/press", "/metrics")
        assert httpx.get(where).status_code == 401
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

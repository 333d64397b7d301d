"""The dashboard and the alert rules speak of metrics that a running bridge really gives; promtool takes the rules."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from device_bridge import causes
from device_bridge.settings import BridgeSettings
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from tests.support.bridge_world import World, start_bridge, world
from tests.support.lane_threads import reading_of
from tests.support.ports import free_port
from tests.support.programs import need
from tests.support.waiting import until

INFRA = Path(__file__).parents[3] / "infra"
RULES = INFRA / "prometheus" / "alarms.yml"
DASHBOARD = INFRA / "grafana" / "alarms.json"

SAID_OTHERWISE = {
    "broker-away": 'getuige_bridge_broker_up{instance="one", broker="a"}',
    "route-away": 'getuige_bridge_route_up{instance="one", route="dc09-c"}',
    "nobody-watches": 'getuige_bridge_on_shift{instance="one"}',
}
"""Causes whose rule asks a figure that says more: nought while the cause is there."""

_METRIC = re.compile(r"getuige_[a-z_]+")
_LABELLED = re.compile(r"(getuige_[a-z_]+)\{([^}]*)\}")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_BY = re.compile(r"by \(([^)]*)\)")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What a bridge with a press, a dead route and a watched device gives: metric → its labels."""
    with world(tmp_path_factory.mktemp("bridge"), count=0) as made:
        memory = made.new_device()
        made.bridge.stop()
        nobody = free_port()
        more = {"second_control_rooms": (f"mk=sip:a@127.0.0.1:{nobody}",)}
        made.settings = BridgeSettings.model_validate({**made.settings.model_dump(), **more})
        made.bridge = start_bridge(made.settings)
        topic = str(UpTopic(memory.device, Lane.ALARM))
        said = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", None)
        body = message.seal(said, memory.identity, topic)
        httpx.post(made.press_url, params={"topic": topic}, content=body).raise_for_status()
        made.bridge.taking.take()
        (alarm,) = reading_of(made.bridge).newest_alarms(1)
        signed = made.organisation.act(made.organisation.dispatcher, "accept", alarm.alarm)
        made.bridge.acts.carry_out(alarm.alarm, signed)
        for table in ("route_history", "device_history"):
            until(lambda t=table: _rows(made, t), f"{table} is written")  # type: ignore[misc] # mypy cannot infer a lambda with a default
        headers = {"Authorization": f"Bearer {made.settings.token_file.read_text().strip()}"}
        text = httpx.get(made.press_url.replace("/press", "/metrics"), headers=headers).text
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    assert memory.device not in text
    assert "getuige_bridge_broker_up" not in found, "this world has no broker"
    return {**found, "getuige_bridge_broker_up": {"broker"}}


def _rows(made: World, table: str) -> object:
    return reading_of(made.bridge).sql.execute(f"SELECT 1 FROM {table}").fetchone()  # noqa: S608 - one of two names


def queries() -> list[str]:
    """Every query of dashboard and rules."""
    shown: dict[str, Any] = json.loads(DASHBOARD.read_text())
    of_panels = [target["expr"] for panel in shown["panels"] for target in panel["targets"]]
    of_rules = [line.partition("expr:")[2] for line in RULES.read_text().splitlines() if "expr:" in line]
    assert len(of_rules) == RULES.read_text().count("- alert:")
    return of_panels + of_rules


@pytest.mark.parametrize("query", queries())
def test_a_query_asks_for_what_there_is(page: dict[str, set[str]], query: str) -> None:
    names = _METRIC.findall(query)
    assert names or "up{" in query
    assert set(names) <= page.keys()
    for name, matchers in _LABELLED.findall(query):
        assert set(_LABEL.findall(matchers)) <= page[name], name
    known = set().union(*(page[name] for name in names))
    for labels in _BY.findall(query):
        assert {one.strip() for one in labels.split(",")} <= known


def matched(texts: list[str]) -> list[set[str]]:
    """Return the causes that each query asks for by name."""
    found = [re.search(r'getuige_bridge_cause\{code=~?"([^"]*)"\}', one) for one in texts]
    return [set() if one is None else set(one[1].split("|")) for one in found]


def test_every_cause_of_red_health_has_a_panel_and_a_rule_of_its_own() -> None:
    shown: dict[str, Any] = json.loads(DASHBOARD.read_text())
    panels = matched([target["expr"] for panel in shown["panels"] for target in panel["targets"]])
    rules = matched(queries())
    assert set.union(*panels) == causes.ALL, "each is drawn, and nothing that is none"
    assert set.union(*rules) <= causes.ALL
    drawn = [code for panel in panels for code in panel]
    assert len(drawn) == len(set(drawn)), "each on one panel"


def _play(code: str) -> dict[str, Any]:
    """Return what promtool is to play: health is green, red by this one cause, and green again."""
    series = f'getuige_bridge_cause{{instance="one", code="{code}"}}'
    played = [{"series": series, "values": "0x20 1x40 0x20"}]
    if code in SAID_OTHERWISE:
        played.append({"series": SAID_OTHERWISE[code], "values": "1x20 0x40 1x20"})
    firing = 'count by (severity) (ALERTS{alertstate="firing", alertname!="NoBridgeLeft"})'
    pages = [{"labels": '{severity="page"}', "value": 1}]
    asked = [("4m", []), ("14m", pages), ("19m", [])]
    return {
        "interval": "15s",
        "input_series": played,
        "promql_expr_test": [{"expr": firing, "eval_time": at, "exp_samples": samples} for at, samples in asked],
    }


@pytest.mark.need("promtool")
def test_every_cause_wakes_somebody_once_and_lets_them_sleep_again(tmp_path: Path) -> None:
    """One page for each, however many would fit; none while health is green."""
    plays = {"rule_files": [str(RULES)], "evaluation_interval": "15s", "tests": [_play(one) for one in causes.ALL]}
    (tmp_path / "plays.yml").write_text(json.dumps(plays))
    command = [str(need("promtool")), "test", "rules", "plays.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stages_and_missed_deadlines_are_on_the_page(page: dict[str, set[str]]) -> None:
    assert page["getuige_bridge_stage_seconds"] == {"stage", "percentile"}
    assert page["getuige_bridge_missed_deadlines"] == {"deadline_seconds"}
    assert page["getuige_bridge_route_availability"] == {"route"}
    assert page["getuige_bridge_device_availability"] == {"percentile"}, "no device is named"


def test_the_dashboard_is_what_its_rows_say() -> None:
    done = subprocess.run([sys.executable, str(INFRA / "grafana" / "dashboard.py"), "--check"], check=False)
    assert done.returncode == 0
    panels = json.loads(DASHBOARD.read_text())["panels"]
    places = {(one["gridPos"]["x"], one["gridPos"]["y"]) for one in panels}
    assert len(places) == len(panels), "no panel lies on another"


@pytest.mark.need("promtool")
@pytest.mark.parametrize("what", [("check", "rules", "alarms.yml"), ("test", "rules", "alarms_test.yml")])
def test_promtool_takes_the_rules_and_they_fire(what: tuple[str, ...]) -> None:
    done = subprocess.run([str(need("promtool")), *what], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.need("promtool")
def test_promtool_takes_the_scrape(tmp_path: Path) -> None:
    for source in RULES.parent.glob("*.yml"):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "bridge-feed.token").write_text("x")
    done = subprocess.run(
        [str(need("promtool")), "check", "config", "prometheus.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

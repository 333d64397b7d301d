"""The bridge's feed over real HTTP: stream, acts, fallback for presses, and who is let in."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, Told, UpTopic
from evidence import ids
from tests.support.bridge_world import World, world
from tests.support.lane_threads import reading_of
from tests.support.waiting import patience, until

HERE = Location(51.9244, 4.4777, 12, 3, "gps")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


@pytest.fixture
def feed(made: World) -> Iterator[httpx.Client]:
    token = made.settings.token_file.read_text().strip()
    url = f"http://127.0.0.1:{made.bridge.feed_port}"
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=patience(10)) as client:
        yield client


@pytest.fixture
def memory(made: World) -> DeviceMemory:
    return made.new_device()


def press(memory: DeviceMemory, counter: int = 1, kind: Kind = Kind.PRESS) -> tuple[dict[str, str], bytes]:
    topic = str(UpTopic(memory.device, Lane.ALARM))
    said = DeviceMessage(memory.device, PressId(1, counter), 0, None, 0, kind, 50, "t", HERE)
    return {"topic": topic}, message.seal(said, memory.identity, topic)


def push(feed: httpx.Client, memory: DeviceMemory, counter: int = 1, kind: Kind = Kind.PRESS) -> dict[str, Any]:
    topic, payload = press(memory, counter, kind)
    feed.post("/press", params=topic, content=payload).raise_for_status()
    newest: dict[str, Any] = feed.get("/alarms").json()["alarms"][0]
    return newest


def test_a_press_over_http_is_answered_with_the_signed_word_stored(
    made: World, feed: httpx.Client, memory: DeviceMemory
) -> None:
    topic, payload = press(memory)
    anonymous = httpx.post(f"{feed.base_url}/press", params=topic, content=payload)
    said = message.open_downlink(anonymous.content, memory.bridge_public, message.down_topic(memory.device))
    assert (said.press, said.state) == (PressId(1, 1), Told.STORED)
    made.sealed()
    (alarm,) = feed.get("/alarms").json()["alarms"]
    assert (alarm["device"], alarm["case"], alarm["flags"]) == (
        memory.device,
        made.organisation.case,
        ["clock-unsure"],
    )
    until(lambda: feed.get("/alarms").json()["alarms"][0]["item"] is not None, "the press is sealed to the desk")
    (alarm,) = feed.get("/alarms").json()["alarms"]
    opened = made.organisation.open_item(alarm["item"]["head"])
    assert opened.position is not None
    assert opened.position.lat == "51.924400"
    assert opened == made.organisation.open_item(alarm["item"]["head"], made.organisation.case_keys)
    assert "51.9" not in json.dumps({key: value for key, value in alarm.items() if key != "item"})


def test_the_same_press_twice_is_one_alarm_and_the_same_answer(feed: httpx.Client, memory: DeviceMemory) -> None:
    topic, payload = press(memory)
    for _ in range(2):
        assert feed.post("/press", params=topic, content=payload).status_code == 200
    (alarm,) = feed.get("/alarms").json()["alarms"]
    assert alarm["repeats"] == 0


@pytest.mark.parametrize(
    ("payload", "status"), [(b"", 422), (b"\xd2\x84", 422), (b"x" * 5000, 413), (b"\xff" * 100, 422)]
)
def test_what_is_no_press_is_a_problem_and_counted(
    made: World, feed: httpx.Client, memory: DeviceMemory, payload: bytes, status: int
) -> None:
    answer = feed.post("/press", params=press(memory)[0], content=payload)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert feed.get("/alarms").json()["alarms"] == []
    assert made.bridge.lane.trouble is None


@pytest.mark.parametrize("path", ["/feed", "/alarms", "/health"])
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic abc"])
def test_without_the_token_nothing_is_told(feed: httpx.Client, path: str, header: str) -> None:
    answer = httpx.get(f"{feed.base_url}{path}", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["reason"] == "token"


def test_acts_need_a_dispatchers_signature_and_the_right_state(
    made: World, feed: httpx.Client, memory: DeviceMemory
) -> None:
    name = push(feed, memory)["alarm"]
    people = made.organisation
    refused = [
        (people.act(people.caseworker, "accept", name), 403),
        (people.act(people.desk, "accept", name), 403),
        (people.act(people.dispatcher, "accept", "0" * 32), 403),
        (people.act(people.dispatcher, "dispatch", name), 409),
        (people.act(people.dispatcher, "close", name, "accidental"), 409),
        (people.revoke(memory.device).envelope.to_bytes(), 403),
        (b"{}", 422),
        (people.act(people.dispatcher, "accept", name).replace(b'"sig":"', b'"sig":"AAAA'), 403),
        (b"x" * 100_000, 413),
    ]
    for body, status in refused:
        answer = feed.post(f"/alarms/{name}/acts", content=body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert (
        feed.post(f"/alarms/{'0' * 32}/acts", content=people.act(people.dispatcher, "accept", "0" * 32)).status_code
        == 404
    )
    for what, state in (
        ("claim", "claimed"),
        ("accept", "accepted"),
        ("dispatch", "dispatched"),
        ("on_scene", "on_scene"),
    ):
        body = people.act(people.dispatcher, what, name)
        assert feed.post(f"/alarms/{name}/acts", content=body).json()["state"] == state
        assert feed.post(f"/alarms/{name}/acts", content=body).json()["state"] == state, "the same act again"
    closed = feed.post(f"/alarms/{name}/acts", content=people.act(people.colleague, "close", name, "genuine")).json()
    assert closed["closed"]["reason"] == "genuine"
    assert closed["closed"]["by"]["label"] == "Dispatcher Yilmaz"
    assert closed["accepted_by"]["label"] == "Dispatcher Bakker"
    until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "forwarded")
    journal = [one.type for one in made.organisation.journal()]
    assert [kind for kind in journal if kind.startswith("alarm.") and kind != "alarm.deliver"][-5:] == [
        "alarm.claim",
        "alarm.accept",
        "alarm.dispatch",
        "alarm.on_scene",
        "alarm.close",
    ]


def test_the_second_dispatcher_sees_who_has_it(made: World, feed: httpx.Client, memory: DeviceMemory) -> None:
    name, people = push(feed, memory)["alarm"], made.organisation
    feed.post(f"/alarms/{name}/acts", content=people.act(people.dispatcher, "claim", name)).raise_for_status()
    answer = feed.post(f"/alarms/{name}/acts", content=people.act(people.colleague, "claim", name))
    assert answer.status_code == 409
    assert "Dispatcher Bakker" in answer.json()["detail"]


def test_a_claim_lives_as_long_as_its_console_says_so_and_then_runs_out_visibly(
    made: World, feed: httpx.Client, memory: DeviceMemory
) -> None:
    name, people = push(feed, memory)["alarm"], made.organisation
    where, mine = f"/alarms/{name}/lease", {"kid": people.dispatcher.kid}
    assert feed.post(where, json=mine).status_code == 409, "nobody has claimed it yet"
    feed.post(f"/alarms/{name}/acts", content=people.act(people.dispatcher, "claim", name)).raise_for_status()
    first = reading_of(made.bridge).alarm(ids.AlarmId(name)).claim
    assert first is not None
    assert feed.post(where, json=mine).status_code == 204
    renewed = reading_of(made.bridge).alarm(ids.AlarmId(name)).claim
    assert renewed is not None
    assert renewed.until_ms >= first.until_ms
    other = feed.post(where, json={"kid": people.colleague.kid})
    assert (other.status_code, other.json()["alarm"]["claimed_by"]["label"]) == (409, "Dispatcher Bakker")
    for body, status in (({"kid": people.caseworker.kid}, 403), ({"kid": "x"}, 422), ([], 422)):
        assert feed.post(where, json=body).status_code == status
    assert feed.post(f"/alarms/{'0' * 32}/lease", json=mine).status_code == 404

    assert made.bridge.watch.look(renewed.until_ms - 1) == 1, "only the thirty seconds without acceptance"
    assert feed.get("/alarms").json()["alarms"][0]["claimed_by"] is not None
    assert made.bridge.watch.look(renewed.until_ms) == 1
    free = feed.get("/alarms").json()["alarms"][0]
    assert (free["state"], free["claimed_by"]) == ("raised", None)
    assert (free["escalation"]["stage"], free["escalation"]["why"]) == (1, "claim-lapsed")
    assert any(line["what"] == "claim lapsed" and line["by"] == "Dispatcher Bakker" for line in free["history"])
    assert feed.post(where, json=mine).status_code == 409, "a claim that ran out is not renewed but made anew"
    taken = feed.post(f"/alarms/{name}/acts", content=people.act(people.colleague, "accept", name)).json()
    assert taken["accepted_by"]["label"] == "Dispatcher Yilmaz"


def test_a_screen_that_is_behind_cannot_act_and_is_shown_the_present(
    made: World, feed: httpx.Client, memory: DeviceMemory
) -> None:
    name, people = push(feed, memory)["alarm"], made.organisation
    where = f"/alarms/{name}/acts"
    accepted = feed.post(where, content=people.act(people.dispatcher, "accept", name)).json()
    screen = {"if-match": f'"{accepted["revision"]}"'}
    push(feed, memory, 2, Kind.DURESS)
    closing = people.act(people.dispatcher, "close", name, "accidental")
    late = feed.post(where, content=closing, headers=screen)
    assert (late.status_code, late.json()["reason"]) == (409, "stale")
    present = late.json()["alarm"]
    assert (present["kind"], present["closed"]) == ("duress", None)
    for odd in ("3", '"x"', '"-1"', 'W/"1"', '"' + "9" * 30 + '"', '""'):
        assert feed.post(where, content=closing, headers={"if-match": odd}).status_code == 422
    now = {"if-match": f'"{present["revision"]}"'}
    closed = feed.post(where, content=closing, headers=now)
    assert closed.json()["state"] == "closed"
    assert feed.post(where, content=closing, headers=screen).json()["state"] == "closed", "the same act again"
    until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "forwarded")
    assert [one.type for one in made.organisation.journal()].count("alarm.close") == 1


def test_of_two_dispatchers_who_accept_at_once_one_has_it(
    made: World, feed: httpx.Client, memory: DeviceMemory
) -> None:
    name, people = push(feed, memory)["alarm"], made.organisation
    acts = [people.act(who, "accept", name) for who in (people.dispatcher, people.colleague)]
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda act: feed.post(f"/alarms/{name}/acts", content=act), acts))
    assert sorted(one.status_code for one in answers) == [200, 409]
    (won,) = [one.json() for one in answers if one.status_code == 200]
    (lost,) = [one.json()["alarm"] for one in answers if one.status_code == 409]
    assert lost["accepted_by"] == won["accepted_by"], "the second one is shown who has it"


def test_a_test_is_one_only_inside_an_announced_window(feed: httpx.Client, memory: DeviceMemory) -> None:
    outside = push(feed, memory, 1, Kind.TEST)
    assert (outside["kind"], "test-outside-window" in outside["flags"]) == ("press", True)
    for minutes in (0, 61, "x", True):
        answer = feed.post(f"/devices/{memory.device}/test-window", json={"minutes": minutes})
        assert answer.status_code == 422
    feed.post(f"/devices/{memory.device}/test-window", json={"minutes": 5}).raise_for_status()
    inside = push(feed, memory, 2, Kind.TEST)
    assert inside["kind"] == "test"
    assert inside["alarm"] != outside["alarm"]


def test_a_real_press_during_a_test_is_an_alarm_of_its_own(feed: httpx.Client, memory: DeviceMemory) -> None:
    feed.post(f"/devices/{memory.device}/test-window", json={"minutes": 5}).raise_for_status()
    tested = push(feed, memory, 1, Kind.TEST)
    real = push(feed, memory, 2, Kind.PRESS)
    assert (tested["kind"], real["kind"]) == ("test", "press")
    assert tested["alarm"] != real["alarm"]


def test_duress_and_cancel_fold_in_and_close_nothing(feed: httpx.Client, memory: DeviceMemory) -> None:
    first = push(feed, memory, 1)
    cancelled = push(feed, memory, 2, Kind.CANCEL)
    assert (cancelled["alarm"], "cancel-asked" in cancelled["flags"]) == (first["alarm"], True)
    duress = push(feed, memory, 3, Kind.DURESS)
    assert (duress["alarm"], duress["kind"], duress["closed"]) == (first["alarm"], "duress", None)


def test_the_stream_begins_with_a_snapshot_and_brings_every_change_and_a_heartbeat(
    made: World, feed: httpx.Client, memory: DeviceMemory
) -> None:
    feed.post("/watchers", json={"server": "test", "consoles": 1, "on_shift": ["a" * 32]}).raise_for_status()
    with feed.stream("GET", "/feed") as stream:
        events = _events(stream.iter_lines())
        name, snapshot = next(events)
        assert (name, snapshot["alarms"]) == ("snapshot", [])
        assert snapshot["health"]["ok"], snapshot["health"]["troubles"]
        with httpx.Client(base_url=feed.base_url, headers=feed.headers) as other:
            raised = push(other, memory)
        seen: dict[str, Any] = {}
        for name, data in events:
            seen[name] = data
            if name == "alarm" and data["state"] == "delivered":
                break
        assert seen["alarm"]["alarm"] == raised["alarm"]
        assert seen["alarm"]["routes"][0]["route"] == "console-feed"
        assert next(data for name, data in events if name == "heartbeat")["at"]
    until(lambda: made.bridge.feed.listeners == 0, "the bridge notices that nobody listens any more")
    health = feed.get("/health").json()
    assert (health["ok"], health["troubles"]) == (False, ["console-feed: no server listens to the feed"])


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))

"""Whatever her device signed is an alarm, once: odd fields, other spellings, faults of ours, no reader at all."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import httpx
import pytest

from device_bridge.alarm import lineage
from device_bridge.intake import completion, presses
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.spool import presses as stored_presses
from device_bridge.wire import codes, cose, message, reading
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, Told, UpTopic, down_topic
from evidence import ids, keys
from tests.support.bridge_world import World, world
from tests.support.lane_threads import reading_of
from tests.support.waiting import until

HERE = Location(51.9244, 4.4777, 12, 3, "gps")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def topic_of(memory: DeviceMemory) -> str:
    return str(UpTopic(memory.device, Lane.ALARM))


def said(memory: DeviceMemory, counter: int, kind: Kind = Kind.PRESS, code: bytes | None = None) -> DeviceMessage:
    return DeviceMessage(memory.device, PressId(1, counter), 0, None, 0, kind, 50, "t", HERE, code)


def post(made: World, memory: DeviceMemory, body: bytes) -> Told:
    """Send bytes over the fallback; return what the device is told."""
    answer = httpx.post(made.press_url, params={"topic": topic_of(memory)}, content=body)
    made.bridge.taking.take()
    answer.raise_for_status()
    return message.open_downlink(answer.content, memory.bridge_public, down_topic(memory.device)).state


def signed(memory: DeviceMemory, payload: bytes) -> bytes:
    return cose.sign1(memory.identity, payload, topic_of(memory))


def alarms(made: World) -> list[dict[str, Any]]:
    made.sealed()
    return made.bridge.feed._view.alarms()


def close(made: World, alarm: str) -> None:
    who, name = made.organisation, ids.AlarmId(alarm)
    made.bridge.acts.carry_out(name, who.act(who.dispatcher, "accept", alarm))
    made.bridge.acts.carry_out(name, who.act(who.dispatcher, "close", alarm, "genuine"))


ODD = {
    "battery 101": {"bat": 101},
    "accuracy below zero": {"loc": [51.9, 4.4, -1, 2, "gps"]},
    "no fix": {"loc": [float("nan"), float("nan"), 0, 0, "gps"]},
    "pole passed": {"loc": [91.0, 4.4, 9, 2, "gps"]},
    "long firmware": {"fw": "f" * 33},
    "boot is text": {"boot": "3"},
    "counter below zero": {"ctr": -1},
    "version of tomorrow": {"v": 2},
    "clock of nobody": {"wall": -1, "sync": 9},
    "kind of tomorrow": {"kind": "help"},
    "a sign of life": {"kind": "heartbeat"},
    "another's id": {"id": bytes(16)},
    "nothing": None,
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_field_makes_an_alarm_odd_and_no_more(made: World, odd: dict[str, object] | None) -> None:
    memory = made.new_device()
    members = cbor2.loads(said(memory, 1).to_payload())
    payload = b"no CBOR" if odd is None else cbor2.dumps({**members, **odd})
    assert post(made, memory, signed(memory, payload)) is Told.STORED
    (alarm,) = alarms(made)
    assert (alarm["kind"], alarm["state"] != "closed") == ("press", True)
    assert "content-odd" in alarm["flags"]
    assert made.organisation.open_item(alarm["item"]["head"]).alarm is not None, "what was sent is evidence, as it came"
    until(lambda: alarms(made)[0]["routes"], "routes hear of it")
    until(lambda: not reading_of(made.bridge).waiting_statements_count(), "forwarded")
    assert "alarm.raise" in [one.type for one in made.organisation.journal()]
    assert "quarantined" not in reading_of(made.bridge).counters()


def test_a_member_of_a_newer_firmware_is_not_odd(made: World) -> None:
    memory = made.new_device()
    members = cbor2.loads(said(memory, 1).to_payload())
    post(made, memory, signed(memory, cbor2.dumps({**members, "ext": {1: "x"}})))
    assert "content-odd" not in alarms(made)[0]["flags"]


def respelled(body: bytes) -> dict[str, bytes]:
    """Return the same signed content in other bytes."""
    protected, _, payload, signature = cbor2.loads(body).value
    array = body[1:]
    return {
        "without its tag": array,
        "a longer length of the array": body[:1] + b"\x98\x04" + body[2:],
        "a longer length of the signature": body[: -len(signature) - 2] + b"\x59\x00\x40" + signature,
        "something beside": cbor2.dumps([protected, {4: b"x"}, payload, signature]),
        "unchanged": body,
        "an empty map spelled longer": array[:5] + b"\xb8\x00" + array[6:],
    }


@pytest.mark.parametrize("kind", [Kind.PRESS, Kind.DURESS])
def test_a_recorded_press_in_another_spelling_raises_nothing_after_the_close(made: World, kind: Kind) -> None:
    memory = made.new_device()
    body = message.seal(said(memory, 1, kind), memory.identity, topic_of(memory))
    assert post(made, memory, body) is Told.STORED
    (alarm,) = alarms(made)
    close(made, alarm["alarm"])
    for name, other in respelled(body).items():
        assert post(made, memory, other) is Told.STORED, name
        assert [one["state"] for one in alarms(made)] == ["closed"], name
    until(lambda: not reading_of(made.bridge).waiting_statements_count(), "forwarded")
    assert [one.type for one in made.organisation.journal()].count("alarm.raise") == 1


def test_a_recorded_duress_code_in_another_spelling_raises_nothing(made: World) -> None:
    memory = made.new_device(pins=("1379", "8642"))
    code = codes.code_of(codes.pin_key(memory.code_salt, "8642"), memory.device, PressId(1, 1))
    body = message.seal(said(memory, 1, Kind.CANCEL, code), memory.identity, topic_of(memory))
    post(made, memory, body)
    close(made, alarms(made)[0]["alarm"])
    for other in respelled(body).values():
        post(made, memory, other)
    assert [one["state"] for one in alarms(made)] == ["closed"]


def test_two_signatures_over_the_same_are_one_press_and_two_keys_are_two_names() -> None:
    one, other = keys.BridgeIdentity.generate(), keys.BridgeIdentity.generate()
    device, who = ids.DeviceId(ids.new_id()), keys.Identity.generate()
    topic = str(UpTopic(device, Lane.ALARM))
    body = message.seal(DeviceMessage(device, PressId(1, 1), 0, None, 0, Kind.PRESS, 1, "t", None), who, topic)
    heard = reading.verified(body, who.sign_public, topic).signed
    assert cbor2.loads(body).value[3] not in heard, "the signature is no part of what a press is"
    key = lineage.press_key(one)
    assert lineage.identity(key, heard) == lineage.identity(lineage.press_key(one), heard)
    assert lineage.identity(key, heard) != lineage.identity(lineage.press_key(other), heard)


def test_a_fault_of_ours_keeps_no_other_press_and_is_shown(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = made.new_device()
    with monkeypatch.context() as broken:
        broken.setattr(presses, "decide", lambda *_: 1 / 0)
        answer = httpx.post(
            made.press_url, params={"topic": topic_of(memory)}, content=signed(memory, said(memory, 1).to_payload())
        )
        assert answer.status_code == 200, "it is stored, whatever becomes of it"
        made.bridge.taking.take()
    health = made.bridge.feed._view.health()
    assert not health["ok"]
    assert "1 message(s) that a device signed could not be taken in, and lie in quarantine" in health["troubles"]
    assert post(made, memory, signed(memory, said(memory, 2).to_payload())) is Told.STORED


def test_a_press_is_an_alarm_also_when_what_is_known_here_cannot_be_used(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = made.new_device()
    with monkeypatch.context() as broken:
        broken.setattr(stored_presses, "known", lambda *_, **__: 1 / 0)
        assert post(made, memory, signed(memory, said(memory, 1).to_payload())) is Told.STORED
        (alarm,) = alarms(made)
        until(lambda: alarms(made)[0]["routes"], "routes hear of it")
    assert "quarantined" not in reading_of(made.bridge).counters()
    assert reading_of(made.bridge).alarm(ids.AlarmId(alarm["alarm"])).orphan


def test_when_sealing_fails_altogether_the_alarm_stands_and_is_sealed_later(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = made.new_device()
    with monkeypatch.context() as broken:
        broken.setattr(completion, "seal_press", lambda *_: 1 / 0)
        body = signed(memory, said(memory, 1).to_payload())
        assert post(made, memory, body) is Told.STORED
        (alarm,) = alarms(made)
        assert (alarm["state"] != "closed", alarm["item"]) == (True, None)
        until(lambda: alarms(made)[0]["routes"], "routes hear of it")
    reading_now = reading_of(made.bridge)
    (kept,) = stored_presses.taken(reading_now, 0, 9, "unsealed")
    assert kept.raw is not None
    assert made.bridge.identity.open_box(kept.raw) == body
    assert (
        "1 press(es) could be sealed to nobody and are kept at the bridge"
        in made.bridge.feed._view.health()["troubles"]
    )
    until(lambda: not reading_now.waiting_statements_count(), "the journal hears of the alarm")
    assert made.bridge.completion.seal_again() == 1
    made.bridge.board.announce([ids.AlarmId(alarm["alarm"])])
    assert made.organisation.open_item(alarms(made)[0]["item"]["head"]).position is not None
    until(lambda: stored_presses.oldest_raw_ms(reading_now) is None, "and its message goes when the journal has it")


def test_a_message_that_stays_for_more_than_a_day_is_a_trouble(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = made.new_device()
    monkeypatch.setattr(completion, "seal_press", lambda *_: 1 / 0)
    post(made, memory, signed(memory, said(memory, 1).to_payload()))
    alarms(made)
    old = "a press of more than a day ago is not in the journal: the bridge keeps its message"
    assert old not in made.bridge.feed._view.health()["troubles"]
    with made.bridge.spool.write() as spool:
        day_ms = 24 * 3600 * 1000
        spool.sql.execute("UPDATE press SET taken_ms = ?", (time.time_ns() // 1_000_000 - day_ms - 1000,))
    assert old in made.bridge.feed._view.health()["troubles"]

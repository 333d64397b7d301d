"""Positions on a real bridge: sealed into the case while an alarm is open, nothing at all of them at any other time.

And the reference device: it says where it is while its alarm is open, whichever code was typed with a cancel.
"""

import struct
from pathlib import Path

import httpx
import pytest

from device_bridge.feed.health import alarm_json
from device_bridge.intake.completion import Completion
from device_bridge.mqtt.connection import Delivered
from device_bridge.process import Bridge
from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.reference_device.sensors import Senses, place
from device_bridge.supervision import positions
from device_bridge.wire import message, reading
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, Told, UpTopic
from evidence import canonical, ids
from evidence.envelope.meta import Alarm
from evidence.statements import bodies
from server.alarms import merging
from tests.support.bridge_world import World, world
from tests.support.lane_threads import reading_of
from tests.support.many_bridges import several
from tests.support.waiting import patience, until

LAT, LON = 51.924437, 4.477733


def counted(**outcomes: int) -> dict[str, int]:
    """Return what a bridge counts of positions, zero where nothing is said."""
    return {"stored": 0, "unasked": 0, "thinned": 0, "refused": 0, "unsealed": 0} | outcomes


def said(memory: DeviceMemory, number: int, kind: Kind = Kind.POSITION, lat: float = LAT) -> DeviceMessage:
    where = Location(lat, LON, 9, 2, "gps") if kind is Kind.POSITION else None
    return DeviceMessage(memory.device, PressId(5, number), 0, 1_790_000_000_000, 1, kind, 80, "fw", where)


def delivered(memory: DeviceMemory, what: DeviceMessage) -> Delivered:
    topic = str(UpTopic(memory.device, Lane.TELEMETRY))
    return Delivered(topic, message.seal(what, memory.identity, topic), retain=False, qos=0, mid=0, epoch=0)


def hear(bridge: Bridge, memory: DeviceMemory, what: DeviceMessage) -> bytes:
    """Let a bridge hear a position as its network thread would, and wait until it is dealt with."""
    given = delivered(memory, what)
    telemetry = bridge.telemetry
    before = sum(telemetry.positions.outcomes.values()) + telemetry.refused
    telemetry.take(None, given)  # type: ignore[arg-type] # the connection is not looked at
    until(lambda: sum(telemetry.positions.outcomes.values()) + telemetry.refused > before, "it is dealt with")
    return given.payload


def press(made: World, memory: DeviceMemory, number: int = 1) -> str:
    """Press, over the fallback so that no reference device is needed; return the alarm."""
    topic = str(UpTopic(memory.device, Lane.ALARM))
    payload = message.seal(said(memory, number, Kind.PRESS), memory.identity, topic)
    httpx.post(made.press_url, params={"topic": topic}, content=payload).raise_for_status()
    made.sealed()
    return reading_of(made.bridge).open_alarms(memory.device)[0].alarm


def items(made: World, alarm: str) -> list[Alarm]:
    rows = reading_of(made.bridge).sql.execute("SELECT container FROM item WHERE alarm = ? ORDER BY n", (alarm,))
    return [made.organisation.open_item(canonical.b64(row[0])) for row in rows]


@pytest.fixture(autouse=True)
def no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(positions, "MIN_GAP_S", 0.0)


def test_a_position_while_an_alarm_is_open_lands_sealed_in_her_case(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        alarm = press(made, memory)
        before = reading_of(made.bridge).alarm(ids.AlarmId(alarm))
        payload = hear(made.bridge, memory, said(memory, 2, lat=51.93))
        _, position = items(made, alarm)
        assert position.position is not None
        assert (position.position.lat, position.title, position.alarm.kind) == ("51.930000", "Positie", "position")
        assert canonical.unb64(position.alarm.cose) == payload, "the device's own signed bytes are the evidence"
        until(lambda: not reading_of(made.bridge).waiting_statements_count(), "the journal has it")
        sealed = [one for one in made.organisation.journal() if isinstance(one.body, bodies.ItemSeal)]
        assert [one.case for one in sealed] == [made.organisation.case] * 2
        newest = reading_of(made.bridge).newest_item(ids.AlarmId(alarm))
        assert newest is not None
        vault = made.organisation.open_item(canonical.b64(newest.container), made.organisation.case_keys)
        assert vault == position, "she reads it herself too"
        after = reading_of(made.bridge).alarm(ids.AlarmId(alarm))
        assert after.revision == before.revision, "no screen is behind because she walks on"
        assert made.bridge.telemetry.positions.outcomes == {
            "stored": 1,
            "unasked": 0,
            "thinned": 0,
            "refused": 0,
            "unsealed": 0,
        }


def test_a_press_that_is_sealed_after_a_position_does_not_hide_it(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        made.bridge.completion.loop.stop()
        topic = str(UpTopic(memory.device, Lane.ALARM))
        payload = message.seal(said(memory, 1, Kind.PRESS), memory.identity, topic)
        httpx.post(made.press_url, params={"topic": topic}, content=payload).raise_for_status()
        (alarm,) = reading_of(made.bridge).open_alarms(memory.device)
        hear(made.bridge, memory, said(memory, 2, lat=51.93))
        assert len(items(made, alarm.alarm)) == 1, "the press is not sealed yet"
        again = Completion(made.bridge.spool, made.bridge.registry, made.bridge.identity, made.bridge.board)
        assert again.complete() == 1
        assert len(items(made, alarm.alarm)) == 2
        newest = reading_of(made.bridge).newest_item(alarm.alarm)
        assert newest is not None
        position = made.organisation.open_item(canonical.b64(newest.container)).position
        assert position is not None
        assert position.lat == "51.930000"


def test_without_an_alarm_nothing_of_it_is_kept(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        hear(made.bridge, memory, said(memory, 1))
        alarm = press(made, memory, 2)
        close(made, alarm)
        hear(made.bridge, memory, said(memory, 3))
        assert made.bridge.telemetry.positions.outcomes == {
            "stored": 0,
            "unasked": 2,
            "thinned": 0,
            "refused": 0,
            "unsealed": 0,
        }
        sign = made.bridge.telemetry.newest(memory.device)
        assert sign is not None
        assert sign.message.location is None, "it counts as a sign of life, and that is all"
        assert len(items(made, alarm)) == 1
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "nats" not in str(path))
    assert alarm.encode() in on_disk, "the search finds what is there"
    for needle in (b"51.92", struct.pack(">d", LAT), struct.pack(">d", LON)):
        assert needle not in on_disk


def close(made: World, alarm: str) -> None:
    """A dispatcher accepts and closes."""
    for kind, reason in (("accept", None), ("close", "accidental")):
        act = made.organisation.act(made.organisation.dispatcher, kind, alarm, reason)  # type: ignore[arg-type] # a literal
        headers = {"Authorization": f"Bearer {made.settings.token_file.read_text().strip()}"}
        url = f"http://127.0.0.1:{made.bridge.feed_port}/alarms/{alarm}/acts"
        httpx.post(url, content=act, headers=headers).raise_for_status()


def test_a_recorded_position_is_not_believed_again(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        alarm = press(made, memory, 10)
        hear(made.bridge, memory, said(memory, 9))
        assert made.bridge.telemetry.positions.refused == 1, "from before the press"
        hear(made.bridge, memory, said(memory, 12))
        made.restart_bridge()  # it has forgotten which life sign was the newest
        hear(made.bridge, memory, said(memory, 12))
        hear(made.bridge, memory, said(memory, 11))
        assert made.bridge.telemetry.positions.stored == 0
        assert len(items(made, alarm)) == 2
        hear(made.bridge, memory, said(memory, 13))
        assert len(items(made, alarm)) == 3


def test_too_many_at_once_are_thinned_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        alarm = press(made, memory)
        monkeypatch.setattr(positions, "MIN_GAP_S", 60.0)
        for number in (2, 3, 4):
            hear(made.bridge, memory, said(memory, number))
        assert made.bridge.telemetry.positions.outcomes == {
            "stored": 1,
            "unasked": 0,
            "thinned": 2,
            "refused": 0,
            "unsealed": 0,
        }
        monkeypatch.setattr(positions, "MIN_GAP_S", 0.0)
        monkeypatch.setattr(positions, "MAX_PER_S", 0)
        hear(made.bridge, memory, said(memory, 5))
        assert len(items(made, alarm)) == 2


def test_an_alarm_that_stays_open_does_not_fill_her_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        alarm = press(made, memory)
        monkeypatch.setattr(positions, "LONG_OPEN_S", 0.0)
        for number in (2, 3, 4):
            hear(made.bridge, memory, said(memory, number))
        assert made.bridge.telemetry.positions.outcomes == {
            "stored": 1,
            "unasked": 0,
            "thinned": 2,
            "refused": 0,
            "unsealed": 0,
        }
        assert len(items(made, alarm)) == 2


def test_a_test_is_no_reason_to_follow_anybody(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        with made.bridge.spool.write() as spool:
            spool.open_test_window(memory.device, 2**52)
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.TEST), Told.STORED, patience(10)) is not None
            assert not device.alarmed
        hear(made.bridge, memory, said(memory, 99))
        assert made.bridge.telemetry.positions.unasked == 1


def test_two_bridges_that_hear_one_position_put_it_into_the_journal_once(tmp_path: Path) -> None:
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        press(made.world, memory)
        made.agree()
        payload = hear(made.bridges[0], memory, said(memory, 2))
        assert hear(made.bridges[1], memory, said(memory, 2)) == payload
        assert [one.telemetry.positions.stored for one in made.bridges] == [1, 1]
        made.forwarded()
        sealed = [one.body.item for one in made.world.organisation.journal() if isinstance(one.body, bodies.ItemSeal)]
        assert len(sealed) == len(set(sealed)) == 2, "the press and the position"
        assert not any(reading_of(one).counters().get("statements.refused", 0) for one in made.bridges)


def test_the_console_follows_her_when_the_bridge_that_is_ahead_did_not_hear_where_she_is(tmp_path: Path) -> None:
    """Heartbeats may be split over bridges, and one may miss what is said only once."""
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        name = ids.AlarmId(press(made.world, memory))
        made.agree()
        hear(made.bridges[1], memory, said(memory, 2, lat=51.93))
        told = [alarm_json(one.spool, reading_of(one).alarm(name)) for one in made.bridges]
        assert merging.ahead([(True, one) for one in told]) == 0
        shown = merging.with_newest_item(told[0], told[1:])
        where = made.world.organisation.open_item(shown["item"]["head"]).position
        assert where is not None
        assert where.lat == "51.930000"
        assert {**shown, "item": None} == {**told[0], "item": None}, "nothing else is taken from there"


def test_the_device_says_where_it_is_until_its_alarm_is_closed(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        senses = Senses(track=[place(51.91, 4.41), place(51.92, 4.42), place(51.93, 4.43)])
        device = ReferenceDevice(memory, None, senses.locate, senses.battery)
        device.start()
        until(lambda: device.connected() == 2, "device connects")
        try:
            device.heartbeat()
            until(lambda: made.bridge.telemetry.read, "a heartbeat is read")
            assert made.bridge.telemetry.positions.outcomes["unasked"] == 0, "it said nothing about a place"
            pressed = device.press(location=senses.locate())
            assert device.wait(pressed, Told.STORED, patience(10)) is not None
            alarm = reading_of(made.bridge).open_alarms(memory.device)[0].alarm
            for stored in (1, 2):
                device.heartbeat()
                until(lambda: made.bridge.telemetry.positions.stored == stored, "a position is stored")  # noqa: B023
            made.sealed()
            lats = [one.position.lat for one in items(made, alarm) if one.position is not None]
            assert lats == ["51.910000", "51.920000", "51.930000"]
            assert device.alarmed
            close(made, alarm)
            assert device.wait(pressed, Told.CLOSED, patience(10)) is not None
            until(lambda: not device.alarmed, "the device knows that it is over")
            read = made.bridge.telemetry.read
            device.heartbeat()
            until(lambda: made.bridge.telemetry.read > read, "a heartbeat is read")
            assert made.bridge.telemetry.positions.outcomes["unasked"] == 0
        finally:
            device.stop()


def test_a_press_without_a_fix_is_followed_by_the_first_one_at_once(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        senses = Senses()
        device = ReferenceDevice(memory, None, senses.locate)
        device.start()
        until(lambda: device.connected() == 2, "device connects")
        try:
            assert device.wait(device.press(), Told.STORED, patience(10)) is not None
            assert device.heartbeat_s == 10, "its next sign of life would be ten seconds away"
            device.heartbeat_s = 3600
            senses.put(place(LAT, LON))
            until(lambda: made.bridge.telemetry.positions.stored == 1, "the position is stored, and waits for no sign")
        finally:
            device.stop()


@pytest.mark.parametrize("pin", ["1379", "8642", None])
def test_after_a_cancel_the_device_does_the_same_whichever_code_was_typed(tmp_path: Path, pin: str | None) -> None:
    with world(tmp_path) as made:
        memory = made.new_device(pins=("1379", "8642"))
        device = ReferenceDevice(memory, None, lambda: place(LAT, LON))
        device.start()
        until(lambda: device.connected() == 2, "device connects")
        try:
            assert device.wait(device.press(Kind.CANCEL, pin=pin), Told.STORED, patience(10)) is not None
            assert device.alarmed
            device.heartbeat()
            outcome = "stored" if pin == "8642" else "unasked"
            until(
                lambda: made.bridge.telemetry.positions.outcomes[outcome] == 1, "the bridge alone knows the difference"
            )
            assert sum(made.bridge.telemetry.positions.outcomes.values()) == 1
        finally:
            device.stop()


def test_a_position_says_where_and_is_said_on_its_own_lane(tmp_path: Path) -> None:
    memory = DeviceMemory.create(tmp_path / "d", bridge_key="00" * 32, brokers=())
    lanes = {lane: str(UpTopic(memory.device, lane)) for lane in Lane}
    public = memory.identity.sign_public
    right = message.seal(said(memory, 1), memory.identity, lanes[Lane.TELEMETRY])
    assert reading.open_device_message(right, public, lanes[Lane.TELEMETRY]) == said(memory, 1)
    wrong = message.seal(said(memory, 1), memory.identity, lanes[Lane.ALARM])
    assert reading.open_device_message(wrong, public, lanes[Lane.ALARM]).kind is Kind.PRESS, "there it is a press"
    nowhere = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.POSITION, None, "", None)
    assert reading.read_life_sign(nowhere.to_payload(), memory.device).kind is Kind.HEARTBEAT

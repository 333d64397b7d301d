"""Presses and brokers that break: killed brokers, poison, numbers that start again, devices without any broker."""

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from device_bridge.mqtt.brokers import NatsBroker
from device_bridge.mqtt.connection import BrokerAddress, Connection, Delivered
from device_bridge.reference_device.device import FALLBACK_AFTER_S
from device_bridge.wire import cose, message
from device_bridge.wire.message import Kind, Lane, Location, Told, UpTopic
from evidence import ids, keys
from tests.support.bridge_world import World, bridge_login, start_bridge, world
from tests.support.lane_threads import new_bridge, reading_of
from tests.support.waiting import never, patience, until

KINDS = [
    pytest.param("nats", marks=pytest.mark.need("nats-server")),
    pytest.param("mosquitto", marks=pytest.mark.need("mosquitto")),
]
REDELIVERY_S = 3.0
"""Longer than NATS waits (`ack_wait` of two seconds) before it delivers anew what was not acknowledged."""

HERE = Location(51.9244, 4.4777, 12, 3, "gps")


def counters(made: World) -> dict[str, int]:
    return reading_of(made.bridge).counters()


def brokers_away(made: World) -> list[str]:
    causes = made.bridge.feed._view.health()["causes"]
    return [one["about"] for one in causes if one["code"] == "broker-away"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_press_is_stored_once_and_told_accepted_and_closed(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, kind) as made:
        memory = made.new_device()
        with made.switched_on(memory) as device:
            press = device.press(Kind.PRESS, HERE)
            assert device.wait(press, Told.STORED, patience(10)) is not None
            (alarm,) = reading_of(made.bridge).newest_alarms(5)
            who = made.organisation.dispatcher
            for kind_of_act, told in (("accept", Told.ACCEPTED), ("dispatch", Told.DISPATCHED)):
                made.bridge.acts.carry_out(alarm.alarm, made.organisation.act(who, kind_of_act, alarm.alarm))
                assert device.wait(press, told, patience(10)) is not None
            made.bridge.acts.carry_out(alarm.alarm, made.organisation.act(who, "close", alarm.alarm, "genuine"))
            assert device.wait(press, Told.CLOSED, patience(10)) is not None
            assert device.refused_downlinks == 0
            again = device.press(Kind.PRESS, HERE)
            assert device.wait(again, Told.STORED, patience(10)) is not None
        assert len(reading_of(made.bridge).newest_alarms(5)) == 2, "a press after the closing is a new alarm"
        assert counters(made)["taken.press"] == 2


@pytest.mark.parametrize("kind", KINDS)
def test_either_broker_may_be_killed(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, kind) as made:
        memory = made.new_device()
        with made.switched_on(memory) as device:
            for index, broker in enumerate(made.brokers):
                broker.kill()
                press = device.press(Kind.PRESS, HERE)
                assert device.wait(press, Told.STORED, patience(5)) is not None, (
                    f"broker {index} is dead, the other lives"
                )
                broker.restart()
                until(lambda: device.connected() == 2, "device is back")
                until(made.bridge.listening, "bridge is back")
        (alarm,) = reading_of(made.bridge).newest_alarms(5)
        assert alarm.repeats == 1


@pytest.mark.need("nats-server")
def test_without_any_broker_the_same_bytes_come_over_http(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        with made.switched_on(memory) as device:
            for broker in made.brokers:
                broker.kill()
            press = device.press(Kind.PRESS, HERE)
            elapsed_ms = device.wait(press, Told.STORED, patience(15))
            assert elapsed_ms is not None
            assert elapsed_ms >= FALLBACK_AFTER_S * 1000
        (alarm,) = reading_of(made.bridge).newest_alarms(5)
        assert alarm.history[0].by == "device, by http"


@pytest.mark.need("mosquitto")
def test_a_broker_whose_name_nobody_answers_for_and_one_that_is_mute_hold_up_no_press(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, asked, look_up = threading.Event(), threading.Event(), socket.getaddrinfo

    def slowly(host: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - the library's own
        if host == "hung.invalid":
            asked.set()
            found.wait()
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    with world(tmp_path, "mosquitto", count=1) as made, socket.create_server(("127.0.0.1", 0)) as mute:
        memory = made.new_device()
        made.bridge.stop()
        others = ("mqtt://hung.invalid:1", f"mqtt://127.0.0.1:{mute.getsockname()[1]}")
        made.bridge = new_bridge(made.settings.model_copy(update={"brokers": (*made.urls, *others)}))
        try:
            made.bridge.start()
            assert asked.wait(patience(10))
            with made.switched_on(memory) as device:
                assert device.wait(device.press(Kind.PRESS, HERE), Told.STORED, patience(10)) is not None
            # The press came by the lane's own connection: health hears of that a moment later.
            until(lambda: brokers_away(made) == ["b", "c"], "those two are away, and the good one is not")
        finally:
            found.set()


@pytest.mark.parametrize("kind", KINDS)
def test_poison_is_counted_kept_and_acknowledged_and_stops_nothing(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, kind, count=1) as made:
        memory = made.new_device()
        topic = str(UpTopic(memory.device, Lane.ALARM))
        stranger = keys.Identity.generate()
        poison = [
            b"",
            b"\xff" * 40,
            b"\xd2" * 1000,
            b"{}",
            b"x" * 20_000,
            cose.sign1(stranger, b"\xa0", topic),
            cose.sign1(memory.identity, b"\xa0", topic.removesuffix("a") + "t"),
        ]
        login = None if kind == "mosquitto" else bridge_login(tmp_path)
        address = BrokerAddress.parse(made.urls[0], "a")
        foreign = Connection(address, "foreign", lambda _c, _d: None, filters=(), login=login, durable=False)
        foreign.start()
        until(foreign.connected.is_set, "foreign client connects")
        for payload in poison:
            foreign.publish(topic, payload)
        foreign.publish(f"up/00/{'f' * 32}/a", b"of no known shard")
        until(lambda: counters(made).get("quarantined") == len(poison) + 1, "all poison is in quarantine")
        foreign.stop()
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS, HERE), Told.STORED, patience(5)) is not None
        made.restart_bridge()
        again = "poison was acknowledged, so it does not come again"
        never(lambda: counters(made)["quarantined"] != len(poison) + 1, again, REDELIVERY_S)
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS, HERE), Told.STORED, patience(5)) is not None


@pytest.mark.need("nats-server")
def test_an_acknowledgement_of_a_former_connection_is_dropped(tmp_path: Path) -> None:
    """Message numbers start again with the broker; an old number must not acknowledge a new message."""
    with world(tmp_path, count=1) as made:
        memory = made.new_device()
        topic = str(UpTopic(memory.device, Lane.ALARM))
        made.bridge.stop()
        seen: list[Delivered] = []
        arrived = threading.Event()

        def keep(_connection: Connection, delivered: Delivered) -> None:
            seen.append(delivered)
            arrived.set()

        login = bridge_login(tmp_path)
        address = BrokerAddress.parse(made.urls[0], "a")
        reader = Connection(address, "reader", keep, filters=(("up/+/+/a", 1),), login=login)
        sender = Connection(address, "sender", lambda _c, _d: None, filters=(), login=login, durable=False)
        for one in (reader, sender):
            one.start()
            until(one.connected.is_set, "client connects")
        sender.publish(topic, b"first")
        assert arrived.wait(patience(10))
        stale = seen[0]
        broker = made.brokers[0]
        assert isinstance(broker.broker, NatsBroker)
        broker.kill()
        until(lambda: not reader.connected.is_set(), "reader notices")
        broker.restart()
        until(reader.connected.is_set, "reader is back")
        arrived.clear()
        until(lambda: any(d.epoch != stale.epoch for d in seen), "the message comes again")
        fresh = next(d for d in seen if d.epoch != stale.epoch)
        assert (fresh.mid, fresh.payload) == (stale.mid, b"first"), "the broker counts from the start again"
        reader.acknowledge(stale)
        again = len(seen)
        until(lambda: len(seen) > again, "still unacknowledged, so it is delivered after ack_wait")
        reader.acknowledge(seen[-1])
        for one in (reader, sender):
            one.stop()
        made.bridge = new_bridge(made.settings)
        made.bridge.start()


@pytest.mark.need("nats-server")
def test_a_device_believes_nobody_but_its_bridge(tmp_path: Path) -> None:
    """Someone who may publish anything at the broker still cannot tell a device that its press is safe."""
    with world(tmp_path, count=1) as made:
        memory = made.new_device()
        with made.switched_on(memory) as device:
            made.bridge.stop()
            press = device.press()
            down = message.down_topic(memory.device)
            lie = message.Downlink(press, Told.STORED, 1, 10).to_payload()
            login = bridge_login(tmp_path)
            address = BrokerAddress.parse(made.urls[0], "a")
            liar = Connection(address, "liar", lambda _c, _d: None, filters=(), login=login, durable=False)
            liar.start()
            until(liar.connected.is_set, "liar connects")
            elsewhere = message.down_topic(ids.DeviceId("0" * 32))
            lies = [cose.sign1(keys.Identity.generate(), lie, down), b"stored"]
            lies.append(cose.sign1(made.organisation.bridge, lie, elsewhere))
            for number, said in enumerate(lies, 1):
                # The device makes its connection anew from time to time: what is said meanwhile it does not hear.
                until(lambda said=said, n=number: liar.publish(down, said) and device.refused_downlinks >= n, "heard")  # type: ignore[misc] # those of now
            assert device.wait(press, Told.STORED, 0.1) is None
            liar.stop()
            made.bridge = start_bridge(made.settings)
            assert device.wait(press, Told.STORED, patience(20)) is not None, "it went on repeating"


@pytest.mark.need("nats-server")
def test_a_device_knows_when_no_bridge_listens(tmp_path: Path) -> None:
    """The broker says it for a bridge that vanished; the note is the bridge's own, signed beforehand."""
    with world(tmp_path) as made:
        memory = made.new_device()
        with made.switched_on(memory) as device:
            assert device.wait(device.press(), Told.STORED, patience(5)) is not None
            until(lambda: device._listening, "the bridge's retained note is heard")
            assert not device.nobody_listens()
            made.bridge.stop()
            until(device.nobody_listens, "every broker says that it is away")
            made.bridge = start_bridge(made.settings)
            until(lambda: not device.nobody_listens(), "and that it is back")


@pytest.mark.need("nats-server")
def test_a_device_that_missed_the_word_is_told_again_at_its_next_heartbeat(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        with made.switched_on(memory) as device:
            press = device.press()
            assert device.wait(press, Told.STORED, patience(5)) is not None
            heard: list[message.Downlink] = []
            (alarm,) = reading_of(made.bridge).newest_alarms(5)
            act = made.organisation.act(made.organisation.dispatcher, "accept", alarm.alarm)
            made.bridge.acts.carry_out(alarm.alarm, act)
            assert device.wait(press, Told.ACCEPTED, patience(5)) is not None

            def listen(connection: Connection, delivered: Delivered) -> None:
                connection.acknowledge(delivered)
                heard.append(message.open_downlink(delivered.payload, memory.bridge_public, delivered.topic))

            login = bridge_login(tmp_path)
            tap = Connection(
                BrokerAddress.parse(made.urls[0], "a"),
                "tap",
                listen,
                filters=((message.down_topic(memory.device), 1),),
                login=login,
                durable=False,
            )
            tap.start()
            until(tap.connected.is_set, "tap connects")
            device.heartbeat()
            until(lambda: any(said.state is Told.ACCEPTED and said.press == press for said in heard), "told again")
            tap.stop()

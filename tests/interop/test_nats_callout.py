"""Who may connect to NATS, and to which topics: asked by the real broker, answered from the local registry."""

import signal
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from device_bridge.mqtt.login import make_token
from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire import message
from device_bridge.wire.message import Kind, Lane, PressId, Told, UpTopic
from evidence import keys
from tests.support.bridge_world import World, bridge_process, start_bridge, world
from tests.support.lane_threads import LaneThread, reading_of
from tests.support.ports import free_port
from tests.support.waiting import never, patience, until

pytestmark = pytest.mark.need("nats-server")
ANSWER_S = 8


class Client:
    """A bare MQTT client of somebody who means ill."""

    def __init__(self, made: World, user: str, password: str, client_id: str | None = None) -> None:
        self.admitted: bool | None = None
        self.heard: list[str] = []
        self.gone = threading.Event()
        self.answered = threading.Event()
        self.subscribed: list[bool] = []
        name = f"device-{user}" if client_id is None else client_id
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv311)
        self.client.username_pw_set(user, password)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self._answer(admitted=not reason.is_failure)
        self.client.on_disconnect = lambda *_: self.gone.set()
        self.client.on_message = lambda _c, _d, heard: self.heard.append(heard.topic)
        self.client.on_subscribe = lambda _c, _d, _m, reasons, _p: self.subscribed.extend(
            not reason.is_failure for reason in reasons
        )
        try:
            self.client.connect("127.0.0.1", made.brokers[0].broker.mqtt_port)
        except OSError:
            self._answer(admitted=False)
            return
        self.client.loop_start()

    def _answer(self, *, admitted: bool) -> None:
        if self.admitted is None:
            self.admitted = admitted
            self.answered.set()

    def enters(self) -> bool:
        until(lambda: self.answered.is_set() or self.gone.is_set(), "the broker answers", ANSWER_S)
        return self.admitted is True

    def subscribe(self, *topics: str) -> None:
        for topic in topics:
            before = len(self.subscribed)
            self.client.subscribe(topic, 1)
            until(lambda before=before: len(self.subscribed) > before or self.gone.is_set(), "SUBACK", ANSWER_S)  # type: ignore[misc] # bound now

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def press(memory: DeviceMemory, topic: str) -> bytes:
    said = message.DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, None, "", None)
    return message.seal(said, memory.identity, topic)


def test_a_spoofed_topic_never_reaches_the_bridge(tmp_path: Path) -> None:
    with world(tmp_path, count=1) as made:
        thief, victim = made.new_device("thief"), made.new_device("victim")
        client = Client(made, thief.device, make_token(thief.device, thief.identity))
        assert client.enters()
        victims = str(UpTopic(victim.device, Lane.ALARM))
        client.client.publish(victims, press(victim, victims), 1)  # even with the victim's own signed bytes
        client.client.publish("svc/bridge/1", b"all is well", 1, retain=True)
        own = str(UpTopic(thief.device, Lane.ALARM))
        client.client.publish(own, press(thief, own), 1)
        until(lambda: reading_of(made.bridge).newest_alarms(5), "the thief's own press comes after the spoofed ones")
        (alarm,) = reading_of(made.bridge).newest_alarms(5)
        assert alarm.device == thief.device
        assert "quarantined" not in reading_of(made.bridge).counters(), "it was stopped at the broker"
        client.close()


def test_a_device_hears_nothing_that_is_meant_for_another(tmp_path: Path) -> None:
    with world(tmp_path, count=1) as made:
        thief, victim = made.new_device("thief"), made.new_device("victim")
        client = Client(made, thief.device, make_token(thief.device, thief.identity))
        assert client.enters()
        client.subscribe(message.down_topic(thief.device))
        for topic in (message.down_topic(victim.device), "dn/#", "up/#", "#", "$MQTT/sub/#", "$MQTT/deliver/#"):
            client.subscribe(topic)
            if client.gone.is_set():
                client.gone.clear()
                client.answered.clear()
                until(client.client.is_connected, "it comes back", ANSWER_S)
        with made.switched_on(victim) as device:
            assert device.wait(device.press(), message.Told.STORED, patience(5)) is not None
        own = str(UpTopic(thief.device, Lane.ALARM))
        until(client.client.is_connected, "still there", ANSWER_S)
        client.subscribe(message.down_topic(thief.device))
        client.client.publish(own, press(thief, own), 1)
        until(lambda: message.down_topic(thief.device) in client.heard, "it hears its own")
        assert set(client.heard) <= {message.down_topic(thief.device)}
        client.close()


def test_wrong_keys_borrowed_tokens_and_strangers_stay_outside(tmp_path: Path) -> None:
    with world(tmp_path, count=1) as made:
        known, other = made.new_device("known"), made.new_device("other")
        stranger = keys.Identity.generate()
        attempts = [
            (known.device, make_token(known.device, stranger)),
            (known.device, make_token(other.device, other.identity)),
            (known.device, ""),
            (known.device, "bridge"),
            ("f" * 32, make_token(known.device, known.identity)),
            ("bridge", "bridge"),
            ("system", make_token(known.device, known.identity)),
        ]
        for user, password in attempts:
            client = Client(made, user, password)
            assert not client.enters(), f"{user} came in"
            client.close()
        client = Client(made, known.device, make_token(known.device, known.identity))
        assert client.enters(), "the right token still opens"
        client.close()


def test_a_device_cannot_take_over_the_session_of_the_bridge_or_of_another(tmp_path: Path) -> None:
    with world(tmp_path, count=1) as made:
        thief, victim = made.new_device("thief"), made.new_device("victim")
        token = make_token(thief.device, thief.identity)
        lane = made.bridge.lane._running
        assert isinstance(lane, LaneThread)
        (presses,) = lane.running._connections
        epoch = presses._epoch
        for client_id in ("getuige-bridge-1", f"device-{victim.device}", ""):
            client = Client(made, thief.device, token, client_id)
            assert not client.enters(), f"it came in as {client_id!r}"
            client.close()
        assert (presses.connected.is_set(), presses._epoch) == (True, epoch), "the bridge was never pushed out"


def test_a_revoked_device_is_put_out_and_stays_out(tmp_path: Path) -> None:
    with world(tmp_path, count=1) as made:
        memory = made.new_device()
        client = Client(made, memory.device, make_token(memory.device, memory.identity))
        assert client.enters()
        client.gone.clear()
        made.organisation.append(made.organisation.revoke(memory.device))
        assert client.gone.wait(patience(10)), "the live connection is ended"
        client.close()
        again = Client(made, memory.device, make_token(memory.device, memory.identity))
        assert not again.enters()
        again.close()


def test_a_worker_that_hangs_or_knows_less_keeps_nobody_out(tmp_path: Path) -> None:
    """Two bridges answer: one is stopped (SIGSTOP holds its connection open), then one does not know the device."""
    with world(tmp_path) as made:
        memory = made.new_device()
        made.bridge.stop()
        with bridge_process(made, free_port()) as process:
            other = start_bridge(made.settings.model_copy(update={"name": "2"}))
            try:
                with made.switched_on(memory) as device:
                    assert device.connected() == 2
                process.send_signal(signal.SIGSTOP)
                with made.switched_on(memory) as device:
                    assert device.wait(device.press(), Told.STORED, patience(5)) is not None
                process.send_signal(signal.SIGCONT)
                other.registry._devices.clear()
                with made.switched_on(memory) as device:
                    assert device.connected() == 2, "who knows the device lets it in before who does not refuses"
                stranger = DeviceMemory.create(tmp_path / "stranger", bridge_key="ab" * 32, brokers=made.urls)
                refused = ReferenceDevice(stranger)
                refused.start()
                until(lambda: sum(one.refused for one in other._callouts) > 0, "the stranger asks")
                never(refused.connected, "nobody lets a stranger in", 1.0)
                refused.stop()
            finally:
                other.stop()
        made.bridge = start_bridge(made.settings)

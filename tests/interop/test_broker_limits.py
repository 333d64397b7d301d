"""A broker takes no message that is larger than any of ours: who sends one is put out, and the others go on."""

import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from device_bridge.mqtt import brokers
from tests.support.bridge_world import new_broker
from tests.support.waiting import DEADLINE_S


@pytest.mark.need("mosquitto")
def test_a_megabyte_ends_the_connection_that_sends_it(tmp_path: Path) -> None:
    with brokers.running(new_broker(tmp_path, "mosquitto", 0)) as running:
        heard, gone = threading.Event(), threading.Event()
        listener, sender = (paho.Client(CallbackAPIVersion.VERSION2) for _ in range(2))
        listener.on_message = lambda *_: heard.set()
        sender.on_disconnect = lambda *_: gone.set()
        for client in (listener, sender):
            client.connect("127.0.0.1", running.broker.mqtt_port)
        listener.subscribe("up/#", 1)
        listener.loop_start()
        sender.loop_start()
        try:
            sender.publish("up/00/x/a", b"x" * 1_000_000, qos=1)
            assert gone.wait(DEADLINE_S), "it is put out"
            assert not heard.is_set()
            sender.disconnect()
            other = paho.Client(CallbackAPIVersion.VERSION2)
            other.connect("127.0.0.1", running.broker.mqtt_port)
            other.loop_start()
            other.publish("up/00/x/a", b"x" * (brokers.MAX_PACKET_BYTES - 100), qos=1).wait_for_publish(DEADLINE_S)
            assert heard.wait(DEADLINE_S), "the largest of ours comes through"
            other.disconnect()
            other.loop_stop()
        finally:
            for client in (listener, sender):
                client.disconnect()
                client.loop_stop()

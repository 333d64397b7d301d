"""MQTT over TLS: on NATS a device is who its token says, on mosquitto who its certificate says, and no more than that.

The broker, the bridge and the device are the real ones; the strangers are bare MQTT clients.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from device_bridge.errors import SettingsError
from device_bridge.mqtt import brokers
from device_bridge.mqtt.connection import BrokerAddress, Connection, Delivered
from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.settings import BridgeSettings
from device_bridge.wire import message
from device_bridge.wire.message import Kind, Told
from tests.support.bridge_world import AlarmOrganisation, World, new_broker, start_bridge
from tests.support.certificates import Authority
from tests.support.lane_threads import reading_of
from tests.support.ports import free_port
from tests.support.waiting import never, patience, until

KINDS = [
    pytest.param("nats", marks=pytest.mark.need("nats-server")),
    pytest.param("mosquitto", marks=pytest.mark.need("mosquitto")),
]
QUIET_S = 1.0

LEAKS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""paho leaves the socket of a refused handshake to the garbage collector, which says so."""


@dataclass
class Secured:
    """A world whose one broker speaks TLS, and the authority that both sides trust."""

    world: World
    authority: Authority

    @property
    def url(self) -> str:
        return f"mqtts://127.0.0.1:{self.world.brokers[0].broker.mqtt_port}"

    def device(self, name: str, certified_by: Authority | None = None) -> DeviceMemory:
        """Make and enrol a device that trusts the authority, with a certificate in its own name."""
        memory = self.world.new_device(name, urls=[self.url])
        folder = self.world.organisation.folder / "people" / name
        (folder / "authority.pem").write_bytes(self.authority.file.read_bytes())
        (certified_by or self.authority).issue(memory.device, folder / "certificate.pem")
        return memory

    def client(self, memory: DeviceMemory, client_id: str, heard: list[str], *filters: tuple[str, int]) -> Connection:
        """A bare client with a device's certificate that writes down the topics it hears."""

        def hear(connection: Connection, delivered: Delivered) -> None:
            heard.append(delivered.topic)
            connection.acknowledge(delivered)

        address = BrokerAddress.parse(self.url, "a", memory.authority_file, memory.shown)
        return Connection(address, client_id, hear, filters=filters, durable=False)


@contextmanager
def secured(folder: Path, kind: str) -> Iterator[Secured]:
    """Run an organisation with one broker of a kind over TLS, and one bridge."""
    organisation = AlarmOrganisation.found(folder)
    organisation.append(*organisation.founding())
    authority = Authority(folder / "authority")
    certificate, key = authority.issue("broker", folder / "broker" / "broker.pem")
    shown = brokers.Certificates(certificate, key, authority.file)
    described = replace(new_broker(folder, kind, 0), certificates=shown)
    if isinstance(described, brokers.MosquittoBroker):
        described = replace(described, bridge_port=free_port())
    own, _ = authority.issue(brokers.BRIDGE_USER, folder / "bridge-own" / "bridge.pem")
    with brokers.running(described) as started:
        port = described.bridge_port if isinstance(described, brokers.MosquittoBroker) else described.mqtt_port
        settings = BridgeSettings(
            data=folder,
            brokers=(f"mqtts://127.0.0.1:{port}",),
            callouts=(f"127.0.0.1:{described.client_port}",) if isinstance(described, brokers.NatsBroker) else (),
            callout=kind == "nats",
            broker_login=kind == "nats",
            broker_ca_file=authority.file,
            broker_certificate_file=own,
            feed_port=0,
            root_key=organisation.root.sign_public.hex(),
        )
        made = World(organisation, (started,), settings, start_bridge(settings))
        try:
            yield Secured(made, authority)
        finally:
            made.bridge.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_a_press_over_tls_is_stored(tmp_path: Path, kind: str) -> None:
    with secured(tmp_path, kind) as made:
        memory = made.device("button")
        with made.world.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS), Told.STORED, patience(10)) is not None
        (alarm,) = reading_of(made.world.bridge).newest_alarms(5)
        assert alarm.device == memory.device


@LEAKS
@pytest.mark.parametrize("kind", KINDS)
def test_a_device_tells_nothing_to_a_broker_that_it_does_not_trust(tmp_path: Path, kind: str) -> None:
    with secured(tmp_path, kind) as made:
        memory = made.device("button")
        stranger = Authority(tmp_path / "stranger", "stranger")
        (tmp_path / "people" / "button" / "authority.pem").write_bytes(stranger.file.read_bytes())
        device = ReferenceDevice(memory)
        device.start()
        try:
            never(device.connected, "it connected", QUIET_S)
        finally:
            device.stop()
            gc.collect()


@LEAKS
@pytest.mark.need("mosquitto")
def test_mosquitto_lets_in_nobody_without_a_certificate_of_ours(tmp_path: Path) -> None:
    with secured(tmp_path, "mosquitto") as made:
        stranger = made.device("stranger", certified_by=Authority(tmp_path / "other", "other"))
        nobody = made.device("nobody")
        for part in ("certificate.pem", "certificate.key"):
            (tmp_path / "people" / "nobody" / part).unlink()
        for memory in (stranger, nobody):
            client = made.client(memory, "x", [])
            client.start()
            never(client.connected.is_set, "it was let in", QUIET_S)
            client.stop()
        gc.collect()


@pytest.mark.need("mosquitto")
def test_a_device_speaks_and_hears_on_its_own_topics_only(tmp_path: Path) -> None:
    with secured(tmp_path, "mosquitto") as made:
        hers, his = made.device("hers"), made.device("his")
        heard: list[str] = []
        spy = made.client(his, "spy", heard, ("dn/#", 1), ("up/#", 1), (message.down_topic(hers.device), 1))
        spy.start()
        until(spy.connected.is_set, "he connects")
        quarantined = reading_of(made.world.bridge).counters().get("quarantined", 0)
        spy.publish(f"up/{hers.device[:2]}/{hers.device}/a", b"forged")
        spy.publish(f"svc/bridge/{made.world.bridge.name}", b"forged", retain=True)
        with made.world.switched_on(hers) as device:
            assert device.wait(device.press(Kind.PRESS), Told.STORED, patience(10)) is not None
        spy.stop()
        assert not [topic for topic in heard if hers.device in topic]
        assert reading_of(made.world.bridge).counters().get("quarantined", 0) == quarantined, "it never arrived"


@pytest.mark.need("mosquitto")
def test_a_stolen_device_cannot_take_the_bridges_session(tmp_path: Path) -> None:
    with secured(tmp_path, "mosquitto") as made:
        hers, his = made.device("hers"), made.device("his")
        thief = made.client(his, f"getuige-bridge-{made.world.bridge.name}", [], (message.down_topic(his.device), 1))
        thief.start()
        until(thief.connected.is_set, "he connects, under his own name")
        never(lambda: not made.world.bridge.listening(), "the bridge was pushed out", QUIET_S)
        with made.world.switched_on(hers) as device:
            assert device.wait(device.press(Kind.PRESS), Told.STORED, patience(10)) is not None
        thief.stop()


def test_files_that_are_no_certificates_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("no certificate")
    address = BrokerAddress.parse("mqtts://127.0.0.1:1", "a", shown=(tmp_path / "x.pem", tmp_path / "x.key"))
    with pytest.raises(SettingsError, match="certificates for broker a"):
        Connection(address, "x", lambda *_: None, filters=())

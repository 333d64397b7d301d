"""A small organisation on a real journal, for tests of the bridge: root, caseworker, dispatcher, desk, one case.

Nothing here stands in for anything: keys, statements, brokers, journal and bridge are the ones that run in earnest.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from device_bridge.mqtt import brokers
from device_bridge.mqtt.connection import Login
from device_bridge.process import Bridge
from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.settings import BridgeSettings
from device_bridge.spool import presses
from device_bridge.wire import codes, message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from evidence import canonical, ids, keys
from evidence.envelope import container, opening
from evidence.envelope.meta import Alarm
from evidence.keyfile import load_or_create_bridge
from evidence.statements import bodies, event
from evidence.statements import statement as statements
from evidence.statements.statement import Statement
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import MAX_READ, SqlJournal
from tests.support import published
from tests.support.bridge_processes import end_lanes
from tests.support.lane_threads import new_bridge, reading_of
from tests.support.ports import free_ports
from tests.support.starter import Process, start
from tests.support.waiting import DEADLINE_S, until

CENTRES = ("c", "c1", "second", "live", "dead", "mk", "duty")
"""Alarm centres, control rooms and people on call of these tests; each gave every device an account."""


def account_of(device: ids.DeviceId) -> str:
    """Return the account that all of them gave to a device: no part of its id."""
    return f"{int(device, 16) % 10**15:016d}"


@dataclass
class AlarmOrganisation:
    """The people, and the statements about them in order."""

    folder: Path
    root: keys.Identity
    caseworker: keys.Identity
    dispatcher: keys.Identity
    colleague: keys.Identity
    desk: keys.Identity
    case_keys: keys.Identity
    vault: keys.Identity
    bridge: keys.BridgeIdentity
    case: ids.CaseId
    team: ids.TeamId
    database: str | None = None

    @staticmethod
    def found(folder: Path, database: str | None = None) -> "AlarmOrganisation":
        """Make everyone's keys; the bridge's are in its own file. `database`: another one than a file in the folder."""
        new = keys.Identity.generate
        return AlarmOrganisation(
            folder,
            root=new(),
            caseworker=new(),
            dispatcher=new(),
            colleague=new(),
            desk=new(),
            case_keys=new(),
            vault=new(),
            bridge=load_or_create_bridge(folder / "secrets" / "bridge.key"),
            case=ids.CaseId(ids.new_id()),
            team=ids.TeamId(ids.new_id()),
            database=database,
        )

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.folder / 'getuige.db'}"

    def publish(self, who: keys.SigningKey, role: bodies.Role, label: str, team: ids.TeamId | None = None) -> Statement:
        body = published.certificate(who, role, label, team)
        return statements.sign(self.root, "key.publish", body)

    def founding(self) -> list[Statement]:
        """Return the statements with which the journal begins."""
        root = bodies.RootKey(ids.PublicKey(self.root.sign_public.hex()), "Test root")
        opened = published.case_of(self.vault, self.team, self.caseworker.kid, self.case_keys)
        return [
            statements.sign(self.root, "log.open", bodies.LogOpen("test.example/log", root, "test")),
            statements.sign(self.root, "team.open", bodies.TeamOpen(self.team, "Team")),
            self.publish(self.bridge, "bridge", "Bridge 1"),
            self.publish(self.caseworker, "caseworker", "Caseworker", self.team),
            self.publish(self.dispatcher, "dispatcher", "Dispatcher Bakker"),
            self.publish(self.colleague, "dispatcher", "Dispatcher Yilmaz"),
            self.publish(self.desk, "desk", "Control room"),
            statements.sign(self.caseworker, "case.open", opened, case=self.case),
        ]

    def enrol(self, device: ids.DeviceId, sign: bytes, sealed_codes: bytes | None = None) -> Statement:
        known = None if sealed_codes is None else ids.Base64(canonical.b64(sealed_codes))
        accounts = tuple(bodies.CentreAccount(centre, account_of(device)) for centre in CENTRES)
        public = ids.PublicKey(sign.hex())
        body = bodies.AlarmDeviceEnrol(device, public, "3min", "AWARE test covenant", codes=known, accounts=accounts)
        return statements.sign(self.caseworker, "alarm_device.enrol", body, case=self.case)

    def revoke(self, device: ids.DeviceId) -> Statement:
        return statements.sign(self.caseworker, "device.revoke", bodies.DeviceRevoke(device), case=self.case)

    def act(self, who: keys.Identity, kind: str, alarm: str, reason: bodies.CloseReason | None = None) -> bytes:
        name = ids.AlarmId(alarm)
        body = bodies.AlarmAct(name) if reason is None else bodies.AlarmClose(name, reason)
        return statements.sign(who, f"alarm.{kind}", body, case=self.case).envelope.to_bytes()

    def append(self, *made: Statement) -> None:
        """Append to the journal as the API server would, from another engine than the bridge's."""
        engine = open_engine(self.database_url)
        journal = SqlJournal(engine)
        journal.start()
        try:
            for future in [journal.append(one.envelope.to_bytes()) for one in made]:
                future.result(DEADLINE_S)
        finally:
            journal.close()
            engine.dispose()

    def journal(self) -> list[Statement]:
        """Return every statement that the journal has."""
        engine = open_engine(self.database_url)
        try:
            journal, found = SqlJournal(engine), list[Statement]()
            while page := journal.read(after=len(found) - 1, limit=MAX_READ):
                found += [event.parse(one.event).statement for one in page]
            return found
        finally:
            engine.dispose()

    def open_item(self, head: str, reader: keys.Identity | None = None) -> Alarm:
        """Open a sealed alarm item as the desk (or another reader) does."""
        prefix = container.parse_prefix(canonical.unb64(head))
        opened = opening.open_meta(prefix, opening.content_key(prefix, reader or self.desk))
        assert isinstance(opened, Alarm)
        return opened


@dataclass
class World:
    """Brokers, a bridge in this process, and what devices need to reach both."""

    organisation: AlarmOrganisation
    brokers: tuple[brokers.RunningBroker, ...]
    settings: BridgeSettings
    bridge: Bridge

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(f"mqtt://127.0.0.1:{one.broker.mqtt_port}" for one in self.brokers)

    @property
    def press_url(self) -> str:
        return f"http://127.0.0.1:{self.bridge.feed_port}/press"

    def new_device(
        self, name: str = "button", urls: Sequence[str] | None = None, pins: tuple[str, str] | None = None
    ) -> DeviceMemory:
        """Make a device, enrol it in the journal (with cancel and duress code), and wait until the bridge knows it."""
        folder = self.organisation.folder / "people" / name
        memory = DeviceMemory.create(
            folder,
            bridge_key=self.organisation.bridge.sign_public.hex(),
            brokers=self.urls if urls is None else tuple(urls),
            press_url=self.press_url,
        )
        sealed = None
        if pins is not None:
            chosen = codes.choose(memory.code_salt, *pins)
            sealed = chosen.seal(memory.device, self.organisation.bridge.box_public)
        self.organisation.append(self.organisation.enrol(memory.device, memory.identity.sign_public, sealed))
        known = self.bridge.registry.device_count
        self.bridge.forwarder.loop.wake()  # it looks by itself once a second
        until(lambda: self._knows(memory.device), f"bridge learns of the device (knows {known})")
        until(self.bridge.lane.knows, "and so does its lane")
        return memory

    def _knows(self, device: ids.DeviceId) -> bool:
        try:
            return self.bridge.registry.device(device) is not None
        except Exception:  # noqa: BLE001 - not yet
            return False

    def sealed(self) -> None:
        """Wait until every press that was stored became evidence."""
        until(lambda: not presses.taken(reading_of(self.bridge), 0, 1), "what was stored became evidence")

    def restart_bridge(self) -> None:
        self.bridge.stop()
        self.bridge = start_bridge(self.settings)

    @contextmanager
    def switched_on(self, memory: DeviceMemory) -> Iterator[ReferenceDevice]:
        """A device that is connected to every broker it knows."""
        device = ReferenceDevice(memory)
        device.start()
        try:
            until(lambda: device.connected() == len(memory.state.brokers), "device connects")
            yield device
        finally:
            device.stop()


def bridge_login(folder: Path) -> Login:
    """Return the login with which the bridge of the organisation in `folder` comes to its brokers."""
    return Login("bridge", lambda: bridge_password(folder))


def bridge_password(folder: Path) -> str:
    return (folder / "secrets" / "broker-bridge.password").read_text().strip()


def start_bridge(settings: BridgeSettings) -> Bridge:
    """Start a bridge in this process and wait until it hears presses."""
    bridge = new_bridge(settings)
    bridge.start()
    until(bridge.listening, "bridge listens")
    return bridge


@contextmanager
def bridge_process(made: World, feed_port: int, *, login: bool = True) -> Iterator[Process]:
    """Run `getuige bridge` as its own process on the world's brokers and data; at the end its lane ends too."""
    callouts = [one.broker.client_port for one in made.brokers if isinstance(one.broker, brokers.NatsBroker)]
    environment = {
        **os.environ,
        "GETUIGE_BRIDGE_DATA": str(made.settings.data),
        "GETUIGE_BRIDGE_BROKERS": ",".join(made.urls),
        "GETUIGE_BRIDGE_CALLOUTS": ",".join(f"127.0.0.1:{port}" for port in callouts),
        "GETUIGE_BRIDGE_FEED_PORT": str(feed_port),
        "GETUIGE_BRIDGE_BROKER_LOGIN": str(login),
        "GETUIGE_BRIDGE_CALLOUT": str(bool(callouts)),
        "GETUIGE_BRIDGE_ROOT_KEY": made.organisation.root.sign_public.hex(),
    }
    with (made.settings.data / "bridge.log").open("ab") as log:
        process = start("bridge", output=log, environment=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        end_lanes(made.settings.data)


@contextmanager
def world(folder: Path, kind: str = "nats", count: int = 2) -> Iterator[World]:
    """Run an organisation with `count` brokers of a kind and one bridge."""
    organisation = AlarmOrganisation.found(folder)
    organisation.append(*organisation.founding())
    with ExitStack() as stack:
        started = tuple(stack.enter_context(brokers.running(new_broker(folder, kind, i))) for i in range(count))
        settings = BridgeSettings(
            data=folder,
            brokers=tuple(f"mqtt://127.0.0.1:{one.broker.mqtt_port}" for one in started),
            callouts=tuple(
                f"127.0.0.1:{one.broker.client_port}" for one in started if isinstance(one.broker, brokers.NatsBroker)
            ),
            callout=kind == "nats",
            broker_login=kind == "nats",
            feed_port=0,
            root_key=organisation.root.sign_public.hex(),
        )
        made = World(organisation, started, settings, start_bridge(settings))
        try:
            yield made
        finally:
            made.bridge.stop()


def new_broker(folder: Path, kind: str, index: int) -> brokers.Broker:
    """Describe broker number `index` on free ports."""
    name = "ab"[index]
    mqtt_port, client_port = free_ports(2)
    if kind == "mosquitto":
        return brokers.MosquittoBroker(name, folder / "brokers" / name, mqtt_port)
    secrets = brokers.BrokerSecrets.load_or_create(folder / "secrets")
    return brokers.NatsBroker(name, folder / "brokers" / name, mqtt_port, client_port, secrets)


def sealed(memory: DeviceMemory, counter: int) -> tuple[str, bytes]:
    topic = str(UpTopic(memory.device, Lane.TELEMETRY))
    said = DeviceMessage(memory.device, PressId(1, counter), 0, None, 0, Kind.HEARTBEAT, 80, "fw", None)
    return topic, message.seal(said, memory.identity, topic)

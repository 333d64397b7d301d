"""Two brokers and two bridges as processes that are killed at random, devices that press and a dispatcher who acts.

The dispatcher works through the API server's own feed of both bridges. Nothing here stands in for anything.
"""

import asyncio
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from device_bridge.mqtt import brokers
from device_bridge.mqtt.connection import BrokerAddress, Connection, Delivered
from device_bridge.process import SWITCH_INTERVAL_S
from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire.message import Kind, Location, PressId, Told
from evidence import ids
from evidence.keyfile import load_or_create_token
from evidence.statements import bodies
from evidence.statements.statement import Statement
from server.alarms.feed import BridgeFeed, BridgeUnreachableError, Refusal
from server.settings import Settings
from tests.support.bridge_processes import BridgeProcess, Network
from tests.support.bridge_world import AlarmOrganisation, bridge_login, new_broker
from tests.support.ports import free_ports
from tests.support.waiting import patience, until

HERE = Location(51.9244, 4.4777, 12, 3, "gps")
PAUSE_S = 0.08
"""Between a *stored* and the next press of a device."""

OPEN_FOR_S = 0.6
"""How long the dispatcher leaves an alarm open: several presses join it."""


@dataclass
class Pressed:
    """Presses of one device, and how long each took until *stored* (milliseconds), with the moment of its push."""

    memory: DeviceMemory
    stored: list[tuple[float, float]] = field(default_factory=list)
    presses: list[PressId] = field(default_factory=list)
    lost: list[PressId] = field(default_factory=list)


@dataclass
class Chaos:
    """Everything that runs, and what was seen."""

    organisation: AlarmOrganisation
    brokers: list[brokers.RunningBroker]
    bridges: list[BridgeProcess]
    devices: list[ReferenceDevice]
    pressed: list[Pressed]
    settings: Settings
    stop: threading.Event = field(default_factory=threading.Event)
    kills: list[tuple[float, str]] = field(default_factory=list)
    acts: int = 0
    refused: int = 0
    bare_ms: list[tuple[float, float]] = field(default_factory=list)
    looks: int = 0
    doubled: int = 0
    """At how many of the looks a console showed two open alarms of one device: while a close is on its way."""

    def whole(self) -> bool:
        """Whether every bridge and every device has every broker."""
        return all(one.connected() == len(self.brokers) for one in self.devices) and all(
            bridge.hears() == len(self.brokers) for bridge in self.bridges
        )

    def works(self) -> bool:
        """Whether every bridge takes presses from brokers now: connected is not yet caught up."""
        before = [bridge.count("counters").get("duplicates", 0) for bridge in self.bridges]
        time.sleep(0.2)
        after = [bridge.count("counters").get("duplicates", 0) for bridge in self.bridges]
        return self.whole() and all(later > sooner for sooner, later in zip(before, after, strict=True))

    def run(self, seconds: float, seed: int) -> None:
        """Press, act and kill for so long; then wait until everything runs again and every press is stored."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)  # as in a bridge: here are all devices in one process
        workers = [threading.Thread(target=self._press, args=(i,), daemon=True) for i in range(len(self.devices))]
        workers.append(threading.Thread(target=self._dispatch, daemon=True))
        for one in workers:
            one.start()
        chance, end = random.Random(seed), time.monotonic() + seconds
        while time.monotonic() < end:
            self._kill_one_of_each(chance)
        self.stop.set()
        for one in workers:
            one.join(patience(60))
            assert not one.is_alive(), "a worker hangs"

    def _kill_one_of_each(self, chance: random.Random) -> None:
        """Kill a bridge, a broker, or one of each at once, at a random moment; start them again; wait until whole."""
        time.sleep(chance.uniform(0.0, 0.4))
        bridge, broker = chance.choice(self.bridges), chance.choice(self.brokers)
        which = chance.choice(("bridge", "broker", "both"))
        if which != "broker":
            bridge.kill()
            self._killed(f"bridge {bridge.name}")
        if which == "both":
            time.sleep(chance.uniform(0.0, 0.1))
        if which != "bridge":
            broker.kill()
            self._killed(f"broker {broker.broker.name}")
        time.sleep(chance.uniform(0.0, 0.3))
        if which != "bridge":
            broker.restart()
        if which != "broker":
            bridge.start()
        until(self.works, "everything runs again", 60)

    def _killed(self, what: str) -> None:
        self.kills.append((time.monotonic(), what))

    def _press(self, index: int) -> None:
        device, pressed = self.devices[index], self.pressed[index]
        while not self.stop.is_set():
            at = time.monotonic()
            press = device.press(Kind.PRESS, HERE)
            pressed.presses.append(press)
            took_ms = device.wait(press, Told.STORED, patience(30))
            if took_ms is None:
                pressed.lost.append(press)
            else:
                pressed.stored.append((at, took_ms))
            self.stop.wait(PAUSE_S)

    def _dispatch(self) -> None:
        asyncio.run(self._act())

    async def _act(self) -> None:
        """Accept and close whatever was open for a while, until told to stop."""
        feed = BridgeFeed(self.settings)
        following = asyncio.ensure_future(feed.follow())
        who = self.organisation.dispatcher
        since: dict[str, float] = {}
        while not self.stop.is_set():
            await asyncio.sleep(0.05)
            open_ones = [one for one in feed.alarms() if one["state"] != "closed"]
            self.doubled += len(open_ones) > len({one["device"] for one in open_ones})
            self.looks += 1
            for alarm in open_ones:
                name = alarm["alarm"]
                if time.monotonic() - since.setdefault(name, time.monotonic()) < OPEN_FOR_S:
                    continue
                with suppress(BridgeUnreachableError):
                    if alarm["accepted_by"] is None:
                        answer = await feed.act(name, self.organisation.act(who, "accept", name))
                    else:
                        closing = self.organisation.act(who, "close", name, "genuine")
                        answer = await feed.act(name, closing, f'"{alarm["revision"]}"')
                    self.acts += not isinstance(answer, Refusal)
                    self.refused += isinstance(answer, Refusal)
        following.cancel()
        await feed.close()


@contextmanager
def chaos(
    folder: Path,
    kind: str,
    devices: int = 4,
    database: str | None = None,
    more: tuple[dict[str, str], dict[str, str]] = ({}, {}),
    network: Network | None = None,
) -> Iterator[Chaos]:
    """Start two brokers of a kind, two bridges and devices that are enrolled and connected.

    `more` is what each bridge's environment has beyond the usual.
    """
    organisation = AlarmOrganisation.found(folder, database)
    organisation.append(*organisation.founding())
    with ExitStack() as stack:
        where = "127.0.0.1" if network is None else "0.0.0.0"  # noqa: S104 - the namespace comes in over its cable
        described = [replace(new_broker(folder, kind, i), host=where) for i in range(2)]
        running = [stack.enter_context(brokers.running(broker)) for broker in described]
        urls = tuple(f"mqtt://127.0.0.1:{one.broker.mqtt_port}" for one in running)
        bridges = _bridges(folder, kind, organisation, running, urls)
        memories = [
            DeviceMemory.create(
                folder / "people" / f"button-{n}",
                bridge_key=organisation.bridge.sign_public.hex(),
                brokers=urls,
                press_url=f"{bridges[n % 2].feed}/press",
            )
            for n in range(devices)
        ]
        organisation.append(*(organisation.enrol(one.device, one.identity.sign_public) for one in memories))
        if network is not None:
            _move_into(network, bridges)
        for bridge, added in zip(bridges, more, strict=True):
            bridge.environment.update(added)
            bridge.start()
            stack.callback(bridge.kill)
        switched = [ReferenceDevice(memory) for memory in memories]
        until(lambda: all(_knows(bridge, devices) for bridge in bridges), "the bridges know the devices", 40)
        for device in switched:
            device.start()
            stack.callback(device.stop)
        settings = Settings(
            data=folder,
            bridge_feed_url=",".join(bridge.feed for bridge in bridges),
            bridge_feed_token_file=folder / "secrets" / "bridge-feed.token",
        )
        pressed = [Pressed(memory) for memory in memories]
        made = Chaos(organisation, running, bridges, switched, pressed, settings)
        until(made.whole, "everything runs", 40)
        with _bare(folder, kind, made), _contention(folder):
            yield made


def _knows(bridge: BridgeProcess, devices: int) -> bool:
    return bridge.count("devices").get("enrolled") == devices


def _bridges(
    folder: Path,
    kind: str,
    organisation: AlarmOrganisation,
    running: list[brokers.RunningBroker],
    urls: tuple[str, ...],
) -> list[BridgeProcess]:
    callouts = [one.broker.client_port for one in running if isinstance(one.broker, brokers.NatsBroker)]
    feeds = [f"http://127.0.0.1:{port}" for port in free_ports(2)]
    token = load_or_create_token(folder / "secrets" / "bridge-feed.token")
    made = []
    for index, feed in enumerate(feeds):
        environment = {
            "GETUIGE_BRIDGE_DATA": str(folder),
            "GETUIGE_BRIDGE_NAME": str(index + 1),
            "GETUIGE_BRIDGE_DATABASE_URL": organisation.database_url,
            "GETUIGE_BRIDGE_PEERS": feeds[1 - index],
            "GETUIGE_BRIDGE_BROKERS": ",".join(urls),
            "GETUIGE_BRIDGE_BROKER_LOGIN": str(kind == "nats"),
            "GETUIGE_BRIDGE_CALLOUTS": ",".join(f"127.0.0.1:{port}" for port in callouts),
            "GETUIGE_BRIDGE_FEED_PORT": feed.rpartition(":")[2],
            "GETUIGE_BRIDGE_ROOT_KEY": organisation.root.sign_public.hex(),
        }
        made.append(BridgeProcess(str(index + 1), folder, environment, feed, token))
    return made


def _move_into(network: Network, bridges: list[BridgeProcess]) -> None:
    """Let bridge 1 live in the namespace: it reaches the others, and they reach it, over the cable."""
    first, second = bridges
    first.before = ("ip", "netns", "exec", network.namespace)
    first.environment = {
        name: value.replace("127.0.0.1", network.outside) if name != "GETUIGE_BRIDGE_DATABASE_URL" else value
        for name, value in first.environment.items()
    }
    first.environment["GETUIGE_BRIDGE_FEED_HOST"] = network.inside
    first.feed = first.feed.replace("127.0.0.1", network.inside)
    second.environment["GETUIGE_BRIDGE_FEED_HOST"] = "0.0.0.0"  # noqa: S104 - as above
    second.environment["GETUIGE_BRIDGE_PEERS"] = first.feed


@contextmanager
def _bare(folder: Path, kind: str, made: Chaos) -> Iterator[None]:
    """Measure bare round trips all the while, over a broker of its own that nobody kills: the load of the machine."""
    (port, client_port) = free_ports(2)
    where = folder / "brokers" / "bare"
    broker: brokers.Broker = brokers.MosquittoBroker("bare", where, port)
    if kind == "nats":
        broker = brokers.NatsBroker(
            "bare", where, port, client_port, brokers.BrokerSecrets.load_or_create(folder / "secrets")
        )
    login = None
    if kind == "nats":
        login = bridge_login(folder)
    back = threading.Event()

    def heard(connection: Connection, delivered: Delivered) -> None:
        connection.acknowledge(delivered)
        back.set()

    with brokers.running(broker):
        address = BrokerAddress.parse(f"mqtt://127.0.0.1:{port}", "bare")
        echo = Connection(address, "echo", heard, filters=(("bare", 1),), login=login, durable=False)
        echo.start()
        until(echo.connected.is_set, "echo connects")
        end = threading.Event()

        def measure() -> None:
            while not end.wait(0.02):
                back.clear()
                at = time.monotonic()
                echo.publish("bare", b"x")
                back.wait(patience(30))
                made.bare_ms.append((at, (time.monotonic() - at) * 1000))

        worker = threading.Thread(target=measure, daemon=True)
        worker.start()
        try:
            yield
        finally:
            end.set()
            worker.join(patience(30))
            echo.stop()


@contextmanager
def _contention(folder: Path) -> Iterator[None]:
    """Measure all the while how long a process of its own waits for a processor (`contention.py`)."""
    with (folder / "contention.txt").open("wb") as out:
        probe = subprocess.Popen([sys.executable, str(Path(__file__).with_name("contention.py"))], stdout=out)
    try:
        yield
    finally:
        probe.kill()
        probe.wait()


def contention(folder: Path) -> list[tuple[float, float]]:
    """Return what was measured: moments, and how many times longer than alone a process took."""
    rows = [line.split() for line in (folder / "contention.txt").read_text().splitlines()]
    return [(float(row[0]), float(row[1])) for row in rows if len(row) == 2]


def counted_presses(journal: list[Statement]) -> dict[ids.Sha256, ids.AlarmId]:
    """Return the alarm in which each press counts: where it was moved to, and what that alarm turned out to be."""
    said = [one.body for one in journal if isinstance(one.body, bodies.AlarmRaise | bodies.AlarmRepeat)]
    into = {one.body.alarm: one.body.into for one in journal if isinstance(one.body, bodies.AlarmFold)}
    left = {(one.identity, one.moved_from) for one in said}
    stand = {(one.identity, into.get(one.alarm, one.alarm)) for one in said} - left
    names = [identity for identity, _ in stand]
    assert len(names) == len(set(names)), "a press counts in one alarm"
    return dict(stand)


def presses_in_journal(organisation: AlarmOrganisation) -> dict[tuple[str, int, int], list[ids.AlarmId]]:
    """Return the alarms in which the journal has each press, in order."""
    found: dict[tuple[str, int, int], list[ids.AlarmId]] = {}
    device_of: dict[ids.AlarmId, ids.DeviceId] = {}
    for statement in organisation.journal():
        body = statement.body
        if isinstance(body, bodies.AlarmRaise):
            device_of[body.alarm] = body.device
        if isinstance(body, bodies.AlarmRaise | bodies.AlarmRepeat):
            key = (device_of[body.alarm], body.press.boot, body.press.counter)
            found.setdefault(key, []).append(body.alarm)
    return found

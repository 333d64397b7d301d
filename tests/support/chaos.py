"""Two brokers and two bridges as processes, devices that press and a dispatcher who acts; all of it can be broken.

The dispatcher works through the API server's own feed of both bridges. Nothing here stands in for anything. What goes
wrong, and what health must say of it, is in `misfortunes.py`.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from device_bridge.mqtt import brokers
from device_bridge.process import SWITCH_INTERVAL_S
from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire.message import Kind, Location, PressId, Told
from evidence import ids
from evidence.keyfile import load_or_create_token
from evidence.statements import bodies
from evidence.statements.standing import Belongings
from evidence.statements.statement import Statement
from server.alarms.feed import BridgeFeed, BridgeUnreachableError, Refusal
from server.settings import Settings
from tests.support.bridge_processes import BridgeProcess, Network, end_lanes
from tests.support.bridge_world import AlarmOrganisation, new_broker
from tests.support.gate import Gate
from tests.support.ports import free_ports
from tests.support.waiting import patience, until

HERE = Location(51.9244, 4.4777, 12, 3, "gps")
PAUSE_S = 0.4
"""Between a *stored* and the next press of a device: what is pressed can be forwarded meanwhile."""

OPEN_FOR_S = 0.6
"""How long the dispatcher leaves an alarm open: several presses join it."""

KINDS = {"nats": ("nats", "nats"), "mosquitto": ("mosquitto", "mosquitto"), "both": ("nats", "mosquitto")}
"""What brokers A and B are."""


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
    unanswered: ids.DeviceId | None = None
    """The device whose alarms the dispatcher leaves alone."""

    on_shift: bool = True
    acts: int = 0
    pausing: bool = False
    """Whether nobody presses for now."""

    _quiet: threading.Event = field(default_factory=threading.Event)
    _left: threading.Event = field(default_factory=threading.Event)

    def whole(self) -> bool:
        """Whether every bridge and every device has every broker."""
        return all(one.connected() == len(self.brokers) for one in self.devices) and all(
            bridge.hears() == len(self.brokers) for bridge in self.bridges
        )

    @contextmanager
    def pressing(self) -> Iterator[None]:
        """Let all devices press meanwhile; at the end each waits until its last press is stored."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)  # as in a bridge: here are all devices in one process
        with ThreadPoolExecutor(len(self.devices)) as pool:
            workers = [pool.submit(self._press, index) for index in range(len(self.devices))]
            try:
                yield
            except BaseException:
                for device in self.devices:
                    device.stop()  # nobody waits for what will not be stored
                raise
            finally:
                self._quiet.set()
            for one in workers:
                one.result()

    @contextmanager
    def at_the_desk(self) -> Iterator[None]:
        """Let a dispatcher with a shift accept and close meanwhile."""
        with ThreadPoolExecutor(1) as pool:
            worker = pool.submit(lambda: asyncio.run(self._act()))
            try:
                yield
            finally:
                self._left.set()
            worker.result()

    def _press(self, index: int) -> None:
        device, pressed = self.devices[index], self.pressed[index]
        while not self._quiet.wait(PAUSE_S):
            if self.pausing:
                continue
            at = time.monotonic()
            press = device.press(Kind.PRESS, HERE)
            pressed.presses.append(press)
            took_ms = device.wait(press, Told.STORED, patience(100))
            if took_ms is None:
                pressed.lost.append(press)
            else:
                pressed.stored.append((at, took_ms))

    async def _act(self) -> None:
        """Accept and close whatever was open for a while."""
        feed, console = BridgeFeed(self.settings), object()
        following = asyncio.ensure_future(feed.follow())
        who = self.organisation.dispatcher
        since: dict[str, float] = {}
        while not self._left.is_set():
            await asyncio.sleep(0.05)
            feed.opened(console, who.kid)
            feed.signed(who.kid, on_shift=self.on_shift)
            for alarm in feed.alarms():
                name = alarm["alarm"]
                if alarm["state"] == "closed" or alarm["device"] == self.unanswered:
                    continue
                if time.monotonic() - since.setdefault(name, time.monotonic()) < OPEN_FOR_S:
                    continue
                with suppress(BridgeUnreachableError):
                    if alarm["accepted_by"] is None:
                        answer = await feed.act(name, self.organisation.act(who, "accept", name))
                    else:
                        closing = self.organisation.act(who, "close", name, "genuine")
                        answer = await feed.act(name, closing, f'"{alarm["revision"]}"')
                    self.acts += not isinstance(answer, Refusal)
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
    way: Gate | None = None,
    logs: Path | None = None,
) -> Iterator[Chaos]:
    """Start two brokers (`KINDS`), two bridges and devices that are enrolled and connected.

    `more` is what each bridge's environment has beyond the usual. Through `way` both bridges reach the broker's own
    port, where they say who may come in. What they log goes to the folder `logs`.
    """
    organisation = AlarmOrganisation.found(folder, database)
    organisation.append(*organisation.founding())
    with ExitStack() as stack:
        where = "127.0.0.1" if network is None else "0.0.0.0"  # noqa: S104 - the namespace comes in over its cable
        described = [replace(new_broker(folder, of, i), host=where) for i, of in enumerate(KINDS[kind])]
        running = [stack.enter_context(brokers.running(broker)) for broker in described]
        urls = tuple(f"mqtt://127.0.0.1:{one.broker.mqtt_port}" for one in running)
        bridges = _bridges(folder, organisation, running, urls, way)
        stack.callback(end_lanes, folder)
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
        for bridge in bridges:
            bridge.folder = logs or folder
            stack.callback(bridge.client.close)
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
        yield made


def _knows(bridge: BridgeProcess, devices: int) -> bool:
    return bridge.count("devices").get("enrolled") == devices


def _bridges(
    folder: Path,
    organisation: AlarmOrganisation,
    running: list[brokers.RunningBroker],
    urls: tuple[str, ...],
    way: Gate | None,
) -> list[BridgeProcess]:
    callouts = [one.broker.client_port for one in running if isinstance(one.broker, brokers.NatsBroker)]
    if way is not None:
        (way.upstream,), callouts = callouts, [way.port]
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
            "GETUIGE_BRIDGE_BROKER_LOGIN": str(bool(callouts)),
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


def counted_presses(journal: list[Statement]) -> dict[ids.Sha256, ids.AlarmId]:
    """Return the alarm in which each press counts: of those that have it the one raised last, and what that one is.

    One that another names in `moved_from` is not the last, in whatever order two bridges told the journal. All others
    were closed without it; whoever reads otherwise would count it twice (docs/formats/statement.md).
    """
    folds = {one.body.alarm: one.body.into for one in journal if isinstance(one.body, bodies.AlarmFold)}
    own = Belongings(folded=folds)
    into = {name: own.standing_alarm(name) for name in folds}
    ended = {one.body.alarm for one in journal if isinstance(one.body, bodies.AlarmClose)}
    closed = {into.get(name, name) for name in ended}
    raised = [one.body.alarm for one in journal if isinstance(one.body, bodies.AlarmRaise)]
    stands: dict[ids.Sha256, set[ids.AlarmId]] = {}
    for one in journal:
        if isinstance(one.body, bodies.AlarmRaise | bodies.AlarmRepeat):
            stands.setdefault(one.body.identity, set()).add(into.get(one.body.alarm, one.body.alarm))
    left = {
        (one.body.identity, into.get(one.body.moved_from, one.body.moved_from))
        for one in journal
        if isinstance(one.body, bodies.AlarmRaise | bodies.AlarmRepeat) and one.body.moved_from is not None
    }
    stay = {press: {name for name in alarms if (press, name) not in left} for press, alarms in stands.items()}
    counted = {press: max(alarms, key=raised.index) for press, alarms in stay.items()}
    assert not [press for press, alarms in stands.items() if alarms - closed - {counted[press]}], "each counts in one"
    return counted


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

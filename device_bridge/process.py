"""One bridge, put together: brokers in, spool in the middle, journal, routes and feed out."""

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from device_bridge.alarm.alarm import Alarm
from device_bridge.alarm.escalation import Stage
from device_bridge.alarm.press import Sign
from device_bridge.clock import WallClock
from device_bridge.feed.health import View, WayIn
from device_bridge.feed.server import Feed, FeedServer
from device_bridge.intake.acts import ActDesk
from device_bridge.intake.completion import Completion
from device_bridge.intake.deadlines import Watch
from device_bridge.intake.overdue import Overdue
from device_bridge.intake.presses import Intake
from device_bridge.intake.taking import Taking
from device_bridge.journal.forwarder import Forwarder
from device_bridge.journal.lease import Sender
from device_bridge.journal.retention import let_go
from device_bridge.journal.stores import Stores, open_lease, open_stores
from device_bridge.lane.arrivals import Spoken
from device_bridge.lane.keeping import Keeper, Running, Said, start_process
from device_bridge.lane.orders import Orders
from device_bridge.loops import Loop
from device_bridge.mqtt.brokers import BRIDGE_PASSWORD, BRIDGE_USER, BrokerSecrets
from device_bridge.mqtt.callout import AuthCallout
from device_bridge.mqtt.connection import (
    BrokerAddress,
    Connection,
    Login,
    other_telemetry_filters,
    telemetry_filters,
)
from device_bridge.peers.follower import Follower, Peers
from device_bridge.peers.joining import Joining
from device_bridge.peers.publisher import NewsDesk
from device_bridge.peers.recall import WAIT_S, Recall
from device_bridge.planning import plan_of
from device_bridge.registry import Registry
from device_bridge.routes.accounts import Accounts
from device_bridge.routes.availability import RouteLog
from device_bridge.routes.console import ConsoleRoute
from device_bridge.routes.delivery import Delivery
from device_bridge.routes.line import Poll
from device_bridge.settings import BridgeSettings
from device_bridge.spool import devices, inbox
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from device_bridge.supervision.positions import Positions
from device_bridge.supervision.supervisor import Supervisor
from device_bridge.supervision.takeover import Takeover
from device_bridge.supervision.telemetry import Telemetry
from device_bridge.wire.message import BridgeName, DeviceMessage
from evidence import ids, keyfile

SWITCH_INTERVAL_S: Final = 0.0005
"""Python hands the processor from one busy thread to another after this long; its default is a press's whole budget."""

log = structlog.get_logger()


class Bridge:
    """A whole bridge inside this process. SpoolError, RegistryError or SettingsError when it cannot start."""

    def __init__(self, settings: BridgeSettings, launch: Callable[[Path], Running] = start_process) -> None:
        self.identity = keyfile.load_or_create_bridge(settings.bridge_key_file)
        self.name = BridgeName(settings.name)
        peers = settings.peer_addresses()
        self.spool = Spool(settings.folder / "spool.db", shared=bool(peers))
        pinned = bytes.fromhex(settings.root_key) if settings.root_key else None
        self.registry = Registry(settings.folder / "registry.jsonl", pinned)
        self.board = Board()
        plan = self._plan = plan_of(settings, self.identity, ConsoleRoute(lambda: self.feed.listeners))
        lease = partial(open_lease, settings.database_url)
        self.sender = Sender(self.name, lease) if peers else None
        self.intake = Intake(self.spool, self.registry, self.identity, plan, self.sends_first, self._sign)
        self.clock = WallClock()
        self.watch = Watch(self.spool, self.identity, self.board, self, self.clock)
        self.overdue = Overdue(self.spool, self.intake, self.board, self.clock, self.sends_first)
        self.taking = Taking(settings.folder / inbox.NAME, self.intake, self.board, lambda: self.lane.copies)
        orders, wake = orders_of(settings), self.taking.loop.wake
        self.lane = Keeper(settings.folder, orders, self.identity, self.taking.place, wake, launch)
        self.registry.on_change = self.lane.wake
        positions = Positions(self.spool, self.registry, self.identity, self.board)
        remembered = partial(devices.numbers, self.spool)
        self.telemetry = Telemetry(self.registry, self._life_sign, positions, remembered)
        self._shards = settings.shard_range()
        self.supervisor = Supervisor(
            self.name, self.spool, self.registry, self.telemetry, self.clock, shards=self._shards
        )
        secrets = BrokerSecrets.load_or_create(settings.secrets)
        login = Login(BRIDGE_USER, lambda: secrets.bridge_password) if settings.broker_login else None
        addresses = settings.broker_addresses()
        self._lifelines = [self._telemetry_connection(address, login) for address in addresses]
        self._callouts = [
            AuthCallout(secrets.callout(host, port), self.registry) for host, port in settings.callout_addresses()
        ]
        stores = partial(open_stores, settings.database_url, settings.data / "blobs")
        joining = Joining(self.identity, self.intake)
        self.recall = Recall(self.spool, self.registry, joining, self.board, self.tell)
        self.completion = Completion(self.spool, self.registry, self.identity, self.board, self.recall.follow)
        self.forwarder = Forwarder(
            self.spool,
            self.registry,
            self.board,
            stores,
            self._revoked,
            self.identity.kid,
            self._let_go,
            self.recall.turn,
        )
        token = keyfile.load_or_create_token(settings.token_file)
        followed = (self.spool, self.identity, self.intake, joining, self.board, self.tell)
        self.peers = Peers([Follower(url, token, *followed) for url in peers])
        self.acts = ActDesk(
            self.spool, self.registry, self.identity, self.intake, self.board, self._tell, self._hear_all
        )
        self.takeover = Takeover(
            self.peers.followers, partial(self._other_lifelines, addresses, login), self.supervisor
        )
        centres, cared = (*settings.centres(), *settings.second()), (*settings.cared(), *settings.second_cared())
        accounts = Accounts(self.registry, (one.name for one in centres), (one.name for one in cared))
        self._view = view = View(
            self.spool,
            self.registry,
            lambda: (
                ("lane-away", Said(lambda: self.lane.away)),
                ("lane-unbelieved", Said(lambda: self.lane.unbelieved)),
                ("presses-not-stored", self.lane),
                ("presses-wait", Said(lambda: self.lane.late)),
                ("presses-not-taken", self.taking),
                ("clock-set", self.clock),
                ("presses-not-completed", self.completion),
                ("alarms-unreadable", self.watch),
                ("check-in-unread", self.overdue),
                ("devices-unjudged", self.supervisor),
                ("bridge-away", self.peers),
                ("keys", self.registry),
                ("no-account", accounts),
                ("journal-away", self.forwarder),
                *(("login-away", callout) for callout in self._callouts),
                *(("part-failed", loop) for loop in self.loops),
            ),
            self.forwarder,
            self.telemetry,
            self.supervisor,
            WayIn(self._hears, self.taking.catch_up),
            plan.routes,
        )
        self._news = NewsDesk(self.name, self.spool, self.identity, self.board)
        self.feed = Feed(view, self.acts, self.lane, self.board, self.spool, token, self._news)
        self.feed_server = FeedServer(self.feed, settings.feed_host, settings.feed_port)
        self.route_log = RouteLog(self.spool, plan.routes)
        self.delivery = Delivery(self.spool, self.identity, self.board, plan.routes, self.registry.accounts)

    def start(self) -> None:
        """Start every part; the lane first, so that presses are stored while everything else begins."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self.lane.start()
        try:
            self._start()
        except BaseException:
            self.lane.stop()
            raise

    def _start(self) -> None:
        self.registry.load()
        self.lane.know(self.registry)
        self._news.begin()
        self.completion.start()
        self.feed_server.start()
        self.telemetry.start()
        if self.sender is not None:
            self.sender.start()
        self.forwarder.start()
        self.peers.start()
        if self.spool.read().blind():
            self.recall.known.wait(WAIT_S)
        self.taking.catch_up()  # a check-in that was ended while no bridge ran is not overdue
        self.taking.start()
        for connection in self._lifelines:
            connection.start()
        for callout in self._callouts:
            callout.start()
        self.delivery.start()
        self.watch.start()
        self.overdue.start()
        self.supervisor.start()
        self.takeover.start()
        self.route_log.start()
        log.info("bridge-started", bridge=self.name, devices=self.registry.device_count)

    def stop(self) -> None:
        """Stop every part; what is in the spool is taken up again at the next start."""
        self.taking.catch_up()
        self.lane.stop()
        self.taking.stop()
        for connection in self._lifelines:
            connection.stop()
        for callout in self._callouts:
            callout.stop()
        self.completion.stop()
        self.telemetry.stop()
        self.peers.stop()
        self.feed_server.stop()
        if self.sender is not None:
            self.sender.stop()
        self.watch.stop()
        self.overdue.stop()
        self.takeover.stop()
        self.supervisor.stop()
        self.route_log.stop()
        self.delivery.stop()
        self.forwarder.stop()
        self.spool.close()
        log.info("bridge-stopped", bridge=self.name)

    @property
    def loops(self) -> tuple[Loop, ...]:
        """Every loop of this bridge: what one of them cannot do, its health says (`device_bridge.loops`)."""
        polls = (route.watch for route in self._plan.routes if isinstance(route.watch, Poll))
        sender = () if self.sender is None else (self.sender.loop,)
        return (
            self.lane.loop,
            self.taking.loop,
            self.completion.loop,
            self.watch.loop,
            self.overdue.loop,
            *self.delivery.loops,
            *(poll.loop for poll in polls),
            *(callout.loop for callout in self._callouts),
            *(follower.loop for follower in self.peers.followers),
            *sender,
            self.forwarder.loop,
            self.telemetry.loop,
            self.supervisor.loop,
            self.takeover.loop,
            self.route_log.loop,
        )

    @property
    def feed_port(self) -> int:
        """The port of the feed, once started."""
        return self.feed_server.port

    def listening(self) -> bool:
        """Whether every broker hands presses to us and lets devices in."""
        hears = self.lane.status is not None and all(self._hears().values())
        return hears and self.lane.knows() and all(callout.ready.is_set() for callout in self._callouts)

    def _hears(self) -> dict[str, bool]:
        """Return for each broker whether the lane hears presses from it, and this process signs of life."""
        lane = self.lane.status
        return {
            one.address.name: one.connected.is_set() and (lane is None or lane.brokers.get(one.address.name, False))
            for one in self._lifelines
        }

    def _hear_all(self) -> None:
        """A close covers what had come until now, here and at other bridges; the rest raises the next alarm."""
        self.taking.catch_up()
        self.peers.ask_now()

    def _telemetry_connection(self, address: BrokerAddress, login: Login | None) -> Connection:
        return Connection(
            address,
            f"getuige-bridge-{self.name}-telemetry",
            self.telemetry.take,
            filters=telemetry_filters(self._shards),
            login=login,
            durable=False,
        )

    def _other_lifelines(self, addresses: Sequence[BrokerAddress], login: Login | None) -> list[Connection]:
        """Return connections to the heartbeats that other bridges read; none when this one reads all anyway."""
        filters = other_telemetry_filters(self._shards)
        return [
            Connection(
                address,
                f"getuige-bridge-{self.name}-others",
                self.telemetry.take,
                filters=filters,
                login=login,
                durable=False,
            )
            for address in addresses
            if filters
        ]

    def sends_first(self) -> bool:
        """Whether alarms go out from here at once; without other bridges always."""
        return self.sender is None or self.sender.sends_first()

    def consoles(self) -> int:
        """How many consoles are open."""
        return self._view.watchers.consoles

    def brokers(self) -> int:
        """How many brokers hand our words to devices."""
        return sum(connection.connected.is_set() for connection in self._lifelines)

    def tell(self, alarm: Alarm) -> None:
        """Tell the device what is to be told about its alarm now; nothing about one that is silent."""
        if not alarm.silent:
            self._tell(self.intake.told(alarm))

    def _tell(self, spoken: Spoken) -> None:
        for connection in self._lifelines:
            connection.publish(spoken.topic, spoken.payload)

    def _sign(self, device: ids.DeviceId) -> Sign | None:
        return self.telemetry.sign(device)

    def _life_sign(self, message: DeviceMessage) -> None:
        """A device that speaks while its alarm is open is told the state again: it may have missed it."""
        for alarm in self.spool.read().open_alarms(message.device):
            if alarm.accepted_by is not None or alarm.stage == Stage.LAST:
                self.tell(alarm)

    def _let_go(self, stores: Stores) -> frozenset[ids.AlarmId]:
        return let_go(self.spool, stores, time.time_ns() // 1_000_000)

    def _revoked(self, device: ids.DeviceId) -> None:
        for callout in self._callouts:
            callout.kick(device)


def orders_of(settings: BridgeSettings) -> Orders:
    """Return what the lane of this bridge is told."""
    user = BRIDGE_USER if settings.broker_login else None
    return Orders(
        settings.name,
        str(settings.bridge_key_file.absolute()),
        settings.brokers,
        user,
        None if user is None else str((settings.secrets / BRIDGE_PASSWORD).absolute()),
        _absolute(settings.broker_ca_file),
        _absolute(settings.broker_certificate_file),
        settings.root_key,
    )


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())

"""Brokers and one bridge process on a journal, and bare peers to measure beside: for the benchmark of alarms."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from device_bridge.mqtt import brokers
from device_bridge.mqtt.connection import BrokerAddress, Connection, Delivered, Login
from device_bridge.reference_device.memory import DeviceMemory
from evidence.statements import bodies
from evidence.statements.statement import Statement
from evidence.store.database import migrating
from evidence.store.database.engine import connect, open_engine
from evidence.store.journal.journal import SqlJournal
from tests.support import process_tree
from tests.support.bridge_world import AlarmOrganisation, bridge_login, new_broker
from tests.support.ports import free_port, free_ports
from tests.support.postgres_world import postgres_server
from tests.support.waiting import until

PRESS_BYTES = 180
PORTION = 500
"""Statements at once: fewer than may wait to be written."""


@dataclass
class Setting:
    """Brokers, bridges in processes of their own, and what devices need to reach them.

    `feed_port` and `process` are the first bridge's; `feed_ports` are of all.
    """

    organisation: AlarmOrganisation
    kind: str
    brokers: tuple[brokers.RunningBroker, ...]
    database_url: str
    feed_port: int
    process: "subprocess.Popen[bytes] | None" = None
    feed_ports: tuple[int, ...] = ()

    def append(self, *made: Statement) -> None:
        """Append to the journal that the bridge forwards to."""
        engine = open_engine(self.database_url)
        journal = SqlJournal(engine)
        journal.start()
        try:
            for start in range(0, len(made), PORTION):
                for future in [journal.append(one.envelope.to_bytes()) for one in made[start : start + PORTION]]:
                    future.result(120)
        finally:
            journal.close()
            engine.dispose()

    def device(self, name: str) -> DeviceMemory:
        """Make and enrol a device."""
        urls = tuple(f"mqtt://127.0.0.1:{one.broker.mqtt_port}" for one in self.brokers)
        public = self.organisation.bridge.sign_public.hex()
        memory = DeviceMemory.create(self.organisation.folder / "people" / name, bridge_key=public, brokers=urls)
        self.append(self.organisation.enrol(memory.device, memory.identity.sign_public))
        return memory

    def address(self) -> tuple[BrokerAddress, Login | None]:
        """Return how a bare client of ours reaches broker A."""
        login = bridge_login(self.organisation.folder) if self.kind == "nats" else None
        return BrokerAddress.parse(f"mqtt://127.0.0.1:{self.brokers[0].broker.mqtt_port}", "a"), login

    def health(self, port: int | None = None) -> dict[str, object]:
        """Return the own health of a bridge (the first one's); empty while it does not answer."""
        try:
            token = (self.organisation.folder / "secrets" / "bridge-feed.token").read_text().strip()
            answer = httpx.get(
                f"http://127.0.0.1:{port or self.feed_port}/health",
                headers={"authorization": f"Bearer {token}"},
                timeout=5,
            )
            return dict(answer.json())
        except (httpx.HTTPError, ValueError, FileNotFoundError):
            return {}

    def close_all(self) -> None:
        """Accept and close what is open, as a dispatcher does over the feed."""
        token = (self.organisation.folder / "secrets" / "bridge-feed.token").read_text().strip()
        base, headers = f"http://127.0.0.1:{self.feed_port}", {"authorization": f"Bearer {token}"}
        with httpx.Client(base_url=base, headers=headers, timeout=20) as feed:
            for alarm in feed.get("/alarms").json()["alarms"]:
                for act in () if alarm["closed"] else ("accept", "close"):
                    reason: bodies.CloseReason | None = "test" if act == "close" else None
                    signed = self.organisation.act(self.organisation.dispatcher, act, alarm["alarm"], reason)
                    feed.post(f"/alarms/{alarm['alarm']}/acts", content=signed).raise_for_status()

    def counters(self) -> dict[str, object]:
        """Return all of the bridge's counters."""
        found = self.health().get("counters")
        return dict(found) if isinstance(found, dict) else {}

    def enrolled(self, port: int | None = None) -> int:
        """Return how many devices a bridge knows."""
        devices = self.health(port).get("devices")
        return int(devices["enrolled"]) if isinstance(devices, dict) else 0

    def settle(self) -> None:
        """Wait until what the first bridge's start left to its threads is done: database and callouts are there."""

        def settled() -> bool:
            causes = self.health().get("causes")
            away = {"journal-away", "login-away", "lane-away", "broker-away"}
            return isinstance(causes, list) and not any(one["code"] in away for one in causes)

        until(settled, "the bridge has begun", 60)

    def counter(self, name: str) -> int:
        """Return one of the bridge's counters."""
        counters = self.health().get("counters")
        return int(counters.get(name, 0)) if isinstance(counters, dict) else 0


@contextmanager
def setting(folder: Path, kind: str, journal: str = "sqlite", count: int = 2, bridges: int = 1) -> Iterator[Setting]:
    """Run brokers and bridge processes on a journal; several bridges follow each other."""
    organisation = AlarmOrganisation.found(folder)
    with ExitStack() as stack:
        url = organisation.database_url
        if journal == "postgresql":
            url = stack.enter_context(postgres_server()).database()
            empty = connect(url)
            migrating.migrate(empty)
            empty.dispose()
        started = tuple(stack.enter_context(brokers.running(new_broker(folder, kind, index))) for index in range(count))
        made = Setting(organisation, kind, started, url, free_port())
        made.append(*organisation.founding())
        made.feed_ports = (made.feed_port, *free_ports(bridges - 1)) if bridges > 1 else (made.feed_port,)
        running = [stack.enter_context(_bridge(made, number)) for number in range(bridges)]
        made.process = running[0]
        for port in made.feed_ports:
            until(lambda port=port: made.health(port), "the bridge answers", 60)  # type: ignore[misc] # the port of now
        yield made


@contextmanager
def _bridge(made: Setting, number: int) -> Iterator["subprocess.Popen[bytes]"]:
    process = _started(made, number)
    try:
        yield process
    finally:
        last = made.process if number == 0 and made.process is not None else process
        last.terminate()
        try:
            last.wait(20)
        except subprocess.TimeoutExpired:
            process_tree.signal_all(process_tree.tree(last.pid), signal.SIGKILL)
            last.wait()


def restart(made: Setting) -> None:
    """End the first bridge with all that it started as a power cut would (kill -9), and start it again."""
    assert made.process is not None
    process_tree.signal_all(process_tree.tree(made.process.pid), signal.SIGKILL)
    made.process.wait()
    made.process = _started(made, 0)


def _started(made: Setting, number: int) -> "subprocess.Popen[bytes]":
    callouts = [one.broker.client_port for one in made.brokers if isinstance(one.broker, brokers.NatsBroker)]
    folder = made.organisation.folder
    environment = {
        **os.environ,
        "GETUIGE_BRIDGE_DATA": str(folder),
        "GETUIGE_BRIDGE_DATABASE_URL": made.database_url,
        "GETUIGE_BRIDGE_BROKERS": ",".join(f"mqtt://127.0.0.1:{one.broker.mqtt_port}" for one in made.brokers),
        "GETUIGE_BRIDGE_CALLOUTS": ",".join(f"127.0.0.1:{port}" for port in callouts),
        "GETUIGE_BRIDGE_CALLOUT": str(bool(callouts)).lower(),
        "GETUIGE_BRIDGE_BROKER_LOGIN": str(bool(callouts)).lower(),
        "GETUIGE_BRIDGE_NAME": str(number + 1),
        "GETUIGE_BRIDGE_FEED_PORT": str(made.feed_ports[number]),
        "GETUIGE_BRIDGE_PEERS": ",".join(
            f"http://127.0.0.1:{port}" for port in made.feed_ports if port != made.feed_ports[number]
        ),
        "GETUIGE_BRIDGE_ROOT_KEY": made.organisation.root.sign_public.hex(),
    }
    command = [sys.executable, "-c", "from device_bridge.cli import commands; commands()", "bridge"]
    with (folder / "bridge.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


@contextmanager
def raw_echo() -> Iterator[Callable[[], float]]:
    """Yield a round trip over a bare TCP connection to another process; milliseconds."""
    program = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True);"
        "c, _ = s.accept(); c.setsockopt(6, 1, 1)\n"
        "while (d := c.recv(4096)): c.sendall(d)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with socket.create_connection(("127.0.0.1", int(process.stdout.readline()))) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def once() -> float:
                begun = time.perf_counter()
                line.sendall(b"x" * PRESS_BYTES)
                assert line.recv(4096)
                return (time.perf_counter() - begun) * 1000

            yield once


@contextmanager
def paho_echo(address: BrokerAddress, login: Login | None) -> Iterator[Callable[[], float]]:
    """Yield a QoS 1 round trip over broker A between two bare clients; milliseconds."""
    back = threading.Event()

    def bounce(connection: Connection, delivered: Delivered) -> None:
        connection.publish("bench/down", delivered.payload)
        connection.acknowledge(delivered)

    def heard(connection: Connection, delivered: Delivered) -> None:
        connection.acknowledge(delivered)
        back.set()

    far = Connection(address, "far", bounce, filters=(("bench/up", 1),), login=login, durable=False)
    near = Connection(address, "near", heard, filters=(("bench/down", 1),), login=login, durable=False)
    for one in (far, near):
        one.start()
        until(one.connected.is_set, "client connects")

    def once() -> float:
        back.clear()
        begun = time.perf_counter()
        near.publish("bench/up", b"x" * PRESS_BYTES)
        assert back.wait(10)
        return (time.perf_counter() - begun) * 1000

    try:
        yield once
    finally:
        for one in (far, near):
            one.stop()


@contextmanager
def flushes(path: Path) -> Iterator[Callable[[], float]]:
    """Yield what the disk takes to keep 4 KiB more (fdatasync); milliseconds."""
    with path.open("wb") as file:

        def once() -> float:
            file.write(b"\0" * 4096)
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            return (time.perf_counter() - begun) * 1000

        yield once

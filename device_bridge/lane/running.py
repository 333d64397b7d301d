"""A running lane: its lock, its file, its brokers, and its link to the bridge, in one loop.

It goes on when the bridge dies: presses are stored and answered. But nobody would hear of them, so that after a minute
without a word from any bridge it says that nobody listens, and ends: devices then go their other ways.
"""

import fcntl
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from device_bridge.errors import SpoolError
from device_bridge.lane import link
from device_bridge.lane.arrivals import Arrival, Taken, received_now
from device_bridge.lane.book import Book
from device_bridge.lane.loop import PressLane
from device_bridge.lane.orders import Orders
from device_bridge.lane.verifier import Verifier
from device_bridge.mqtt.connection import ALARM_FILTER, BrokerAddress, Connection
from device_bridge.mqtt.driving import Driver
from device_bridge.spool import inbox
from device_bridge.wire import cose
from device_bridge.wire.message import ServiceNotice, service_topic
from evidence import keyfile

LOCK: Final = "lane.lock"
"""Held while a lane runs; its process stands in it."""

LOOK_S: Final = 1.0
"""How often a lane to which nothing comes looks after everything."""

SAY_S: Final = 0.1
"""How soon after a change the bridge is told how the lane stands; that a press was stored it is told at once."""

ALONE_S: Final = 60.0
"""When nobody accepted for so long, a bridge has the device told to call 112. Without a bridge nobody would."""

FORGET_S: Final = 0.5
FORGET_ROWS: Final = 2000
"""What the bridge has taken in is forgotten when no press has come for a moment, or when much of it lies there."""

ONLINE_S: Final = 0.1
"""How soon after it is connected a lane says that it listens: presses that waited at the broker are answered first.
The broker hands that word to every device, and ten thousand are a second's work."""

GO_S: Final = 2.0
"""How long a lane that is replaced has to end by itself; the brokers keep what comes meanwhile."""

log = structlog.get_logger()


class RunningLane:
    """The lane of the spool in `folder`. Only `stop` may be called from another thread.

    Raises:
        SettingsError: there are no orders, or they name a file or address that cannot be used.
        SpoolError: its file cannot be opened, or another lane does not let go of it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        orders = Orders.read(folder)
        self._bridge = keyfile.load_bridge(Path(orders.key_file))
        self._name = orders.bridge
        self._book = Book(folder, self._bridge, None if orders.root is None else bytes.fromhex(orders.root))
        self._book.begin()  # before the lock: a lane that is replaced goes on until this one is ready
        self._lock = hold(folder / LOCK)
        try:
            self._inbox = inbox.Inbox(folder / inbox.NAME)
        except SpoolError:
            os.close(self._lock)
            raise
        self.lane = PressLane(self._inbox.add, Verifier(self._book, self._bridge))
        self._connections = [self._connection(one, orders) for one in orders.addresses()]
        self._driver = Driver(self._connections)
        self._listener = link.listen(folder)
        self._driver.add(self._listener, self._accept)
        self._links: list[socket.socket] = []
        self._stopping = False
        self._said: tuple[object, ...] = ()
        self._say_at_s = self._look_at_s = 0.0
        self._heard_s = self._stored_s = time.monotonic()
        self._taken = self._forgotten = 0
        self._unsaid: dict[Connection, float] = {}
        """Connections over which we have not said yet that we listen, and when to."""

    def run(self) -> None:
        """Go on until told to stop, or until there is nobody to store anything for."""
        log.info("lane-started", bridge=self._name, devices=len(self._book))
        while not self._stopping:
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001 - the lane must outlive its own bugs
                log.error("turn-failed", loop="lane", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
                time.sleep(SAY_S)
        self._end()

    def stop(self) -> None:
        """Let the loop end; from any thread, or a signal."""
        self._stopping = True
        self._driver.wake()

    def _turn(self) -> None:
        due_s = self.lane.due_s
        if due_s == 0.0:
            if self.lane.work():
                self._stored_s = time.monotonic()
                self._tell(("stored", self.lane.copies))
        else:
            now_s = time.monotonic()
            dues_s = [at_s - now_s for at_s in (self._look_at_s, *self._unsaid.values())]
            self._driver.turn(max(0.0, min(LOOK_S if due_s is None else due_s, self._say_in_s(now_s), *dues_s)))
        now_s = time.monotonic()
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_S
            self._look(now_s)
        for connection in [one for one, at_s in self._unsaid.items() if now_s >= at_s]:
            del self._unsaid[connection]
            self._say_service(connection, online=True)
        if self._say_in_s(now_s) <= 0:
            self._say(now_s)

    def _end(self) -> None:
        """Store what waits, if it can be, and say that nobody listens any more."""
        with suppress(OSError):
            self._driver.turn(0)
        while self.lane.due_s is not None and self.lane.work():
            pass
        for connection in self._connections:
            self._say_service(connection, online=False)
        self._forget()
        for one in (self._listener, *self._links):
            one.close()
        self._driver.close()
        self._inbox.close()
        (self._folder / link.NAME).unlink(missing_ok=True)
        os.close(self._lock)
        log.info("lane-ended", bridge=self._name)

    def _look(self, now_s: float) -> None:
        """Do what has time: devices that changed, rows that the bridge has, and whether anybody hears us."""
        self._book.refresh()
        if not self._inbox.is_there():
            log.error("lane-file-gone", bridge=self._name)
            self._stopping = True
        elif now_s - self._heard_s > ALONE_S:
            log.error("lane-alone", bridge=self._name, seconds=round(now_s - self._heard_s))
            self._stopping = True
        rows = self._taken - self._forgotten
        if rows > FORGET_ROWS or (rows and now_s - self._stored_s > FORGET_S):
            self._forget()

    def _forget(self) -> None:
        with suppress(SpoolError):  # it is tried again
            self._inbox.forget(self._taken)
            self._forgotten = self._taken

    def _connection(self, address: BrokerAddress, orders: Orders) -> Connection:
        return Connection(
            address,
            f"getuige-bridge-{self._name}",
            self._hear,
            filters=((ALARM_FILTER, 1),),
            login=orders.login(),
            will=(service_topic(self._name), self._notice(online=False)),
            on_up=lambda one: self._unsaid.update({one: time.monotonic() + ONLINE_S}),
        )

    def _say_service(self, connection: Connection, *, online: bool) -> None:
        """Say, also to whoever asks later, whether anybody listens: without us a device goes its other ways at once.

        At QoS 0, as the will: ten thousand devices would acknowledge it, and NATS would flush each of these before the
        next press. Whoever was away hears it when he comes back, because it is retained.
        """
        connection.publish(service_topic(self._name), self._notice(online=online), qos=0, retain=True)

    def _hear(self, connection: Connection, delivered: object) -> None:
        self.lane.take(connection, delivered)  # type: ignore[arg-type] # made later than the connections

    def _notice(self, *, online: bool) -> bytes:
        notice = ServiceNotice(self._name, online, time.time_ns() // 1_000_000)
        return cose.sign1(self._bridge, notice.to_payload(), service_topic(self._name))

    def _accept(self) -> None:
        with suppress(OSError):
            made, _ = self._listener.accept()
            made.settimeout(0)
            self._links.append(made)
            self._driver.add(made, lambda: self._listen(made))
            self._said = ()  # it wants to know how we stand

    def _listen(self, sock: socket.socket) -> None:
        for message in link.received(sock):
            if message is None:
                self._driver.remove(sock)
                self._links.remove(sock)
                sock.close()
                return
            self._heard_s = time.monotonic()
            match message:
                case ("press", int(number), str(topic), bytes(payload)):
                    self._take_press(sock, number, topic, payload)
                case ("taken", str(file), int(place)) if file == self._inbox.id:
                    self._taken = max(self._taken, place)
                case ("devices",):
                    self._book.refresh()
                case _:
                    pass

    def _take_press(self, sock: socket.socket, number: int, topic: str, payload: bytes) -> None:
        def done(taken: Taken) -> None:
            answer = None if taken.answer is None else taken.answer.payload
            link.send(sock, ("answer", number, answer, taken.problem, True))

        if not self.lane.submit(Arrival(topic, payload, received_now("http")), done):
            link.send(sock, ("answer", number, None, None, False))

    def _tell(self, message: link.Message) -> None:
        for one in self._links:
            link.send(one, message)

    def _stands(self) -> tuple[object, ...]:
        lane = self.lane
        up = tuple(one.connected.is_set() for one in self._connections)
        return (up, lane.trouble, lane.waits_s > LOOK_S, self._book.serial, sum(lane.stored), lane.copies)

    def _say_in_s(self, now_s: float) -> float:
        """After how many seconds the bridge is to be told how the lane stands."""
        changed = bool(self._links) and self._stands() != self._said
        return self._say_at_s - now_s - (LOOK_S - SAY_S if changed else 0.0)

    def _say(self, now_s: float) -> None:
        self._said, self._say_at_s = self._stands(), now_s + LOOK_S
        lane = self.lane
        brokers = {one.address.name: one.connected.is_set() for one in self._connections}
        known = (self._book.serial, len(self._book), tuple(lane.stored), lane.seconds, lane.copies)
        self._tell(link.Status(os.getpid(), brokers, lane.trouble, lane.waits_s, *known).message())


def hold(path: Path) -> int:
    """Take the lock of a lane, from another that holds it: asked first, and killed when it does not answer.

    Returns the descriptor that holds it. SpoolError when it cannot be had.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SpoolError(f"the folder of the lane cannot be used: {error}") from error
    for number in (signal.SIGTERM, signal.SIGKILL):
        if _locked(descriptor):
            break
        if other := lane_of(path):
            with suppress(OSError):
                os.kill(other, number)
        until_s = time.monotonic() + GO_S
        while not (held := _locked(descriptor)) and time.monotonic() < until_s:
            time.sleep(0.005)
        if held:
            break
    else:
        os.close(descriptor)
        raise SpoolError("another lane has this spool and does not end")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def lane_of(lock: Path) -> int | None:
    """Return the process that stands in a lock, if it is a lane and runs; its number may be another's by now."""
    with suppress(OSError, ValueError):
        process = int(lock.read_text())
        if b"device_bridge.lane" in Path(f"/proc/{process}/cmdline").read_bytes():
            return process
    return None


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

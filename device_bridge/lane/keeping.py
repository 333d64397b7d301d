"""The keeping of a lane: the bridge starts it, starts it again at once when it ends, and hears how it stands.

A bridge that starts puts a lane of its own in the place of one that outlived another bridge: one way in, whatever was
there before, and never an older version of it.
"""

import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, Protocol

import structlog

from device_bridge.errors import BridgeError
from device_bridge.lane import link, snapshot
from device_bridge.lane.arrivals import Spoken, Taken
from device_bridge.lane.link import Status
from device_bridge.lane.orders import Orders
from device_bridge.lane.verifier import InUse
from device_bridge.loops import Loop
from device_bridge.wire.message import down_topic, parse_topic
from evidence import keys
from evidence.errors import EvidenceError

BEAT_S: Final = 1.0
"""How often the lane hears that this bridge is here, and how far it has taken presses in."""

SILENT_S: Final = 3.0
"""A lane says each second how it stands."""

CONNECT_S: Final = 0.02
LATE_S: Final = 1.0
"""A press that waits for longer is a fault: any single one may cost a second."""

SHORT_S: Final = 1.0
"""A lane that ends sooner cannot run here; it is not started again without a pause."""

REPAIR_S: Final = 5.0
"""A list of devices that the lane does not believe is made anew after so long: until then health says so."""

RETRY_S: Final = 1.0
STOP_S: Final = 5.0

log = structlog.get_logger()


class Running(Protocol):
    """A lane that was started: `subprocess.Popen` is one."""

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""
        ...

    def terminate(self) -> None:
        """Ask it to end."""
        ...

    def kill(self) -> None:
        """End it."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; subprocess.TimeoutExpired."""
        ...


@dataclass(frozen=True)
class Said:
    """One of several things that health asks of the same part."""

    say: Callable[[], str | None]

    @property
    def trouble(self) -> str | None:
        """What is wrong."""
        return self.say()


class Devices(Protocol):
    """The registry that a snapshot is made of."""

    @property
    def version(self) -> int:
        """Another number after each change."""
        ...

    def devices(self) -> Sequence[InUse]:
        """Return every device in use."""
        ...


def start_process(folder: Path) -> Running:
    """Start the lane of the spool in `folder` as a process that outlives this one."""
    command = [sys.executable, "-m", "device_bridge.lane", str(folder.absolute())]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - our own program


class Keeper:
    """Owns one loop. `stored` is called whenever a press lies in the inbox; `place` says how far it was taken in.

    `launch` starts a lane; tests start it as a thread of their own.
    """

    def __init__(
        self,
        folder: Path,
        orders: Orders,
        bridge: keys.SigningKey,
        place: Callable[[], tuple[str, int]],
        stored: Callable[[], None],
        launch: Callable[[Path], Running] = start_process,
    ) -> None:
        self.loop = Loop("lane", self._turn)
        self.status: Status | None = None
        self._folder = folder
        self._orders = orders
        self._bridge = bridge
        self._place = place
        self._stored = stored
        self._launch = launch
        self._devices: Devices | None = None
        self._unwritten: str | None = None
        self._snapshot: tuple[int, int] | None = None
        """Version of the registry that is written down, and the snapshot's serial."""
        self._running: Running | None = None
        self._began_s = self._beat_s = self._heard_s = 0.0
        self._written_s = self._write_at_s = 0.0
        self._sock: socket.socket | None = None
        self._numbers = count(1)
        self._asked: dict[int, tuple[str, Future[Taken | None]]] = {}
        self._near, self._far = socket.socketpair()
        for end in (self._near, self._far):
            end.settimeout(0)

    def start(self) -> None:
        """Start the lane; with the devices of the last snapshot, until it is told of others."""
        self._orders.write(self._folder)
        self.loop.start()

    def know(self, devices: Devices) -> None:
        """Write down the devices of a registry that was verified, now and whenever it changes."""
        self._devices = devices
        self.wake()

    def wake(self) -> None:
        """Look at once whether something changed; from any thread."""
        with suppress(OSError):
            self._far.send(b"\0")

    def stop(self) -> None:
        """Let the lane end: what waits is stored, and devices hear that nobody listens."""
        self.loop.stop(0)  # told before it is woken: else it waits once more
        self.wake()
        self.loop.stop()
        if self._sock is not None:
            link.send(self._sock, ("taken", *self._place()))
        if self._running is not None:
            self._running.terminate()
            try:
                self._running.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait()
        self._lost()
        self._near.close()
        self._far.close()

    def submit(self, topic: str, payload: bytes) -> Future[Taken | None]:
        """Hand bytes to the lane; the answer is None when it does not take them now."""
        number, future = next(self._numbers), Future[Taken | None]()
        self._asked[number] = topic, future
        sock = self._sock
        if sock is None or not link.send(sock, ("press", number, topic, payload)):
            self._settle(number, None)
        return future

    def knows(self) -> bool:
        """Whether the lane knows the devices that the registry has now."""
        written, status = self._snapshot, self.status
        return (
            self._devices is not None
            and written is not None
            and written[0] == self._devices.version
            and status is not None
            and status.serial == written[1]
        )

    @property
    def away(self) -> str | None:
        """Say that no lane runs, or that it does not answer."""
        if self.status is None:
            return self.loop.trouble or "the process that stores presses does not run; it is being started"
        silent_s = time.monotonic() - self._heard_s
        return f"the process that stores presses has not answered for {silent_s:.0f} s" if silent_s > SILENT_S else None

    @property
    def trouble(self) -> str | None:
        """Say why presses are not being stored."""
        return None if self.status is None else self.status.trouble

    @property
    def late(self) -> str | None:
        """Say that presses wait."""
        waits_s = 0.0 if self.status is None else self.status.waits_s
        return f"a press has waited for {waits_s:.0f} s to be stored" if waits_s > LATE_S else None

    @property
    def unbelieved(self) -> str | None:
        """Say that the lane has no snapshot that it believes, or an old one: it knows the devices of before."""
        if self._unwritten is not None:
            return self._unwritten
        if self.status is None or self.status.serial is not None:
            return None
        return "the list of devices was missing or false: the lane read the signed registry itself"

    @property
    def copies(self) -> int:
        """How many copies the present lane has answered from memory."""
        return 0 if self.status is None else self.status.copies

    def _turn(self) -> float:
        if self._running is None or self._running.poll() is not None:
            self._begin()
        if self._sock is None:
            self._sock = link.connect(self._folder)
            if self._sock is None:
                self.loop.pause(CONNECT_S)
                return 0.0
            self._beat_s = 0.0
        self._write_down()
        self._beat(self._sock)
        poll = select.poll()
        for sock in (self._sock, self._near):
            poll.register(sock, select.POLLIN)
        ready = dict(poll.poll(max(0.0, self._beat_s + BEAT_S - time.monotonic()) * 1000))
        if self._near.fileno() in ready:
            self._near.recv(4096)
        if self._sock.fileno() in ready:
            self._hear(self._sock)
        return 0.0

    def _begin(self) -> None:
        """Start a lane; BridgeError when the one before ended as soon as it had begun."""
        ended, now_s = self._running is not None, time.monotonic()
        self._lost()
        self._running = None
        if ended:
            log.error("lane-ended", bridge=self._orders.name)
            if now_s - self._began_s < SHORT_S:
                self._began_s = 0.0  # the next attempt is made after the pause
                raise BridgeError("the process that stores presses ended as soon as it had begun; its log says why")
        self._began_s = now_s
        self._running = self._launch(self._folder)

    def _write_down(self) -> None:
        """Make a snapshot when the registry is another one than the last that was written."""
        devices = self._devices
        now_s, first = time.monotonic(), self._snapshot is None
        if devices is None or now_s < self._write_at_s:
            return
        known_false = self.unbelieved is not None and now_s - self._written_s > REPAIR_S
        if self._snapshot is not None and self._snapshot[0] == devices.version and not known_false:
            return
        path, version, known = self._folder / snapshot.NAME, devices.version, devices.devices()
        before = snapshot.read(path, self._bridge) if first else None
        if before is not None and _alike(before, known):
            self._snapshot = version, before.serial
            return
        serial, self._written_s = time.time_ns(), now_s
        try:
            snapshot.write(path, self._bridge, serial, known)
        except EvidenceError as error:
            self._unwritten, self._write_at_s = f"the list of devices cannot be written: {error}", now_s + RETRY_S
            return
        self._unwritten = None
        self._snapshot = version, serial
        if self._sock is not None:
            link.send(self._sock, ("devices",))

    def _beat(self, sock: socket.socket) -> None:
        if time.monotonic() - self._beat_s >= BEAT_S:
            self._beat_s = time.monotonic()
            link.send(sock, ("taken", *self._place()))

    def _hear(self, sock: socket.socket) -> None:
        for message in link.received(sock):
            match message:
                case None:
                    self._lost()
                case ("status", dict(said)):
                    before, self.status, self._heard_s = self.status, Status.of(said), time.monotonic()
                    if before is None or before.stored != self.status.stored or before.copies != self.status.copies:
                        self._stored()  # also when the word that came at once was lost
                case ("stored", int()):
                    self._stored()
                case ("answer", int(number), answer, problem, bool(room)):
                    self._settle(number, self._taken(number, answer, problem) if room else None)
                case _:
                    pass

    def _taken(self, number: int, answer: bytes | None, problem: str | None) -> Taken | None:
        asked = self._asked.get(number)
        if asked is None:
            return None
        spoken = None if answer is None else Spoken(down_topic(parse_topic(asked[0]).device), answer)
        return Taken(spoken, problem)

    def _settle(self, number: int, taken: Taken | None) -> None:
        asked = self._asked.pop(number, None)
        if asked is not None and asked[1].set_running_or_notify_cancel():
            asked[1].set_result(taken)

    def _lost(self) -> None:
        """The lane is gone: whoever waits for an answer asks again."""
        sock, self._sock, self.status = self._sock, None, None
        if sock is not None:
            sock.close()
        for number in list(self._asked):
            self._settle(number, None)


def _alike(before: snapshot.Snapshot, devices: Sequence[InUse]) -> bool:
    """Whether a snapshot says of the devices in use what the registry does."""
    return before.devices == {one.device: snapshot.known(one) for one in devices}

"""The link between a bridge and its lane: short messages over a socket beside the spool, in order.

Nothing on it is waited for by a press, and none of it has to arrive: what the lane stored stands in its file, which the
bridge looks into by itself. A bridge that is stopped reads nothing; then the lane's words are thrown away.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import cbor2

NAME: Final = "lane.sock"
MAX_BYTES: Final = 65_536
"""A press of 4 KiB with its topic, or the lane's state with all its figures."""

BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""From the target of a press (5 ms) to the longest that a single fault may cost (1 s), and beyond."""

Message = tuple[Any, ...]
"""A word, and what belongs to it. From the bridge: `press` (number, topic, bytes), `taken` (file, place), `devices`.
From the lane: `status`, `stored` (copies), `answer` (number, bytes or None, problem or None, if there was room)."""


@dataclass(frozen=True)
class Status:
    """How a lane stands. `serial`: the snapshot that it knows devices from; None: it read the signed registry itself.

    `stored` counts presses by `BOUNDS_S` from arrival to disk, the last for what took longer; `seconds` is their sum;
    `copies` were answered from memory.
    """

    pid: int
    brokers: dict[str, bool]
    trouble: str | None = None
    waits_s: float = 0.0
    serial: int | None = None
    devices: int = 0
    stored: tuple[int, ...] = (0,) * (len(BOUNDS_S) + 1)
    seconds: float = 0.0
    copies: int = 0

    def message(self) -> Message:
        """Return it as it is sent."""
        return ("status", asdict(self))

    @staticmethod
    def of(said: dict[str, Any]) -> "Status":
        """Return what was sent."""
        return Status(**{**said, "stored": tuple(said["stored"])})


def listen(folder: Path) -> socket.socket:
    """Listen beside the spool, in the place of whoever did before; the caller holds the lane's lock."""
    (folder / NAME).unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made.settimeout(0)
    with _short(folder) as path:
        made.bind(path)
    made.listen()
    return made


def connect(folder: Path) -> socket.socket | None:
    """Connect to the lane of this folder; None while none listens."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made.settimeout(0)
    try:
        with _short(folder) as path:
            made.connect(path)
    except OSError:
        made.close()
        return None
    return made


def send(sock: socket.socket, message: Message) -> bool:
    """Send a message; False when the other end does not take it now, or is gone. It is not tried again."""
    try:
        sock.send(cbor2.dumps(message), socket.MSG_NOSIGNAL)
    except OSError:
        return False
    return True


def received(sock: socket.socket) -> Iterator[Message | None]:
    """Yield what has come; None last when the other end is gone."""
    while True:
        try:
            data = sock.recv(MAX_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            yield None
            return
        with suppress(ValueError):  # written by a newer or older lane
            yield tuple(cbor2.loads(data))


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A socket's path has a hundred characters at most: reach the folder by a descriptor instead."""
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{NAME}"
    finally:
        os.close(handle)

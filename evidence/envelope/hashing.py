"""SHA-256 beside other work: `hashlib` leaves Python's lock alone, so another core can hash while this one goes on.

Sealing hashes the same bytes for several purposes. Each purpose gets a `SideHash`; the bytes are the same ones as
before, only the waiting is shared.
"""

import hashlib
import queue
import threading
from types import TracebackType
from typing import Final, Self

MAX_WAITING: Final = 4
"""Pieces that wait to be hashed; with pieces of 1 MiB memory stays flat, and neither side stands still for long."""

MIN_PIECE_BYTES: Final = 64 * 1024
"""Handing over a smaller piece costs more than hashing it; it is hashed at once while no thread has begun."""


class SideHash:
    """SHA-256 of bytes given piece by piece; a thread begins with the first piece that is worth it.

    A context: leaving it ends the thread, whatever happened inside.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._waiting: queue.Queue[bytes | memoryview | bytearray | None]
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def update(self, data: bytes | memoryview | bytearray) -> None:
        """Take in the next piece, which must not change afterwards. Waits while `MAX_WAITING` others do."""
        if self._thread is None:
            if len(data) < MIN_PIECE_BYTES:
                self._digest.update(data)
                return
            self._waiting = queue.Queue(MAX_WAITING)
            self._thread = threading.Thread(target=self._run, name="side-hash", daemon=True)
            self._thread.start()
        self._waiting.put(data)

    def digest(self) -> bytes:
        """Return the hash of all that was given; nothing can be added to it afterwards by the thread."""
        self._end()
        return self._digest.digest()

    def hexdigest(self) -> str:
        """Return `digest` as hexadecimal."""
        return self.digest().hex()

    def _end(self) -> None:
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (data := self._waiting.get()) is not None:
            self._digest.update(data)

"""The thread that brings the journal's leaves into the custody log, and has its heads stamped.

Nothing that a phone waits for waits for this thread: a receipt is given when the journal is durable, and the proof
follows within the quarter of a second that a batch takes.
"""

import hashlib
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from evidence import durable
from evidence.custody.checkpoint import SignedCheckpoint
from evidence.custody.errors import (
    CorruptLogError,
    CustodyError,
    DurabilityError,
    ForkError,
    HeadMovedError,
    ResourceNotFoundError,
    RollbackError,
)
from evidence.custody.integrator import Integrator
from evidence.custody.tiles import CHECKPOINT_PATH, FolderTiles
from evidence.custody.timestamp import TimestampAuthority
from evidence.custody.tlogproof import build_proof
from evidence.errors import EvidenceError
from evidence.store.ports import Journal
from server.errors import ServerError

INTEGRATE_EVERY_S: Final = 0.25
"""How long a leaf waits for others, so that one signature, one fsync and one cosignature serve many."""

MAX_BATCH: Final = 2048
"""Leaves taken in at once after a pause; eight full tiles."""

STAMP_EVERY_S: Final = 300.0
"""A token says "existed at" to within this time, for the price of a few hundred tokens a day."""

ASK_AGAIN_EVERY_S: Final = 1.0
"""For cosignatures that the newest head still lacks; a busy log asks with each new head anyway."""

_FATAL: Final = (ForkError, RollbackError, CorruptLogError, DurabilityError)
"""After these a human must look; going on could only make it worse."""

_log = structlog.get_logger(__name__)


class NotIntegratedError(ServerError):
    """The leaf is not under a published checkpoint yet."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A checkpoint and the token over its SHA-256."""

    size: int
    checkpoint: bytes
    token: bytes

    @property
    def checkpoint_sha256(self) -> str:
        """What the token is over, as hexadecimal."""
        return hashlib.sha256(self.checkpoint).hexdigest()


class LogKeeper:
    """Integrates and stamps; reading (checkpoints, proofs) may happen from any thread."""

    def __init__(
        self, journal: Journal, integrator: Integrator, authority: TimestampAuthority, folder: Path, stamps: Path
    ) -> None:
        self._journal = journal
        self._integrator = integrator
        self._authority = authority
        self._folder = folder
        self._stamps = stamps
        self._stop = threading.Event()
        self._stamping = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="log-keeper", daemon=True)
        self._trouble: str | None = None
        self._silent: frozenset[str] = frozenset()
        self._asked_at = time.monotonic()

    @property
    def trouble(self) -> str | None:
        """Why the log does not grow; None when all is well."""
        return self._trouble

    def start(self) -> None:
        """Start the thread."""
        durable.make_folder(self._stamps)
        self._thread.start()

    def close(self) -> None:
        """Take in what is there, then stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def checkpoint(self) -> SignedCheckpoint | None:
        """Return the published checkpoint; None before the first."""
        try:
            return SignedCheckpoint.parse(FolderTiles(self._folder).read(CHECKPOINT_PATH))
        except ResourceNotFoundError:
            return None

    def proof(self, index: int, signed: SignedCheckpoint | None = None) -> bytes:
        """Return the `.tlog-proof` of an event under `signed`, or under the published checkpoint.

        Raises NotIntegratedError when the checkpoint does not cover it.
        """
        signed = signed or self.checkpoint()
        if signed is None or signed.checkpoint.size <= index:
            raise NotIntegratedError(f"event {index} is not in the log yet")
        return build_proof(FolderTiles(self._folder), index, signed).to_bytes()

    def stamped(self) -> list[int]:
        """Return the sizes of the checkpoints that have a token, in order."""
        if not self._stamps.is_dir():
            return []
        return sorted(int(path.stem) for path in self._stamps.glob("*.tsr"))

    def stamps(self) -> list[Stamped]:
        """Return every checkpoint that has a token, smallest first."""
        return [self._stamp_of(size) for size in self.stamped()]

    def _stamp_of(self, size: int) -> Stamped:
        note, token = self._stamps / f"{size}.checkpoint", self._stamps / f"{size}.tsr"
        return Stamped(size, note.read_bytes(), token.read_bytes())

    def stamp(self) -> Stamped | None:
        """Have the published checkpoint stamped, unless it is already; durable when it returns. None without one.

        Raises TimestampError when the authority gives none.
        """
        with self._stamping:
            signed = self.checkpoint()
            if signed is None:
                return None
            size = signed.checkpoint.size
            token_path, note_path = self._stamps / f"{size}.tsr", self._stamps / f"{size}.checkpoint"
            if token_path.exists():
                return self._stamp_of(size)
            note = signed.to_bytes()
            token = self._authority.stamp(hashlib.sha256(note).digest())
            durable.write_file(note_path, note)
            durable.write_file(token_path, token)
            return Stamped(size, note, token)

    def _run(self) -> None:
        next_stamp = time.monotonic()
        size = 0
        while not self._stop.wait(INTEGRATE_EVERY_S):
            size = self._integrate(size)
            if self._trouble is not None:
                return
            if time.monotonic() >= next_stamp:
                self._stamp_if_grown()
                next_stamp = time.monotonic() + STAMP_EVERY_S
        self._integrate(size)

    def _integrate(self, size: int) -> int:
        """Take in all that the journal has; return the log's size."""
        try:
            published = self._integrator.recover() if size == 0 else None
            size = published.checkpoint.size if published is not None else size
            while leaves := self._journal.leaves(size, size + MAX_BATCH):
                size = self._integrator.integrate(leaves, start=size).checkpoint.size
                self._asked_at = time.monotonic()
            if self._integrator.witness_failures and time.monotonic() - self._asked_at > ASK_AGAIN_EVERY_S:
                self._integrator.integrate(())
                self._asked_at = time.monotonic()
            self._tell_of_witnesses()
        except HeadMovedError:
            return 0  # another process integrates as well: read its head at the next round
        except _FATAL as error:
            self._trouble = type(error).__name__
            _log.critical("the custody log stopped", error=type(error).__name__)
        except (EvidenceError, OSError) as error:
            _log.error("the custody log could not grow, trying again", error=type(error).__name__)
        return size

    def _tell_of_witnesses(self) -> None:
        """Say which witness fell silent and which is back, once each."""
        failures = self._integrator.witness_failures
        for name in failures.keys() - self._silent:
            _log.warning("witness did not cosign", witness=name, error=type(failures[name]).__name__)
        for name in self._silent - failures.keys():
            _log.info("witness cosigns again", witness=name)
        self._silent = frozenset(failures)

    def _stamp_if_grown(self) -> None:
        try:
            self.stamp()
        except (CustodyError, OSError) as error:
            _log.error("no timestamp, trying again", error=type(error).__name__)

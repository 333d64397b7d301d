"""The thread that brings the journal's leaves into the custody log, and has its heads stamped.

Nothing that a phone waits for waits for this thread: a receipt is given when the journal is durable, and the proof
follows within the quarter of a second that a batch takes.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from evidence import canonical, ids
from evidence.bundle.format.rotations import Ending, Handover, links
from evidence.custody.errors import (
    CorruptLogError,
    CustodyError,
    ForkError,
    HeadMovedError,
    RollbackError,
)
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.tlogproof import build_proof
from evidence.custody.succession.lineage import Era, Lineage
from evidence.errors import DurabilityError, EvidenceError
from evidence.statements import event
from evidence.statements.bodies import LogRotate
from evidence.store.ports import Journal
from server.errors import ServerError
from server.layout import Layout
from server.log.line_of_logs import LogFolders, NotIntegratedError, Stamped, lineage_of
from server.log.opening import LogKeyError
from server.timestamps.tsa import TsaPanel

INTEGRATE_EVERY_S: Final = 0.25
"""How long a leaf waits for others, so that one signature, one fsync and one cosignature serve many."""

MAX_BATCH: Final = 2048
"""Leaves taken in at once after a pause; eight full tiles."""

STAMP_EVERY_S: Final = 300.0
"""A token says "existed at" to within this time, for the price of a few hundred tokens a day."""

ASK_AGAIN_EVERY_S: Final = 1.0
"""For cosignatures that the newest head still lacks; a busy log asks with each new head anyway."""

_FATAL: Final = (ForkError, RollbackError, CorruptLogError, DurabilityError, LogKeyError)
"""After these a human must look; going on could only make it worse."""

_log = structlog.get_logger(__name__)


class StrangeLogError(ServerError):
    """The files of the log in this data folder are not those that the database's head row speaks of."""


class LogKeeper:
    """Integrates and stamps, and goes on with the next log when the key was rotated. Reading may be from any thread."""

    def __init__(
        self,
        journal: Journal,
        opener: Callable[[Lineage], Integrator],
        authority: TsaPanel,
        layout: Layout,
    ) -> None:
        """Open the log that grows; `opener` opens the current log of a line.

        Raises:
            NoLogError: the journal has not opened a log.
            LogKeyError: see `opening.LogOpener`.
        """
        self._journal = journal
        self._opener = opener
        self.authority = authority
        self.folders = LogFolders(layout)
        self.lineage = journal.ask(lineage_of)
        """The logs of the journal, as this process knows them: it looks with each batch."""
        self._era = self.lineage.current
        self._integrator = opener(self.lineage)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-keeper", daemon=True)
        self._trouble: str | None = None
        self._failing: str | None = None
        """Why the last attempt failed, while it is tried again."""
        self._silent: frozenset[str] = frozenset()
        self._asked_at = time.monotonic()

    @property
    def trouble(self) -> str | None:
        """Why the log does not grow; None when all is well."""
        return self._trouble or self._failing

    @property
    def silent(self) -> frozenset[str]:
        """The witnesses that did not cosign the newest head."""
        return self._silent

    def check(self) -> None:
        """Demand, before anybody is served, that the log in this folder is the one of the database.

        Raises:
            StrangeLogError: its files do not lead to the database's newest head. Nothing was changed.
        """
        try:
            self._integrator.check()
        except CustodyError as error:
            raise StrangeLogError(
                f"the log in {self.folders.tiles(self._era).folder} is not the log of the database: {error}."
                " Each server of one database needs the same log folder (shared, or restored from a backup)"
            ) from error

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Take in what is there, then stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def origin_of(self, index: int) -> str:
        """Return the name of the log in which an event stands, or will stand.

        A rotation by another process counts from its own event on, also for a receipt that is given the moment after.
        """
        if len(self._journal.rotations(index)) >= len(self.lineage.eras):
            self.lineage = self._journal.ask(lineage_of)
        return self.lineage.of_event(index).origin

    def checkpoint(self) -> SignedCheckpoint | None:
        """Return the published checkpoint of the log that grows; None before the first."""
        return self.folders.checkpoint(self.lineage.current)

    def heads_of(self, era: Era, size: int) -> list[SignedCheckpoint]:
        """Return the heads of exactly this size that this log signed, and that are at hand: published, or stamped."""
        found = [self.folders.checkpoint(era), self.folders.stamped_head(era, size)]
        return [head for head in found if head is not None and head.checkpoint.size == size]

    def published(self, era: Era) -> SignedCheckpoint:
        """Return the published checkpoint of a log; NotIntegratedError before the first."""
        signed = self.folders.checkpoint(era)
        if signed is None:
            raise NotIntegratedError(f"{era.origin} has no published head yet")
        return signed

    def covering(self, index: int) -> SignedCheckpoint | None:
        """Return the published checkpoint of the log in which an event stands; None when it does not cover it yet."""
        era = self.lineage.of_event(index)
        signed = self.folders.checkpoint(era)
        return signed if signed is not None and era.events_below(signed.checkpoint.size) > index else None

    def handover(self, proofs: Mapping[str, tuple[bytes, ...]]) -> Handover | None:
        """Return what a bundle says of rotations, with these consistency proofs; None when there was none.

        Raises:
            NotIntegratedError: the log that took over has published nothing yet.
        """
        found = []
        for recorded in self._journal.organisation():
            statement = event.parse(recorded.event).statement
            if not isinstance(statement.body, LogRotate):
                continue
            before = self.lineage.era(statement.body.closed.origin)
            after = self.lineage.eras[before.number]
            entry = build_proof(self.folders.tiles(after), 0, self.published(after)).to_bytes()
            parts = (statement.envelope.to_bytes(), self.published(before).to_bytes(), entry)
            found.append(Ending(*(ids.Base64(canonical.b64(part)) for part in parts)))
        return Handover(1, tuple(found), links(proofs)) if found else None

    def proven_through(self) -> int:
        """Return the number of the newest event under a published checkpoint; -1 before the first."""
        era = self.lineage.current
        signed = self.folders.checkpoint(era)
        return era.events_below(signed.checkpoint.size if signed is not None else 0) - 1

    def proof(self, index: int, signed: SignedCheckpoint | None = None) -> bytes:
        """Return the `.tlog-proof` of an event under `signed`, or under the published checkpoint of its log.

        Raises NotIntegratedError when the checkpoint does not cover it.
        """
        return self.folders.proof(self.lineage.of_event(index), index, signed)

    def stamp(self, era: Era | None = None) -> Stamped | None:
        """Have the published checkpoint of a log stamped (of the one that grows); see `LogFolders.stamp`."""
        return self.folders.stamp(era or self.lineage.current, self.authority)

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
            if size == 0 and self._has_ended():
                return self._move_on()
            published = self._integrator.recover() if size == 0 else None
            size = published.checkpoint.size if published is not None else size
            while entries := self._entries(size):
                size = self._integrator.integrate(entries, start=size).checkpoint.size
                self._asked_at = time.monotonic()
                if len(entries) < MAX_BATCH:
                    break  # what came meanwhile waits: under a stream each head would cover one event, and cost as much
            if self._era != self.lineage.current:
                return self._move_on()
            if self._integrator.witness_failures and time.monotonic() - self._asked_at > ASK_AGAIN_EVERY_S:
                self._integrator.integrate(())
                self._asked_at = time.monotonic()
            self._tell_of_witnesses()
            self._failing = None
        except HeadMovedError:
            return 0  # another process integrates as well: read its head at the next round
        except _FATAL as error:
            if isinstance(error, CorruptLogError | RollbackError) and self._has_ended():
                return 0  # another process went on with the next log: so does this one at the next round
            self._trouble = f"has stopped ({type(error).__name__}): a person must look"
            _log.critical("the custody log stopped", error=type(error).__name__)
        except (EvidenceError, OSError) as error:
            self._failing = f"cannot grow ({type(error).__name__}): its disk is full, or the database is away"
            _log.error("the custody log could not grow, trying again", error=type(error).__name__)
        return size

    def _entries(self, size: int) -> list[bytes]:
        """Return what comes next in a log of `size` entries.

        Whether the log has ended is looked up *after* the leaves were read: a leaf that is there is durable, and so is
        every rotation before it. So no event of the next log ever gets into this one; and there is nothing left to be
        taken into this one, because a rotation is accepted only over a head that covers every event before it.
        """
        first = self._era.events_below(size)
        leaves = self._journal.leaves(first, first + MAX_BATCH)
        return [*self._era.opening[size:], *leaves] if leaves and not self._has_ended() else []

    def _has_ended(self) -> bool:
        """Say whether the journal knows of a log after the one that is open here."""
        self.lineage = self._journal.ask(lineage_of)
        return self._era != self.lineage.current

    def _move_on(self) -> int:
        """Go on with the log that took over; what the older one still lacks is a time stamp of its last head."""
        self._stamp_if_grown()
        self._integrator = self._opener(self.lineage)
        self._era = self.lineage.current
        _log.warning("the key of the log was rotated", number=self._era.number)
        return 0

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
            self.stamp(self._era)
        except (CustodyError, OSError) as error:
            _log.error("no timestamp, trying again", error=type(error).__name__)

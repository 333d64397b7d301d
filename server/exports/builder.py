"""Building bundles beside the requests: one at a time, and again after a restart if one was cut short."""

import hashlib
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

import structlog

from evidence import ids
from evidence.bundle.format.tokens import gather
from evidence.bundle.making import sealed
from evidence.custody.errors import CustodyError
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.succession.lineage import Era
from evidence.custody.witnessing.policy import Policy
from evidence.errors import StorageError
from evidence.statements import bodies
from evidence.statements import event as events
from evidence.statements.event import Recorded
from evidence.statements.standing import Standing
from server.errors import ServerError
from server.exports import service
from server.exports.parts import ExportSources
from server.exports.service import Prepared
from server.log.line_of_logs import LogFolders, Stamped

LOGGED_WITHIN_S: Final = 60.0
"""The export's own event is in the log a quarter of a second later; a minute means that the log has stopped."""

POLL_S: Final = 0.05
STAMP_TRIES: Final = 3
"""A bundle without a token says so and is worth less, but it is better than none."""

State = Literal["waiting", "building", "ready", "failed"]
_log = structlog.get_logger(__name__)


class ExportError(ServerError):
    """The bundle could not be built."""


@dataclass(frozen=True, slots=True)
class Status:
    """Where a bundle stands; `done` and `of` are bytes of sealed items."""

    state: State
    done: int = 0
    of: int = 0


class Builder:
    """Builds what was signed for. Thread-safe. `policy` is a file: whom a head needs to be cosigned by."""

    def __init__(self, sources: ExportSources, policy: Path) -> None:
        self._sources = sources
        self._log = sources.log
        self._policy = policy
        self._lock = threading.Lock()
        self._work = ThreadPoolExecutor(1, thread_name_prefix="export")
        self._running: dict[ids.ExportId, Future[None]] = {}
        self._progress: dict[ids.ExportId, tuple[int, int]] = {}

    def close(self) -> None:
        """Stop after the bundle in hand; one that was not built is built when it is asked for again."""
        self._work.shutdown(wait=True, cancel_futures=True)

    def path(self, prepared: Prepared) -> Path:
        """Return where the bundle is, or will be."""
        return self._sources.folder / f"{prepared.export}.zip"

    def status(self, prepared: Prepared) -> Status:
        """Say where a bundle stands; begin to build it when it was signed for and nobody does. Blocks."""
        if self.path(prepared).is_file():
            return Status("ready")
        signed = self._sources.journal.ask(_was_signed(prepared.export))
        if not signed:
            return Status("waiting")
        with self._lock:
            running = self._running.get(prepared.export)
            if running is None:
                self._running[prepared.export] = self._work.submit(self._build, prepared)
            elif running.done() and running.exception() is not None:
                del self._running[prepared.export]  # the next look tries again
                return Status("failed")
            done, of = self._progress.get(prepared.export, (0, 0))
        return Status("building", done, of)

    def _build(self, prepared: Prepared) -> None:
        try:
            planned = service.rebuild(self._sources, prepared)
            if planned.manifest_sha256 != prepared.manifest:
                raise ExportError("the store no longer gives the manifest that was signed")
            event = self._export_event(prepared)
            proofs = self._prove(event, (*planned.events, event), prepared.head)
            sealed.write(planned, proofs, self.path(prepared), self._teller(prepared.export))
        except Exception as error:
            _log.error("a bundle was not built", error=type(error).__name__)
            raise

    def _export_event(self, prepared: Prepared) -> Recorded:
        after = max(prepared.events)
        while more := self._sources.journal.read(after=after, limit=service.READ_AT_ONCE, case=prepared.case):
            for one in more:
                body = events.parse(one.event).statement.body
                if isinstance(body, bodies.Export) and body.export == prepared.export:
                    return one
            after = more[-1].index
        raise ExportError("the journal has no event of this export")

    def _prove(self, export: Recorded, wanted: Sequence[Recorded], head: bodies.ExportHead) -> sealed.Proofs:
        """Prove each event under the earliest stamped head that covers it: the token says how old it is at least."""
        log = self._log
        newest = self._stamped_head(export)
        line = log.lineage
        policy = line.policy(Policy.parse(self._policy.read_text()))
        heads = _StampedHeads(log.folders, policy)

        def over(one: Recorded) -> tuple[Era, Stamped | None]:
            era = line.of_event(one.index)
            return era, heads.over(era, one.index)

        by_index: dict[int, bytes] = {}
        over_export: Checkpoint | None = None
        stamps, linked = set(), {}
        for (era, stamped), under in groupby(wanted, over):  # in order: thousands in a row are under one head
            if stamped is not None:
                signed = SignedCheckpoint.parse(stamped.checkpoint)
                stamps.add(stamped.checkpoint_sha256)
            else:
                signed = newest if era == line.current else log.published(era)
            prove = log.folders.prover(era, signed)
            by_index |= {one.index: prove(one.index) for one in under}
            over_export = signed.checkpoint  # of the last that is wanted, which is the export itself
            if era.final is not None:
                digest = hashlib.sha256(signed.to_bytes()).hexdigest()
                linked[digest] = log.folders.consistency(era, signed.checkpoint.size)
        tokens = gather(stamps, log.folders.stored_tokens(line))
        era, same = line.era(head.log), line.era(head.log) == line.of_event(export.index)
        path = log.folders.consistency(era, head.size, over_export if same else None)
        return sealed.Proofs(export, by_index, tokens, path, log.handover(linked))

    def _stamped_head(self, event: Recorded) -> SignedCheckpoint:
        """Return a published head that covers `event`, and have it stamped if a token is to be had."""
        deadline = time.monotonic() + LOGGED_WITHIN_S
        while (signed := self._log.covering(event.index)) is None:
            if time.monotonic() > deadline:
                raise ExportError("the custody log does not take in the export's event")
            time.sleep(POLL_S)
        for _ in range(STAMP_TRIES):
            try:
                for era in self._log.lineage.eras:
                    self._log.stamp(era)
            except (CustodyError, StorageError) as error:
                _log.warning("no timestamp for a bundle", error=type(error).__name__)
            else:
                break
        return signed

    def _teller(self, export: ids.ExportId) -> Callable[[int, int], None]:
        def tell(done: int, of: int) -> None:
            self._progress[export] = (done, of)

        return tell


class _StampedHeads:
    """The stamped heads that a verifier with our own trust anchors would believe: enough witnesses cosigned them.

    A log has one for every five minutes of its life; only those that are asked for are read and verified.
    """

    def __init__(self, folders: LogFolders, policy: Policy) -> None:
        self._folders = folders
        self._policy = policy
        self._sizes: dict[Era, list[int]] = {}
        self._read: dict[tuple[Era, int], Stamped | None] = {}

    def over(self, era: Era, event: int) -> Stamped | None:
        """Return the earliest that covers an event; None when there is none yet."""
        if era not in self._sizes:
            self._sizes[era] = self._folders.stamped(era)
        sizes = self._sizes[era]
        begin = bisect_right(sizes, event, key=era.events_below)
        found = (self._believed(era, sizes[place]) for place in range(begin, len(sizes)))
        return next((head for head in found if head is not None), None)

    def _believed(self, era: Era, size: int) -> Stamped | None:
        if (era, size) not in self._read:
            head = Stamped(era.origin, size, self._folders.stamp_folder(era).note(size))
            try:
                self._policy.verify(head.checkpoint)
            except CustodyError:
                self._read[era, size] = None
            else:
                self._read[era, size] = head
        return self._read[era, size]


def _was_signed(export: ids.ExportId) -> Callable[[Standing], bool]:
    return lambda standing: export in standing.exports

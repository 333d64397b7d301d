"""The sweeper of erasures that are due, or were begun and not ended: at the start, and ever again."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from evidence import files, ids
from evidence.bundle.checking import erasure_proof
from evidence.errors import EvidenceError
from evidence.statements.errors import NotAllowedError
from evidence.statements.rules.erasure import ERASE_DELAY
from evidence.statements.standing import Standing
from evidence.store.database.engine import open_engine
from evidence.store.journal.shredding import Shredder
from server.erasure.destroying import Destroyer
from server.erasure.parts import Erasable
from server.timeline.rings import Rings

SWEEP_EVERY_S: Final = 300.0
"""After fourteen days five minutes do not matter, and looking is one question to memory."""

LOCK: Final = ".erasing.lock"
"""In the data folder."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sweeper:
    """Carries out what is due. `lock` is a file: of the processes on one data folder, one at a time destroys."""

    destroyer: Destroyer
    lock: Path
    clock: Callable[[], ids.Time] = ids.now

    async def sweep_forever(self) -> None:
        """Sweep now, and every `SWEEP_EVERY_S`; what goes wrong is logged and tried again."""
        while True:
            try:
                await asyncio.to_thread(self.sweep)
            except (EvidenceError, OSError) as error:
                _log.error("an erasure was not carried out, trying again", error=type(error).__name__)
            await asyncio.sleep(SWEEP_EVERY_S)

    def repeat(self, folder: Path) -> None:
        """Decide again, before anybody is served, the erasures whose proofs lie in `folder` (a restore put them there).

        A proof that was taken up is removed; one that cannot be stays, and the log says so. Blocks.
        """
        with files.lock_if_free(self.lock) as alone:
            for path in sorted(folder.glob("*.json")) if alone else ():
                try:
                    repeated = self.destroyer.repeat(erasure_proof.parse(path.read_bytes()))
                except (EvidenceError, KeyError) as error:
                    _log.error("an erasure was not repeated after a restore", error=type(error).__name__)
                    continue
                path.unlink()
                _log.info("an erasure was looked at after a restore", state="repeated" if repeated else "nothing left")

    def sweep(self) -> int:
        """Carry out what is due and return how many erasures were ended; what fails is logged. Blocks.

        Raises StoreError when the journal cannot be asked.
        """
        with files.lock_if_free(self.lock) as alone:
            if not alone:
                return 0
            now = self.clock()
            for name, case in self.destroyer.journal.ask(lambda standing: _ripe(standing, now)):
                try:
                    self.destroyer.execute(name, case)
                except NotAllowedError:
                    continue  # held, kept for a claim, or cancelled just now: the journal shows which
            done = sum(self._destroy(name, now) for name in self.destroyer.journal.ask(lambda one: _begun(one, now)))
            if done:
                _log.info("erasures were carried out", count=done)
            return done

    def _destroy(self, name: ids.ErasureId, now: ids.Time) -> bool:
        """Destroy what one erasure names; say whether it was ended. One that fails does not stop the others."""
        try:
            self.destroyer.destroy(name, now)
        except (EvidenceError, OSError) as error:
            _log.error("an erasure was not ended, trying again", error=type(error).__name__)
            return False
        return True


@contextmanager
def opened(parts: Erasable, clock: Callable[[], ids.Time] = ids.now) -> Iterator[Sweeper]:
    """Yield the sweeper of a server; it has connections of its own, because it empties logs and compacts files."""
    engine = open_engine(parts.database_url)
    try:
        shredder = Shredder(engine, parts.blobs.local)
        exports, rings = parts.layout.exports, Rings(parts.layout.rings)
        destroyer = Destroyer(parts.journal, parts.identity, shredder, parts.uploads, exports, rings, clock)
        sweeper = Sweeper(destroyer, parts.layout.data / LOCK, clock)
        sweeper.repeat(parts.layout.repeated_erasures)
        yield sweeper
    finally:
        engine.dispose()


def _ripe(standing: Standing, now: ids.Time) -> list[tuple[ids.ErasureId, ids.CaseId]]:
    """Return what may be executed, as far as time and approval go; the journal's rules decide."""
    latest = ids.time_of(ids.moment_of(now) - ERASE_DELAY)
    return [
        (name, one.case)
        for name, one in standing.erasures.items()
        if one.approved and not one.ended and one.requested_at <= latest
    ]


def _begun(standing: Standing, now: ids.Time) -> list[ids.ErasureId]:
    """Return what was decided and is not destroyed yet, or was under a lock that has ended."""
    return [
        name
        for name, one in standing.erasures.items()
        if one.executed and (not one.finished or (one.locked_until is not None and one.locked_until <= now))
    ]

"""The logs of a data folder as anyone may read them: heads, proofs and time stamps, of the one that grows and others.

Reading may happen from any thread.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from evidence.custody.errors import ProofError, ResourceNotFoundError
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.tiles import CHECKPOINT_PATH, FolderTiles, TileReader
from evidence.custody.log.tlogproof import read_proof
from evidence.custody.succession.lineage import Era, Lineage
from evidence.statements import rotation
from evidence.statements.standing import Standing
from server.errors import ServerError
from server.layout import Layout
from server.timestamps.renewals import Renewals
from server.timestamps.stamp_folder import StampFolder, StoredTokens
from server.timestamps.tsa import TsaPanel

NO_LOG: Final = "the journal has not opened a log yet: found the data folder first"


INTEGRATED_WITHIN_S: Final = 1
"""Seconds after which to ask again for the proof of a new leaf: it waits a quarter of a second for its batch."""


class NotIntegratedError(ServerError):
    """The leaf is not under a published checkpoint yet."""


class NoLogError(ServerError):
    """The journal has not opened a log."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A checkpoint over whose SHA-256 there is a token."""

    origin: str
    size: int
    checkpoint: bytes

    @property
    def checkpoint_sha256(self) -> str:
        """What its tokens are over, as hexadecimal."""
        return hashlib.sha256(self.checkpoint).hexdigest()


def lineage_of(standing: Standing) -> Lineage:
    """Return the logs of the journal.

    Raises:
        NoLogError: it opened none.
        CustodyError: the key in its `log.open` is none.
    """
    if standing.log is None:
        raise NoLogError(NO_LOG)
    return rotation.lineage_of(standing.log, standing.rotations)


class LogFolders:
    """Reads the logs in a data folder."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._stamping = threading.Lock()

    def tiles(self, era: Era) -> FolderTiles:
        """Return the files of a log."""
        return FolderTiles(self._layout.log_of(era.number))

    def checkpoint(self, era: Era) -> SignedCheckpoint | None:
        """Return the published checkpoint; None before the first."""
        try:
            return SignedCheckpoint.parse(self.tiles(era).read(CHECKPOINT_PATH))
        except ResourceNotFoundError:
            return None

    def stamped_head(self, era: Era, size: int) -> SignedCheckpoint | None:
        """Return the head of this size that was stamped; None when none of that size was."""
        folder = self.stamp_folder(era)
        return SignedCheckpoint.parse(folder.note(size)) if folder.has(size) else None

    def proof(self, era: Era, event: int, signed: SignedCheckpoint | None = None) -> bytes:
        """Return the `.tlog-proof` of an event of this log under `signed`, or under its published checkpoint.

        Raises NotIntegratedError when the checkpoint does not cover it.
        """
        signed = signed or self.checkpoint(era)
        if signed is None:
            raise NotIntegratedError(f"event {event} is not in the log yet")
        return self.prover(era, signed)(event)

    def prover(self, era: Era, signed: SignedCheckpoint) -> Callable[[int], bytes]:
        """Return what gives the `.tlog-proof` of each event under one head; it reads each tile once and keeps it."""
        reader = TileReader(self.tiles(era), signed.checkpoint.size)

        def prove(event: int) -> bytes:
            if era.events_below(signed.checkpoint.size) <= event:
                raise NotIntegratedError(f"event {event} is not in the log yet")
            return read_proof(reader, era.entry_of(event), signed).to_bytes()

        return prove

    def consistency(self, era: Era, size: int, within: Checkpoint | None = None) -> tuple[bytes, ...]:
        """Return the proof that a head contains that of `size` entries: `within`, or the one at which the log ended.

        Raises:
            ProofError: the log has not ended, or never had that size.
        """
        whole = within or era.final
        if whole is None:
            raise ProofError(f"{era.origin} has not ended")
        return tuple(TileReader(self.tiles(era), whole.size).prove_consistency(size))

    def stamp_folder(self, era: Era) -> StampFolder:
        """Return the stamped heads of a log."""
        return StampFolder(self._layout.timestamps_of(era.number))

    def stored_tokens(self, line: Lineage) -> StoredTokens:
        """Return the tokens of all logs and their renewals, as they are now."""
        return StoredTokens(tuple(map(self.stamp_folder, line.eras)), Renewals(self._layout.renewals))

    def stamped(self, era: Era) -> list[int]:
        """Return the sizes of the checkpoints of a log that have a token, in order."""
        return self.stamp_folder(era).sizes()

    def stamp(self, era: Era, panel: TsaPanel) -> Stamped | None:
        """Have a log's published checkpoint stamped, unless it is already; durable when it returns. None without one.

        All authorities are asked in one round, so that what their tokens say can be compared.

        Raises TimestampError when no authority gives a token.
        """
        with self._stamping:
            signed = self.checkpoint(era)
            if signed is None:
                return None
            size, folder = signed.checkpoint.size, self.stamp_folder(era)
            if folder.has(size):
                return Stamped(era.origin, size, folder.note(size))
            note = signed.to_bytes()
            stamps = panel.stamp_all(hashlib.sha256(note).digest())
            folder.keep(size, note, stamps.kept, stamps.aside)
            return Stamped(era.origin, size, note)

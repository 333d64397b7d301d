"""The logs of a data folder as anyone may read them: heads, proofs and time stamps, of the one that grows and others.

Reading may happen from any thread.
"""

import hashlib
import threading
from dataclasses import dataclass
from typing import Final

from evidence import durable
from evidence.custody.checkpoint import SignedCheckpoint
from evidence.custody.errors import ProofError, ResourceNotFoundError
from evidence.custody.lineage import Era, Lineage
from evidence.custody.tiles import CHECKPOINT_PATH, FolderTiles, TileReader
from evidence.custody.timestamp import TimestampAuthority
from evidence.custody.tlogproof import build_proof
from evidence.statements import rotation
from evidence.statements.standing import Standing
from server.errors import ServerError
from server.layout import Layout

NO_LOG: Final = "the journal has not opened a log yet: found the data folder first"


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

    def proof(self, era: Era, event: int, signed: SignedCheckpoint | None = None) -> bytes:
        """Return the `.tlog-proof` of an event of this log under `signed`, or under its published checkpoint.

        Raises NotIntegratedError when the checkpoint does not cover it.
        """
        signed = signed or self.checkpoint(era)
        if signed is None or era.events_below(signed.checkpoint.size) <= event:
            raise NotIntegratedError(f"event {event} is not in the log yet")
        return build_proof(self.tiles(era), era.entry_of(event), signed).to_bytes()

    def consistency(self, era: Era, size: int) -> tuple[bytes, ...]:
        """Return the proof that the head at which a log ended contains its head of `size` entries.

        Raises:
            ProofError: the log has not ended, or never had that size.
        """
        if era.final is None:
            raise ProofError(f"{era.origin} has not ended")
        return tuple(TileReader(self.tiles(era), era.final.size).prove_consistency(size))

    def stamped(self, era: Era) -> list[int]:
        """Return the sizes of the checkpoints of a log that have a token, in order."""
        folder = self._layout.timestamps_of(era.number)
        return sorted(int(path.stem) for path in folder.glob("*.tsr")) if folder.is_dir() else []

    def stamps(self, era: Era) -> list[Stamped]:
        """Return every checkpoint of a log that has a token, smallest first."""
        return [self._stamp_of(era, size) for size in self.stamped(era)]

    def _stamp_of(self, era: Era, size: int) -> Stamped:
        folder = self._layout.timestamps_of(era.number)
        note, token = folder / f"{size}.checkpoint", folder / f"{size}.tsr"
        return Stamped(era.origin, size, note.read_bytes(), token.read_bytes())

    def stamp(self, era: Era, authority: TimestampAuthority) -> Stamped | None:
        """Have a log's published checkpoint stamped, unless it is already; durable when it returns. None without one.

        Raises TimestampError when the authority gives none.
        """
        with self._stamping:
            signed = self.checkpoint(era)
            if signed is None:
                return None
            size, folder = signed.checkpoint.size, self._layout.timestamps_of(era.number)
            token_path, note_path = folder / f"{size}.tsr", folder / f"{size}.checkpoint"
            if token_path.exists():
                return self._stamp_of(era, size)
            note = signed.to_bytes()
            token = authority.stamp(hashlib.sha256(note).digest())
            durable.make_folder(folder)
            durable.write_file(note_path, note)
            durable.write_file(token_path, token)
            return Stamped(era.origin, size, note, token)

"""Does the log show what its receipts promised, and is it still the log that was seen before?

Inclusion proofs are checked against the pinned policy (log key and witness quorum). The newest head must contain the
head that this client saw last: the consistency proof is computed here, from the log's tiles, so the server has no
say in it (RFC 6962 section 2.1.2).
"""

from dataclasses import dataclass
from pathlib import Path

from evidence import event, ids, schema
from evidence.custody import merkle, tlogproof
from evidence.custody.errors import ResourceNotFoundError
from evidence.custody.policy import VerifiedCheckpoint
from evidence.custody.tiles import TileReader
from evidence.errors import EvidenceError
from evidence.statements.statement import SeenCheckpoint
from server.clients import memory
from server.clients.errors import DistrustError, RefusedError
from server.clients.http import Api
from server.clients.pins import Pins

CHECKPOINT = "/log/checkpoint"
"""The newest signed head (c2sp.org/tlog-tiles)."""

NOT_FOUND = 404
"""Asked too early: the leaf is not in the tree yet."""


@dataclass(frozen=True)
class HttpTiles:
    """The log's tiles as the server publishes them; a `TileSource`."""

    api: Api

    def read(self, path: str) -> bytes:
        """Return a tile or bundle; ResourceNotFoundError when it is not there."""
        try:
            return self.api.get_bytes(f"/log/{path}")
        except RefusedError as refused:
            if refused.status != NOT_FOUND:
                raise
            raise ResourceNotFoundError(path) from refused


@dataclass(frozen=True)
class Proofs:
    """Checks of one log, against pinned anchors."""

    api: Api
    pins: Pins

    def fetch(self, recorded: event.Recorded) -> bytes | None:
        """Return the log's proof of this event, checked; None when it is not integrated yet: ask again in a second.

        Raises:
            ClientError: the proof does not hold, or the server did not answer.
        """
        try:
            proof = self.api.get_bytes(f"/api/v1/receipts/{recorded.index}/proof")
        except RefusedError as refused:
            if refused.status == NOT_FOUND:
                return None
            raise
        try:
            verified = tlogproof.verify(proof, recorded.leaf, self.pins.policy)
        except EvidenceError as error:
            raise DistrustError(f"The log does not prove receipt {recorded.index}: {error}.") from error
        if verified.index != recorded.index:
            raise DistrustError(f"The proof of receipt {recorded.index} speaks of leaf {verified.index}.")
        return proof

    def head(self) -> VerifiedCheckpoint:
        """Return the newest head that satisfies the pinned policy.

        Raises:
            ClientError: it does not, or the server did not answer.
        """
        try:
            return self.pins.policy.verify(self.api.get_bytes(CHECKPOINT))
        except EvidenceError as error:
            raise DistrustError(f"The head of the log is not to be trusted: {error}.") from error

    def advance(self, seen_file: Path) -> SeenCheckpoint:
        """Move from the head that was seen last (kept in `seen_file`) to the newest one, when it contains it.

        Raises:
            ClientError: the log was shortened or rewritten, or the server did not answer.
        """
        new = self.head()
        if seen_file.exists():
            old = schema.decode(SeenCheckpoint, memory.read_json(seen_file))
            if new.size < old.size:
                raise DistrustError(f"The log had {old.size} entries and now shows {new.size}.")
            try:
                proof = TileReader(HttpTiles(self.api), new.size).prove_consistency(old.size)
                merkle.verify_consistency(old.size, bytes.fromhex(old.root), new.size, new.root, proof)
            except EvidenceError as error:
                raise DistrustError(f"The log is not the one that was seen before: {error}.") from error
        seen = SeenCheckpoint(new.size, ids.Sha256(new.root.hex()))
        memory.write_json(seen_file, schema.encode(seen))
        return seen

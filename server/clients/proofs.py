"""Proofs that the log shows what its receipts promised, and that it still is the log that was seen before.

Inclusion proofs are checked against the pinned policy (log key and witness quorum). The newest head must contain the
head that this client saw last: the consistency proof is computed here, from the log's tiles, so the server has no
say in it (RFC 6962 section 2.1.2). When the root has ended a log, the head that was seen must be part of its last one,
and the next log must begin with a commitment to that.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from evidence import files, ids, schema
from evidence.custody.errors import ResourceNotFoundError, SuccessionError
from evidence.custody.log import merkle, tlogproof
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.tiles import CHECKPOINT_PATH, TileReader
from evidence.custody.succession import succession
from evidence.custody.succession.lineage import Era, Lineage
from evidence.custody.witnessing.policy import VerifiedCheckpoint
from evidence.errors import EvidenceError
from evidence.statements import event
from evidence.statements.statement import SeenCheckpoint
from server.clients import memory
from server.clients.errors import DistrustError, RefusedError
from server.clients.http import Api
from server.clients.signing import Signer

SIGNED: Final = ".checkpoint"
"""The end of the name of the signed head that was seen last, beside `seen.json`."""

SEEN_FILE: Final = "seen.json"
"""The newest head that a phone saw."""

NOT_FOUND: Final = 404
"""Asked too early: the leaf is not in the tree yet."""


@dataclass(frozen=True)
class HttpTiles:
    """The files of one log as the server publishes them; a `TileSource`. Logs are numbered along their line, from 1."""

    api: Api
    number: int = 1

    def read(self, path: str) -> bytes:
        """Return the head, a tile or a bundle; ResourceNotFoundError when it is not there."""
        prefix = "/log" if self.number == 1 else f"/logs/{self.number}"
        try:
            return self.api.get_bytes(f"{prefix}/{path}")
        except RefusedError as refused:
            if refused.status != NOT_FOUND:
                raise
            raise ResourceNotFoundError(path) from refused


@dataclass(frozen=True)
class Proofs:
    """Checks of one journal's logs, against pinned anchors."""

    signer: Signer = field(repr=False)

    def fetch(self, recorded: event.Recorded) -> bytes | None:
        """Return the log's proof of this event, checked; None when it is not integrated yet: ask again in a second.

        Raises:
            ClientError: the proof does not hold, or the server did not answer.
        """
        try:
            proof = self.signer.api.get_bytes(f"/api/v1/receipts/{recorded.index}/proof")
        except RefusedError as refused:
            if refused.status == NOT_FOUND:
                return None
            raise
        try:
            line = self.signer.pins.line
            verified = tlogproof.verify(proof, recorded.leaf, self.signer.pins.policy)
            self._admit(line, verified.checkpoint)
            era = line.of_event(recorded.index)
            expected = (era.key, era.entry_of(recorded.index))
        except EvidenceError as error:
            raise DistrustError(f"The log does not prove receipt {recorded.index}: {error}.") from error
        if (verified.checkpoint.log, verified.index) != expected:
            raise DistrustError(f"The proof of receipt {recorded.index} speaks of leaf {verified.index}.")
        return proof

    def contradicts(self, note: bytes, seen: SeenCheckpoint) -> bool:
        """Whether a head that a refusal shows contradicts the one that was seen.

        Raises:
            DistrustError: the log did not sign it, or it is of another size or log; then it proves nothing.
        """
        line = self.signer.pins.line
        try:
            era = line.eras[0] if seen.log is None else line.era(seen.log)
            signed = SignedCheckpoint.parse(note)
            signers = era.key.verify_note(signed.note)
        except EvidenceError as error:
            raise DistrustError(f"The head in the server's answer does not hold: {error}.") from error
        head = signed.checkpoint
        if not signers or (head.origin, head.size) != (era.origin, seen.size):
            raise DistrustError("The head in the server's answer is not this log's head of the size that was seen.")
        return head.root.hex() != seen.root

    def head(self) -> VerifiedCheckpoint:
        """Return the newest head that satisfies the pinned policy.

        Raises:
            ClientError: it does not, or the server did not answer.
        """
        return self._head(self.signer.pins.line.current)

    def advance(self, seen_file: Path) -> SeenCheckpoint | None:
        """Move from the head that was seen last (kept in `seen_file`) to the newest one, when it contains it.

        Returns the newest head; None when a log that has just begun, or has just taken over, shows none yet.

        Raises:
            ClientError: a log was shortened, rewritten, or ended in a way that does not hold; or the server did not
                answer.
        """
        line = self.signer.refresh().line
        old = schema.decode(SeenCheckpoint, memory.read_json(seen_file)) if seen_file.exists() else None
        try:
            new = self._follow(line, old)
        except EvidenceError as error:
            raise DistrustError(f"The log is not the one that was seen before: {error}.") from error
        if new is None:
            return None
        name = new.signed.checkpoint.origin
        # The signed head first: should this log ever contradict it, the signature is what proves that.
        files.replace(seen_file.with_suffix(SIGNED), new.signed.to_bytes())
        seen = SeenCheckpoint(new.size, ids.Sha256(new.root.hex()), None if name == line.eras[0].origin else name)
        memory.write_json(seen_file, schema.encode(seen))
        return seen

    def witnessed_at(self, seen_file: Path) -> ids.Time | None:
        """Return when the last witness cosigned the head that was seen; None when none is kept, or none cosigned."""
        path = seen_file.with_suffix(SIGNED)
        if not path.exists():
            return None
        try:
            cosigned = self.signer.pins.policy.verify(path.read_bytes()).cosigned
        except EvidenceError:
            return None  # of a log that has ended since: it says nothing about the present
        return max((ids.time_of(one.at) for one in cosigned), default=None)

    def _follow(self, line: Lineage, old: SeenCheckpoint | None) -> VerifiedCheckpoint | None:
        """Go from the head that was seen through every handover since to the newest head, if it shows one."""
        era = line.eras[0] if old is None or old.log is None else line.era(old.log)
        nothing_of_it_seen = old is None or line.current != era
        if nothing_of_it_seen and not self._has_head(line.current):
            return None
        if old is not None and era.final is not None:
            self._contains(era, era.final.size, era.final.root, old)
        for ended in line.eras[era.number - 1 : -1]:
            self._check_handover(line, ended)
        new = self._head(line.current)
        if old is not None and era.final is None:
            self._contains(era, new.size, new.root, old)
        return new

    def _has_head(self, era: Era) -> bool:
        try:
            HttpTiles(self.signer.api, era.number).read(CHECKPOINT_PATH)
        except ResourceNotFoundError:
            return False
        return True

    def _head(self, era: Era) -> VerifiedCheckpoint:
        try:
            note = HttpTiles(self.signer.api, era.number).read(CHECKPOINT_PATH)
        except ResourceNotFoundError as error:
            raise DistrustError(f"The log {era.origin} shows no head, so nothing can be checked in it.") from error
        try:
            head = self.signer.pins.policy.verify(note)
        except EvidenceError as error:
            raise DistrustError(f"The head of the log is not to be trusted: {error}.") from error
        if head.log != era.key:
            raise DistrustError(f"The head of {era.origin} is that of another log.")
        return head

    def _contains(self, era: Era, size: int, root: bytes, old: SeenCheckpoint) -> None:
        """Raise unless the head of `size` entries contains the one that was seen."""
        if size < old.size:
            raise DistrustError(f"The log had {old.size} entries and now shows {size}.")
        proof = TileReader(HttpTiles(self.signer.api, era.number), size).prove_consistency(old.size)
        merkle.verify_consistency(old.size, bytes.fromhex(old.root), size, root, proof)

    def _check_handover(self, line: Lineage, ended: Era) -> None:
        """Raise unless the witnesses cosigned the end of this log, and the beginning of the next one with it."""
        following = line.eras[ended.number]
        final = HttpTiles(self.signer.api, ended.number).read(CHECKPOINT_PATH)
        tiles = HttpTiles(self.signer.api, following.number)
        entry = tlogproof.build_proof(tiles, 0, SignedCheckpoint.parse(tiles.read(CHECKPOINT_PATH)))
        proven = succession.prove(final, entry.to_bytes(), self.signer.pins.policy)
        if proven.final != ended.final or proven.successor != following.origin:
            raise SuccessionError(f"{ended.origin} did not end with the head that the root signed")

    def _admit(self, line: Lineage, head: VerifiedCheckpoint) -> None:
        """Raise when a rotation forbids a head; where it leads is computed from the log's own tiles."""
        era = line.era(head.signed.checkpoint.origin)
        path: tuple[bytes, ...] = ()
        if era.final is not None and head.size < era.final.size:
            tiles = HttpTiles(self.signer.api, era.number)
            path = tuple(TileReader(tiles, era.final.size).prove_consistency(head.size))
        line.admit(head, path)

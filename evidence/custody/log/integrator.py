"""The integrator: takes leaves into the log in an order that a crash at any moment cannot turn into a lie.

1. *stage*: write the new tiles and bundles, fsync files and folders. Nobody refers to them yet.
2. *sign* the new head in memory.
3. *compare-and-swap* the head row. From here on the head counts; of two integrators one wins.
4. *cosign*: ask the witnesses (`evidence.custody.witnessing.witness_panel`).
5. *publish*: replace `checkpoint` by one atomic rename.

A crash before 3 leaves unreferenced tiles, which the next run stages again with the same bytes, because leaf *i* is
fixed by event *i* of the journal. A crash after 3 leaves a head that is not published yet; `recover` publishes it.
What was staged is never deleted: another integrator may be about to sign it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from evidence import files
from evidence.custody.errors import (
    CorruptLogError,
    CustodyError,
    ForkError,
    HeadMovedError,
    RollbackError,
)
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.growth import RightEdge, grow, load_edge
from evidence.custody.log.note import NoteSigner
from evidence.custody.log.tiles import CHECKPOINT_PATH, FolderTiles, TileId
from evidence.custody.witnessing.witness_panel import CheckpointWitness, Question, WitnessPanel
from evidence.errors import DurabilityError


@dataclass(frozen=True)
class Head:
    """The head row: the newest signed head, which alone says what is in the log. `note` bears the log's signature."""

    size: int
    root: bytes
    note: bytes


class HeadStore(Protocol):
    """The one place where integrators meet."""

    def load(self) -> Head | None:
        """Return the head row, or None for a log that was never signed."""

    def swap(self, expected: Head | None, new: Head) -> bool:
        """Durably replace `expected` by `new` in one step; False, and nothing changed, when it is not `expected`."""


class Integrator:
    """Appends to the log in `folder`. Use one object from one thread; several processes may race, one wins."""

    def __init__(
        self,
        folder: Path,
        signer: NoteSigner,
        head_store: HeadStore,
        witnesses: Sequence[CheckpointWitness] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        witness_deadline_s: float | None = None,
        believed: Callable[[bytes], bool] = lambda _: True,
    ) -> None:
        """Open the log in `folder`.

        Args:
            folder: where tiles and checkpoint lie.
            signer: the log's key.
            head_store: the head row.
            witnesses: who is asked to cosign.
            clock: the time that witnesses in this process state.
            witness_deadline_s: for witnesses elsewhere, which are then asked side by side (see `panel`).
            believed: says of a head with its cosignatures (a note) whether readers will believe it. One that they
                would not is not published yet: the one before it stays.
        """
        self._folder = folder
        self._tiles = FolderTiles(folder)
        self._signer = signer
        self._heads = head_store
        self._witnesses = tuple(witnesses)
        self._believed = believed
        self._panel = WitnessPanel(witnesses, self._tiles, self._newest_size, clock, witness_deadline_s)
        self._edge: tuple[Head | None, RightEdge] = (None, RightEdge())
        self._synced: set[Path] = set()
        self._recovered = False
        self._stopped: DurabilityError | None = None
        files.make_folder(folder, files.PUBLIC_FOLDER)

    @property
    def witness_failures(self) -> Mapping[str, Exception]:
        """Witness name → why it did not cosign the newest head; empty when all did."""
        return self._panel.failures

    def integrate(self, leaves: Sequence[bytes], start: int | None = None) -> SignedCheckpoint:
        """Append leaves and return the newest checkpoint with its cosignatures, published if it is `believed`.

        Without leaves a log that was never signed gets its head of size 0; of any other, witnesses that have not
        cosigned the newest head are asked again.

        Args:
            leaves: the entries, in journal order.
            start: index of the first leaf, checked when given; without it the caller must be the only integrator.

        Raises:
            HeadMovedError: the log has another size than `start`, or another integrator was quicker. Nothing was
                added: read the head again, and take the leaves from there.
            ForkError, RollbackError: a witness, or the published checkpoint, knows another or a longer history.
                The head is not published; a human must look.
            CorruptLogError: the tiles do not lead to the signed head.
            ImmutableFileError: other leaves were staged at this place before.
            StorageError: the disk refused; nothing was added, unless the head was swapped already.
            DurabilityError: an fsync failed; this object refuses to go on until it is made anew.
        """
        self._refuse_if_stopped()
        if not self._recovered:
            self.recover()
        head = self._heads.load()
        size = 0 if head is None else head.size
        if start not in {None, size}:
            raise HeadMovedError(f"the log has {size} leaves, not {start}")
        if head is not None and not leaves:
            return self._release(head)
        grown = grow(self._edge_at(head), leaves)
        self._stage(grown.resources)
        checkpoint = Checkpoint(self._signer.name, grown.edge.size, grown.edge.root)
        note = SignedCheckpoint.sign(checkpoint, self._signer).to_bytes()
        new = Head(checkpoint.size, checkpoint.root, note)
        if not self._heads.swap(head, new):
            raise HeadMovedError("another integrator moved the head first")
        self._edge = (new, grown.edge)
        return self._release(new)

    def check(self) -> None:
        """Demand that the files here are those of the head row, and the published head is none beyond it.

        Raises:
            CorruptLogError, ResourceNotFoundError, TileError, RollbackError: they are not; nothing was changed.
        """
        published = self._published()  # before the head row, which is never behind it
        head = self._heads.load()
        if published is not None and (head is None or published.checkpoint.size > head.size):
            raise RollbackError("the published checkpoint is ahead of the head row: was the database put back?")
        self._edge_at(head)

    def recover(self) -> SignedCheckpoint | None:
        """Check the log against its head row, and publish that head if the published one is behind or less cosigned.

        Returns:
            The newest checkpoint, or None for a log that was never signed.

        Raises:
            As `integrate`.
        """
        self._refuse_if_stopped()
        self.check()
        published, head = self._published(), self._heads.load()
        self._recovered = True
        if head is None:
            return None
        if published is not None and self._is_complete(published, head):
            return published
        return self._release(head)

    def is_published(self, signed: SignedCheckpoint) -> bool:
        """Say whether readers are shown this head."""
        published = self._published()
        return published is not None and published.checkpoint == signed.checkpoint

    def _newest_size(self) -> int:
        head = self._heads.load()
        return 0 if head is None else head.size

    def _refuse_if_stopped(self) -> None:
        if self._stopped is not None:
            raise DurabilityError(f"the integrator stopped: {self._stopped}")

    def _edge_at(self, head: Head | None) -> RightEdge:
        """Return the right edge of the head, from memory or, checked, from the tiles."""
        known, edge = self._edge
        if known != head and head is not None:
            self._own(head)
            edge = load_edge(self._tiles, head.size, head.root)
            self._edge = (head, edge)
        elif known != head:
            edge = RightEdge()
        return edge

    def _own(self, head: Head) -> SignedCheckpoint:
        """Return the head row's checkpoint after checking that it is what this log signed."""
        try:
            signed = SignedCheckpoint.parse(head.note)
            genuine = bool(self._signer.verifier.verify_note(signed.note))
        except CustodyError as error:
            raise CorruptLogError(f"the head row is damaged: {error}") from error
        if not genuine or signed.checkpoint != Checkpoint(self._signer.name, head.size, head.root):
            raise CorruptLogError("the head row is not a checkpoint that this log's key signed")
        return signed

    def _stage(self, resources: Mapping[TileId, bytes]) -> None:
        paths = {self._folder / tile.path: data for tile, data in resources.items()}
        folders = {path.parent for path in paths}
        new = folders - self._synced
        above = {parent for folder in new for parent in folder.parents if parent.is_relative_to(self._folder)}
        try:
            for folder in sorted(folders):
                files.make_folder(folder, files.PUBLIC_FOLDER)
            for path, data in paths.items():
                files.write_once(path, data, files.PUBLIC)
            # Also for files and folders that were there already: an earlier run may have died just before this.
            for folder in sorted(folders | above):
                files.sync_folder(folder)
            self._synced |= new
        except DurabilityError as error:
            self._stopped = error
            raise

    def _release(self, head: Head) -> SignedCheckpoint:
        """Cosign a head that stands in the head row, and publish it."""
        signed = self._own(head)
        signed = signed.with_signatures(self._panel.cosign(Question(head.size, head.note, signed.checkpoint.body)))
        if not self._believed(signed.to_bytes()):
            return signed
        try:
            with files.locked(self._folder / ".lock"):
                return self._publish(signed)
        except DurabilityError as error:
            self._stopped = error
            raise

    def _publish(self, signed: SignedCheckpoint) -> SignedCheckpoint:
        published = self._published()
        if published is not None:
            old, new = published.checkpoint, signed.checkpoint
            if old.size == new.size and old.root != new.root:
                raise ForkError(f"another checkpoint of size {old.size} is already published")
            richer = len(published.note.signatures) > len(signed.note.signatures)
            if old.size > new.size or (old.size == new.size and richer):
                return published  # another integrator was here after us
        files.replace(self._folder / CHECKPOINT_PATH, signed.to_bytes(), files.PUBLIC)
        return signed

    def _published(self) -> SignedCheckpoint | None:
        data = files.read_if_there(self._folder / CHECKPOINT_PATH)
        try:
            return None if data is None else SignedCheckpoint.parse(data)
        except CustodyError as error:
            raise CorruptLogError(f"the published checkpoint is damaged: {error}") from error

    def _is_complete(self, published: SignedCheckpoint, head: Head) -> bool:
        """Say whether the published checkpoint is the head row's, with a line of every witness."""
        own = self._own(head).checkpoint
        lines = published.note.signatures
        return published.checkpoint == own and all(
            any(witness.verifier.knows(line) for line in lines) for witness in self._witnesses
        )

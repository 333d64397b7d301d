"""The destruction of one erasure: from the decision in the journal to nothing that opens the item. Blocks.

The order, so that a crash anywhere leaves an erasure that is taken up again and never one that is half believed:
1. `erase.execute` is in the journal: from here on nobody is given these items, in any process.
2. what arrived of them beside the sealed file (`uploads/`), and readers' rings with their keys (`rings/`), 3. bundles
that this server built and that hold them (`exports/*.zip`; those that were taken away are not here), 4. their events
become tombstones in one transaction, and their copies in S3 are released to be deleted, 5. the database's files are
looked through for what was there, 6. their ciphertext (`blobs/`), 7. `erase.finish` says what was destroyed and what
could not be.

Each step may be repeated. Only 7 ends the work, so that whatever came before it is done again after a crash.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import canonical, files, ids, keys, schema
from evidence.bundle.checking.erasure_proof import ErasureProof
from evidence.errors import FormatError
from evidence.statements import bodies, event
from evidence.statements import statement as statements
from evidence.statements import tombstone as tombstones
from evidence.statements.event import Recorded
from evidence.statements.facts import Erasure
from evidence.store.journal.shredding import Shredder, traces_of
from evidence.store.ports import Journal
from server.exports.service import Prepared
from server.timeline.rings import Rings
from server.uploads.folder import UploadFolder

READ_AT_ONCE: Final = 1000
"""Events of one look into the journal."""

_DECIDED: Final = ("request", "approve", "execute")

STEPS: Final = ("executed", "uploads", "exports", "buried", "shredded", "blobs", "finished")
"""What `Destroyer` reaches, in order; tests stop it at each."""


@dataclass(frozen=True)
class Destroyer:
    """What it takes to destroy; `reached` hears of each of `STEPS`."""

    journal: Journal
    server: keys.SigningKey
    shredder: Shredder
    uploads: UploadFolder
    exports: Path
    rings: Rings
    clock: Callable[[], ids.Time] = ids.now
    reached: Callable[[str], None] = lambda _step: None

    def execute(self, name: ids.ErasureId, case: ids.CaseId) -> None:
        """Decide: append `erase.execute`. NotAllowedError when it is too early, held, cancelled or barred."""
        self._say("erase.execute", bodies.EraseStep(name), case)
        self.reached("executed")

    def repeat(self, proof: ErasureProof) -> bool:
        """Decide again what a proof shows, in a journal that came back from before it; say whether anything was left.

        Raises NotAllowedError when the statements in the proof do not carry it, or something stops it.
        """
        steps = {one.type: one for one in proof.statements() if one.type.startswith("erase.")}
        asked = steps["erase.request"].body
        if not isinstance(asked, bodies.EraseRequest):
            return False
        known, left = self.journal.ask(
            lambda standing: (
                standing.erasures.get(proof.erasure),
                tuple(
                    item
                    for item in asked.items
                    if (item in standing.items or item in standing.opened) and item not in standing.erased
                ),
            )
        )
        if (known is not None and known.executed) or not left:
            return False
        parts = (ids.Base64(canonical.b64(steps[f"erase.{kind}"].envelope.to_bytes())) for kind in _DECIDED)
        self._say("erase.repeat", bodies.EraseRepeat(proof.erasure, left, *parts), proof.case)
        return True

    def destroy(self, name: ids.ErasureId, now: ids.Time) -> None:
        """Destroy what an executed erasure names, and say so.

        Raises NotShreddedError, StoreError or OSError; the next call begins again.
        """
        erasure = self.journal.ask(lambda standing: standing.erasures[name])
        living = [one for one in self.journal.erasable(erasure.case) if _names(one, erasure)]
        buried = [one for one in self.journal.tombstones(case=erasure.case) if one.erasure == name]
        fresh = [tombstones.instead_of(one, name) for one in living]
        every = sorted((*buried, *fresh), key=lambda one: one.index)
        containers = tuple(one.container for one in every if one.container is not None)
        for sha256 in self.uploads.blobs_of(erasure.items):  # whole, and never sealed: no event names it
            self.shredder.destroy_unsealed(sha256)
        self.uploads.destroy(erasure.items)
        self.rings.destroy_with(erasure.items)
        self.reached("uploads")
        self._destroy_bundles(erasure)
        self.reached("exports")
        self.journal.bury(fresh)
        self.reached("buried")
        # Rows that were buried before a crash left no trace to look for: then the file is written anew.
        traces = frozenset[bytes]().union(*map(traces_of, living)) if not buried else None
        clean = (erasure.finished and not living) or self.shredder.shred_rows(traces)
        self.reached("shredded")
        locks = [lock for sha256 in containers if (lock := self.shredder.destroy_blob(sha256, now)) is not None]
        self.reached("blobs")
        if erasure.finished and locks:
            return  # the lock that was named has ended, and the store has not deleted yet: there is nothing new to say
        remains = tuple(self._remains(erasure, locks, clean=clean))
        body = bodies.EraseFinish(name, tuple(one.index for one in every), containers, remains)
        self._say("erase.finish", body, erasure.case)
        self.reached("finished")

    def _destroy_bundles(self, erasure: Erasure) -> None:
        """Destroy sealed bundles on this server that hold an erased item; the note of what was signed for stays."""
        for note in self.exports.glob("*.json"):
            try:
                written = canonical.decode_exact(note.read_bytes(), canonical.MAX_FILE_BYTES)
                prepared = schema.decode(Prepared, written)
            except FormatError:
                continue
            if erasure.items.isdisjoint(prepared.items):
                continue
            for bundle in (note.with_suffix(".zip"), note.with_suffix(".partial")):
                if bundle.exists():
                    files.shred(bundle)
        if self.exports.is_dir():
            files.sync_folder(self.exports)

    def _remains(self, erasure: Erasure, locks: list[ids.Time], *, clean: bool) -> Iterator[bodies.Remain]:
        """Yield what no server can destroy: copies in other hands, under a lock, in a database's own files."""
        held: dict[tuple[str, ids.KeyId], int] = {}
        for one in self._events_of(erasure.case):
            statement = event.parse(one.event).statement
            match statement.body:
                case bodies.Read(reader=reader, items=items) if not erasure.items.isdisjoint(items):
                    held["read", reader] = held.get(("read", reader), 0) + 1
                case bodies.Export(items=items) if not erasure.items.isdisjoint(items):
                    held["export", statement.by] = held.get(("export", statement.by), 0) + 1
                case _:
                    pass
        for (where, who), count in sorted(held.items()):
            yield bodies.Remain("read" if where == "read" else "export", count, who)
        if locks:
            yield bodies.Remain("object-lock", len(locks), None, max(locks))
        if not clean:
            yield bodies.Remain("database-files", 1)

    def _events_of(self, case: ids.CaseId) -> Iterator[Recorded]:
        after = -1
        while found := self.journal.read(after=after, limit=READ_AT_ONCE, case=case):
            yield from found
            after = found[-1].index

    def _say(self, kind: str, body: bodies.Body, case: ids.CaseId) -> None:
        signed = statements.sign(self.server, kind, body, case=case, at=self.clock())
        self.journal.append(signed.envelope.to_bytes()).result()


def _names(recorded: Recorded, erasure: Erasure) -> bool:
    return not erasure.items.isdisjoint(tombstones.named_items(event.parse(recorded.event).statement))

"""An organisation whose log's key is rotated: two logs, one journal, bundles over both."""

import dataclasses
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from evidence import canonical, ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.format.rotations import Ending, Handover, links
from evidence.bundle.format.tokens import gather
from evidence.bundle.making import sealed, selection
from evidence.bundle.making.selection import Request
from evidence.custody.log import tlogproof
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import NoteSigner, generate_key
from evidence.custody.log.tiles import FolderTiles, TileReader
from evidence.custody.succession.lineage import Lineage
from evidence.custody.witnessing.witness import DevelopmentWitness
from evidence.statements import bodies, rotation, statement
from evidence.statements.statement import SeenCheckpoint, Statement
from tests.support.heads import MemoryHeadStore
from tests.support.organisation import ORIGIN, Organisation


def rotation_over(final: Checkpoint, key: NoteSigner, by: keys.Identity) -> Statement:
    """Return a rotation that `by` signed."""
    return statement.sign(by, rotation.TYPE, bodies.LogRotate(rotation.head_of(final), key.vkey))


def pin(folder: Path, *rotations: Statement) -> None:
    """Write rotations into a trust folder."""
    (folder / trust.ROTATIONS).write_bytes(trust.rotations_text(one.envelope for one in rotations))


@dataclass
class RotatedOrganisation(Organisation):
    """Rotates once; `rotation` is the root's statement, None before."""

    following: NoteSigner = field(default_factory=lambda: generate_key(f"{ORIGIN}/2"))
    rotation: Statement | None = None

    @property
    def line(self) -> Lineage:
        assert self.standing.log is not None
        return rotation.lineage_of(self.standing.log, self.standing.rotations)

    def tiles(self, number: int) -> FolderTiles:
        return FolderTiles(self.folder / ("log" if number == 1 else "logs/2"))

    def rotate(self) -> Statement:
        """End the log where it is, as the command does."""
        self.rotation = rotation_over(self.integrate().checkpoint, self.following, self.root)
        self.accept(self.rotation)
        logs = [self.log_verifier(), self.following.verifier]
        witness = DevelopmentWitness.in_folder(self.folder / "witness", "witness.example/dev", logs)
        self.integrator = Integrator(self.folder / "logs" / "2", self.following, MemoryHeadStore(), [witness])
        return self.rotation

    def integrate(self) -> SignedCheckpoint:
        done = self.integrator.recover()
        size = done.checkpoint.size if done else 0
        era = self.line.current
        leaves = [one.leaf for one in self.journal[era.events_below(size) :]]
        return self.integrator.integrate([*era.opening[size:], *leaves], size)

    def stamp(self) -> SeenCheckpoint:
        seen = super().stamp()
        return seen if self.rotation is None else dataclasses.replace(seen, log=self.following.name)

    def export(self, *items: ids.ItemId) -> Path:
        """As `Organisation.export`, over both logs."""
        request = Request(ids.ExportId(ids.new_id()), self.case, self.investigator.kid, frozenset(items))
        planned = sealed.plan(request, selection.select(request, selection.read(self.journal)), self.container)
        body = self.export_body(request.export, planned.manifest_sha256, *items)
        self.act(self.investigator, "export", body, case=self.case)
        self.stamp()
        by_index, stamped, linked = {}, set(), {}
        head = self.stamped[-1][0]
        for one in (*planned.events, self.journal[-1]):
            era = self.line.of_event(one.index)
            heads = [head for head, _ in self.stamped if head.checkpoint.origin == era.origin]
            covering = (head for head in heads if era.events_below(head.checkpoint.size) > one.index)
            head = next(covering, None) or SignedCheckpoint.parse(self.tiles(era.number).read("checkpoint"))
            digest = hashlib.sha256(head.to_bytes()).hexdigest()
            if not self.tokens(bytes.fromhex(digest)):  # the server stamps the end of a log as well
                self._stamp(bytes.fromhex(digest))
            proof = tlogproof.build_proof(self.tiles(era.number), era.entry_of(one.index), head)
            by_index[one.index] = proof.to_bytes()
            stamped.add(digest)
            if era.final is not None:
                reader = TileReader(self.tiles(era.number), era.final.size)
                linked[digest] = tuple(reader.prove_consistency(head.checkpoint.size))
        path, tokens = self.head_path(body.head, head.checkpoint), gather(stamped, self)
        proofs = sealed.Proofs(self.journal[-1], by_index, tokens, path, self.handover(linked))
        target = self.folder / f"{request.export}.zip"
        sealed.write(planned, proofs, target)
        return target

    def head_path(self, head: bodies.ExportHead, over: Checkpoint) -> tuple[bytes, ...]:
        """As `Organisation.head_path`; a log that ended since leads to its own end."""
        era = self.line.era(head.log)
        whole = over if head.log == over.origin else era.final
        assert whole is not None
        return tuple(TileReader(self.tiles(era.number), whole.size).prove_consistency(head.size))

    def handover(self, linked: dict[str, tuple[bytes, ...]]) -> Handover | None:
        """Return what a bundle says of the rotation."""
        if self.rotation is None:
            return None
        newest = SignedCheckpoint.parse(self.tiles(2).read("checkpoint"))
        entry = tlogproof.build_proof(self.tiles(2), 0, newest).to_bytes()
        parts = (self.rotation.envelope.to_bytes(), self.tiles(1).read("checkpoint"), entry)
        ending = Ending(*(ids.Base64(canonical.b64(part)) for part in parts))
        return Handover(1, (ending,), links(linked))

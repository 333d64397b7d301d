"""A server that records what no rule allows, and exports it: genuine log, witness and stamp over a lie.

Only a verifier that looks at the event itself finds it.
"""

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from evidence import canonical, ids, keys
from evidence.bundle.format import bag, layout
from evidence.bundle.making import sealed, selection
from evidence.bundle.making.sealed import Plan, Source
from evidence.bundle.making.selection import Request
from evidence.custody.errors import ProofError
from evidence.custody.log import leaf as leaves
from evidence.custody.log.checkpoint import Checkpoint
from evidence.statements import bodies, dsse, fold, statement
from evidence.statements import event as events
from evidence.statements.statement import Statement
from tests.support.incidents import incident
from tests.support.organisation import Organisation

MARK: Final = b'"het merk van deze test"'
"""The label of a team, in a statement of the root that is right; a lie stands in its place."""


@dataclass
class LyingServer(Organisation):
    """An organisation whose server takes everything."""

    lies: set[int] = field(default_factory=set)
    leave_out: Callable[[Statement], bool] = lambda _made: False
    """What it keeps out of its bundles."""

    twist: Callable[[bodies.Export], bodies.Export] = lambda body: body
    """What it has the investigator sign for."""

    def accept(self, made: Statement) -> events.Recorded:
        """Take an export as it is, and everything else by the rules."""
        if made.type != "export":
            return super().accept(made)
        fold.apply(self.standing, made)
        self.journal.append(events.record(made, len(self.journal), self.clock()))
        return self.journal[-1]

    def export_body(self, export: ids.ExportId, manifest: ids.Sha256, *items: ids.ItemId) -> bodies.Export:
        """Return what the investigator signs for, as this server wants it."""
        return self.twist(super().export_body(export, manifest, *items))

    def head_path(self, head: bodies.ExportHead, over: Checkpoint) -> tuple[bytes, ...]:
        """Return the proof, or none of a head that never was."""
        try:
            return super().head_path(head, over)
        except ProofError:
            return ()

    def lie(self, event: Callable[[int, ids.Time], bytes]) -> int:
        """Record an event as it is; return its number."""
        index, now = len(self.journal), ids.now()
        data, salt = event(index, now), leaves.new_salt()
        digest = ids.Sha256(hashlib.sha256(data).hexdigest())
        self.journal.append(events.Recorded(index, now, digest, data, salt, leaves.leaf_entry(salt, data)))
        self.lies.add(index)
        return index

    def record(self, made: Statement) -> int:
        """Record a statement that is signed as it is."""
        return self.lie(
            lambda index, now: canonical.encode(
                {"v": 1, "index": index, "received_at": now, "dsse": made.envelope.to_json()}
            )
        )

    def say(self, payload: bytes, signer: keys.SigningKey | None = None) -> int:
        """Record a signed payload, whatever it is, in an event that is right."""
        envelope = dsse.sign(dsse.STATEMENT_TYPE, payload, signer or self.root)
        return self.lie(
            lambda index, now: canonical.encode(
                {"v": 1, "index": index, "received_at": now, "dsse": envelope.to_json()}
            )
        )

    def plan(self, request: Request, begun: Mapping[ids.ItemId, Source]) -> Plan:
        """Choose as always, and put every lie beside it."""
        lies = [self.journal[index] for index in self.lies]
        told = (one for one in self.journal if one.index not in self.lies)
        honest = [one for one in told if not self.leave_out(events.parse(one.event).statement)]
        planned = sealed.plan(request, selection.select(request, selection.read(honest)), self.container, begun)
        chosen = tuple(sorted((*planned.events, *lies), key=lambda one: one.index))
        digests = bag.parse_manifest(planned.manifest)
        digests |= {layout.event(one.index): hashlib.sha256(one.event).hexdigest() for one in lies}
        salts = canonical.encode({str(one.index): one.salt.hex() for one in chosen})
        digests[layout.SALTS] = hashlib.sha256(salts).hexdigest()
        return replace(planned, events=chosen, manifest=bag.manifest_text(digests))

    def bundle(self, target: Path) -> Path:
        """Export one item, and all lies, into a folder."""
        item = self.seal(incident())
        self.grant(item)
        with zipfile.ZipFile(self.export(item)) as archive:
            archive.extractall(target)
        (folder,) = target.iterdir()
        return folder


def team_of(root: keys.SigningKey, label: bytes = MARK) -> bytes:
    """Return a payload that the root may sign, with `label` as it is written."""
    body = bodies.TeamOpen(ids.TeamId("7e" * 16), MARK.decode().strip('"'))
    payload = statement.sign(root, "team.open", body).envelope.body
    assert payload.count(MARK) == 1
    return payload.replace(MARK, label)

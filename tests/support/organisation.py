"""A small Getuige without a server: real keys, statements, authority, log, witness, TSA and bundles, in one folder.

It keeps its journal in a list; everything else is the code that runs in production.
"""

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from evidence import ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.format import layout
from evidence.bundle.format.tokens import gather
from evidence.bundle.making import sealed, selection
from evidence.bundle.making.sealed import Plan, Source
from evidence.bundle.making.selection import Request
from evidence.custody.log import tlogproof
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import KeyType, NoteSigner, NoteVerifier, generate_key
from evidence.custody.log.tiles import FolderTiles, TileReader
from evidence.custody.time import renewal, tsa_policy
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.custody.witnessing.witness import DevelopmentWitness
from evidence.envelope import container, opening, sealing
from evidence.envelope.meta import Meta
from evidence.errors import FormatError
from evidence.statements import bodies, fold, statement
from evidence.statements import event as events
from evidence.statements.rules import authority
from evidence.statements.standing import Standing
from evidence.statements.statement import FIRST_PREV, Chain, SeenCheckpoint, Statement
from tests.support import odd_items, published
from tests.support.heads import MemoryHeadStore

ORIGIN = "getuige.example/log"


@dataclass
class Organisation:
    """One organisation with one case; `folder` holds log, containers and trust anchors."""

    folder: Path
    root: keys.Identity = field(default_factory=keys.Identity.generate)
    server: keys.Identity = field(default_factory=keys.Identity.generate)
    caseworker: keys.Identity = field(default_factory=keys.Identity.generate)
    investigator: keys.Identity = field(default_factory=keys.Identity.generate)
    bridge: keys.BridgeIdentity = field(default_factory=keys.BridgeIdentity.generate)
    vault: keys.Identity = field(default_factory=keys.Identity.generate)
    phone: keys.Identity = field(default_factory=keys.Identity.generate)
    log: NoteSigner = field(default_factory=lambda: generate_key(ORIGIN, KeyType.ED25519))
    case: ids.CaseId = field(default_factory=lambda: ids.CaseId(ids.new_id()))
    team: ids.TeamId = field(default_factory=lambda: ids.TeamId(ids.new_id()))
    standing: Standing = field(default_factory=Standing)
    journal: list[events.Recorded] = field(default_factory=list)
    begun: dict[ids.ItemId, sealed.Source] = field(default_factory=dict)
    """What arrived of items that were announced and never sealed."""
    stamped: list[tuple[SignedCheckpoint, bytes]] = field(default_factory=list)
    more_tsas: list[DevelopmentTsa] = field(default_factory=list)
    """Authorities that stamp each head beside `tsa`; `trust_tsas` makes them known to a verifier."""
    kept: dict[bytes, list[bytes]] = field(default_factory=dict)
    renewals: dict[bytes, bytes] = field(default_factory=dict)
    clock: Callable[[], ids.Time] = ids.now
    """The server's clock: when an event was received, as it says."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._found()

    # Log, witness and authority have keys in files; most tests ask for none of them.

    @cached_property
    def witness(self) -> DevelopmentWitness:
        log = self.log_verifier()
        return DevelopmentWitness.in_folder(self.folder / "witness", "witness.example/dev", [log])

    @cached_property
    def tsa(self) -> DevelopmentTsa:
        return DevelopmentTsa.in_folder(self.folder / "tsa")

    @cached_property
    def integrator(self) -> Integrator:
        return Integrator(self.folder / "log", self.log, MemoryHeadStore(), [self.witness])

    def log_verifier(self) -> NoteVerifier:
        return NoteVerifier.parse(self.log.vkey)

    @cached_property
    def trust(self) -> Path:
        """The folder with what a verifier believes: root, log, witness and authority as they are at first."""
        folder = self.folder / "trust"
        folder.mkdir()
        (folder / trust.ROOT).write_text(trust.root_line(self.root.sign_public, "Filomena"))
        policy = f"log {self.log.vkey}\nwitness dev {self.witness.verifier.vkey}\nquorum dev\n"
        (folder / trust.POLICY).write_text(policy)
        (folder / "log.vkey").write_text(f"{self.log.vkey}\n")
        (folder / trust.TSA_ROOTS).write_bytes(DevelopmentTsa.in_folder(self.folder / "tsa").root_pem)
        return folder

    def act(self, signer: keys.SigningKey, kind: str, body: bodies.Body, **options: object) -> Statement:
        """Sign, check and record a statement, as the journal does."""
        if signer.kid in self.standing.case_of_vault:
            options = {"chain": self.standing.next_link(signer.kid), **options}
        made = statement.sign(signer, kind, body, **options)  # type: ignore[arg-type]
        self.accept(made)
        return made

    def accept(self, made: Statement) -> events.Recorded:
        authority.check(self.standing, made, self.clock())
        fold.apply(self.standing, made)
        self.journal.append(events.record(made, len(self.journal), self.clock()))
        return self.journal[-1]

    def seal(
        self,
        meta: Meta,
        content: sealing.Content | None = None,
        *,
        announced: bool = False,
        **options: Any,  # noqa: ANN401 - as in statement.sign
    ) -> ids.ItemId:
        """Seal an item on the phone, store its container, record its statement, and before it that it was begun."""
        prepared = sealing.prepare(self.phone, self.case, meta, [self.vault.xwing_public], content)
        path = self.folder / "partial"
        with path.open("wb") as out:
            body = sealing.write(prepared, content, out)
        path.rename(self.container(body.container.sha256))
        if announced:
            opened = bodies.ItemOpen(body.item, body.head)
            self.act(self.phone, "item.open", opened, case=self.case, chain=self.next_link())
        self.act(self.phone, "item.seal", body, case=self.case, chain=self.next_link(), **options)
        return body.item

    def raw(self, odd: odd_items.Odd) -> ids.ItemId:
        """Let the phone seal what follows no rule, and record its statement."""
        whole, body = odd_items.write(odd, self.phone, self.case, [self.vault.xwing_public])
        self.container(body.container.sha256).write_bytes(whole)
        self.act(self.phone, "item.seal", body, case=self.case, chain=self.next_link())
        return body.item

    def begin(self, meta: Meta, content: sealing.Content, arrived: int) -> ids.ItemId:
        """Her phone announces an item, and is destroyed when `arrived` bytes of its sealed content are here."""
        prepared = sealing.prepare(self.phone, self.case, meta, [self.vault.xwing_public], content)
        whole = b"".join(prepared.stream(content))
        head = container.parse_prefix(whole)
        blob = bodies.Blob(ids.Sha256(hashlib.sha256(head.head_bytes).hexdigest()), len(head.head_bytes))
        path = self.folder / f"{head.head.item}.part"
        path.write_bytes(whole[: head.size + arrived])
        self.begun[head.head.item] = sealed.Source(path, head.size + arrived)
        body = bodies.ItemOpen(head.head.item, blob)
        self.act(self.phone, "item.open", body, case=self.case, chain=self.next_link())
        return head.head.item

    def container(self, sha256: ids.Sha256) -> Path:
        return self.folder / sha256

    def sealed(self, item: ids.ItemId) -> bodies.ItemSeal:
        """Return what was stated of an item that was not erased."""
        body = self.standing.items[item].body
        assert body is not None
        return body

    def grant(self, *granted: ids.ItemId, reader: keys.Identity | None = None) -> bodies.Grant:
        """She gives items to a reader: opens each content key with the case key and wraps it anew."""
        reader = reader or self.investigator
        pairs = []
        for item in granted:
            raw = self._start_of(item).read_bytes()
            key = opening.content_key(container.parse_prefix(raw), self.vault)
            pairs.append(published.given(key, self.case, item, reader))
        grant = bodies.Grant(
            ids.GrantId(ids.new_id()),
            reader.kid,
            reader.opening_kid,
            "aangifte",
            ids.time_of(datetime.now(UTC) + timedelta(days=1)),
            tuple(pairs),
        )
        self.act(self.vault, "grant", grant, case=self.case)
        return grant

    def _start_of(self, item: ids.ItemId) -> Path:
        if item in self.begun:
            return self.begun[item].path
        body = self.standing.items[item].body
        assert body is not None
        return self.container(body.container.sha256)

    def export(self, *items: ids.ItemId) -> Path:
        """Export as the server and the investigator do together; returns the sealed bundle."""
        request = Request(ids.ExportId(ids.new_id()), self.case, self.investigator.kid, frozenset(items))
        begun = {item: self.begun[item] for item in items if item in self.standing.opened}
        planned = self.plan(request, begun)
        body = self.export_body(request.export, planned.manifest_sha256, *items)
        self.act(self.investigator, "export", body, case=self.case)
        self.stamp()
        tiles = FolderTiles(self.folder / "log")
        by_index, stamped = {}, set()
        readers = {head.checkpoint.size: TileReader(tiles, head.checkpoint.size) for head, _ in self.stamped}
        head = self.stamped[-1][0]
        for one in (*planned.events, self.journal[-1]):
            head = next(head for head, _ in self.stamped if head.checkpoint.size > one.index)
            by_index[one.index] = tlogproof.read_proof(readers[head.checkpoint.size], one.index, head).to_bytes()
            stamped.add(hashlib.sha256(head.to_bytes()).hexdigest())
        target = self.folder / f"{request.export}.zip"
        path = self.head_path(body.head, head.checkpoint)
        sealed.write(planned, sealed.Proofs(self.journal[-1], by_index, gather(stamped, self), path), target)
        return target

    def head_path(self, head: bodies.ExportHead, over: Checkpoint) -> tuple[bytes, ...]:
        """Return what shows that the head of an export is part of the one over the export."""
        return tuple(TileReader(FolderTiles(self.folder / "log"), over.size).prove_consistency(head.size))

    def export_body(self, export: ids.ExportId, manifest: ids.Sha256, *items: ids.ItemId) -> bodies.Export:
        """Return what the investigator signs for, at a head over all so far."""
        head = self.integrate().checkpoint
        shown = bodies.ExportHead(head.origin, head.size, ids.Sha256(head.root.hex()))
        last = selection.last_numbers(selection.read(self._of_the_case()))
        return bodies.Export(export, "artikel 126nd Sv", manifest, tuple(sorted(items)), shown, last)

    def _of_the_case(self) -> list[events.Recorded]:
        """Return the events of the case; what a lying server recorded may be no event at all."""
        found = []
        for recorded in self.journal:
            with contextlib.suppress(FormatError):
                if events.parse(recorded.event).statement.case == self.case:
                    found.append(recorded)
        return found

    def plan(self, request: Request, begun: Mapping[ids.ItemId, Source]) -> Plan:
        """Choose what the bundle will hold."""
        return sealed.plan(request, selection.select(request, selection.read(self.journal)), self.container, begun)

    def stamp(self) -> SeenCheckpoint:
        """Have a head of all so far cosigned and stamped; return it as a phone names it that sees it."""
        head = self.integrate()
        self.stamped.append((head, self._stamp(hashlib.sha256(head.to_bytes()).digest())[0]))
        return SeenCheckpoint(head.checkpoint.size, ids.Sha256(head.checkpoint.root.hex()))

    def _stamp(self, digest: bytes) -> list[bytes]:
        self.kept[digest] = [tsa.stamp(digest) for tsa in (self.tsa, *self.more_tsas)]
        return self.kept[digest]

    def tokens(self, digest: bytes) -> list[bytes]:
        return self.kept.get(digest, [])

    def renewal(self, token: bytes) -> bytes | None:
        return self.renewals.get(token)

    def renew(self) -> None:
        """Have every token that was not renewed yet covered by one new stamp of the authorities of now."""
        old = [token for tokens in self.kept.values() for token in tokens if token not in self.renewals]
        tree = renewal.Tree([renewal.token_sha256(token) for token in old])
        self._stamp(tree.digest)
        self.renewals |= {token: tree.proof(place) for place, token in enumerate(old)}

    def trust_tsas(self, quorum: int, **named: DevelopmentTsa) -> None:
        """Write the policy by which a verifier believes these authorities."""
        roots = {name: tsa.root_pem for name, tsa in named.items()}
        lines = [f"tsa {name} {tsa_policy.fingerprint(pem)}" for name, pem in roots.items()]
        (self.trust / trust.TSA_ROOTS).write_bytes(b"".join(roots.values()))
        (self.trust / trust.TSA_POLICY).write_text("\n".join([*lines, f"quorum {quorum}", ""]))

    def integrate(self) -> SignedCheckpoint:
        done = self.integrator.recover()
        size = done.checkpoint.size if done else 0
        return self.integrator.integrate([one.leaf for one in self.journal[size:]], size)

    def next_link(self) -> Chain:
        return self.standing.next_link(self.phone.kid)

    def _found(self) -> None:
        root_key = bodies.RootKey(_public(self.root), "Filomena")
        self.act(self.root, "log.open", bodies.LogOpen(ORIGIN, root_key, self.log.vkey))
        self.act(self.root, "team.open", bodies.TeamOpen(self.team, "Team Rotterdam"))
        for who, role, label, team in (
            (self.server, "server", "Getuige", None),
            (self.bridge, "bridge", "Alarmbrug 1", None),
            (self.caseworker, "caseworker", "C. Hulpverlener", self.team),
            (self.investigator, "investigator", "R. Rechercheur", None),
        ):
            self.act(self.root, "key.publish", published.certificate(who, role, label, team))  # type: ignore[arg-type]
        vault = published.case_of(self.vault, self.team, self.caseworker.kid)
        self.act(self.caseworker, "case.open", vault, case=self.case)
        self.enrol(self.phone)

    def enrol(self, phone: keys.Identity) -> ids.DeviceId:
        """Invite and enrol a phone."""
        one_time = keys.Identity.generate()
        expires = ids.time_of(datetime.now(UTC) + timedelta(hours=1))
        self.act(self.caseworker, "device.invite", published.invitation(self.vault, one_time, expires), case=self.case)
        device = ids.DeviceId(ids.new_id())
        body = bodies.DeviceEnrol(device, _public(phone), one_time.kid)
        self.act(phone, "device.enrol", body, case=self.case, chain=Chain(0, FIRST_PREV), cosigner=one_time)
        return device


def _public(identity: keys.Identity) -> ids.PublicKey:
    return ids.PublicKey(identity.sign_public.hex())


def event_name(recorded: events.Recorded) -> str:
    """Return where an event stands in a bundle."""
    return layout.event(recorded.index)

"""The reference phone: a folder is its whole memory, and it can only add.

It holds its own signing key and the case's *public* key, so that whoever takes it reads nothing back. Three honest
states for each entry: *kept here*, *arrived* (a receipt that holds), and *why not*. It may be killed between any two
instructions: what `add` returned is safe, what `sync` finished is proven, and everything else is done again with the
same bytes.

Files: `phone.json` (server, case, pinned anchors), `identity.json` (its signing key), `case-xwing.pub` (the key of the
case), `chain.json` (number and hash of its last statement, and the one that is on its way), `outbox/`, `receipts/`,
`seen.json` (newest log head) and `seen.checkpoint` (the same, signed), `contradiction.json` (a head of the log that
contradicts it), `rotations.json` (how the log went on under other keys).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from evidence import canonical, ids, keys, schema
from evidence.envelope import sealing
from evidence.envelope.meta import Meta
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import FIRST_PREV, Chain, SeenCheckpoint, Statement
from server.clients import memory, receipts, telling, tus
from server.clients.errors import ClientError, FolderError, RefusedError
from server.clients.outbox import Entry, OriginalError, Outbox, Source
from server.clients.phone_lists import PhoneLists
from server.clients.proofs import SEEN_FILE, SIGNED, Proofs
from server.clients.receipts import Kept, Receipted, Receipts
from server.clients.signing import STATEMENTS, Signer

ENROLMENTS: Final = "/api/v1/enrolments"
"""Where a statement with two signatures makes a stranger a phone of a case."""

CONTRADICTION: Final = "contradiction.json"
"""Two heads of one size by one log: the one that this phone saw, and the one that the log shows instead."""

ENROLMENT: Final = "enrolment"
"""The name of the receipt of the phone's own enrolment; the others are named by their items."""

ROTATIONS: Final = "rotations.json"
"""Kept as soon as it is known, so that no server can make this phone forget that a log has ended."""

ERASED: Final = "erased"
"""The answer about a statement that arrived and was erased since."""

BLOB_MISSING: Final = "blob-missing"
"""Reason of a refused `item.seal` whose upload is not (or no longer) on the server."""

OPENING: Final = "open-"
"""Before the item in the name of the receipt of its announcement (`item.open`)."""

ANNOUNCE_ABOVE_BYTES: Final = 1024 * 1024
"""What takes longer than a moment on a bad line is announced: its head goes first, and if this phone is destroyed while
it sends, what arrived is evidence. Smaller items come in one request, and then a second statement is only a delay."""

CHAIN: Final = "chain"
EXISTS: Final = "exists"
SEEN: Final = "seen"
"""Reasons after which a phone can go on by itself, from what the refusal proves."""

FOREIGN: Final = "foreign-"
"""Before the number in the name of a receipt: its statement is signed by this phone's key, and not known here."""

MAX_SIGNED_ANEW: Final = 4
"""How often one statement is signed in one call, while somebody else sends with this phone's key at the same time."""

NOT_ANNOUNCED: Final = frozenset({"too-many-begun", "not-allowed", EXISTS, BLOB_MISSING})
"""Reasons to go on without an announcement: it protects what is on its way, and must never keep it from arriving."""

Progress = Callable[[ids.ItemId, int, int], None]
"""Called with (item, bytes sent, size) while an item is uploaded."""


@dataclass(frozen=True)
class State:
    """What the phone may say about one entry: when it arrived, or why it has not."""

    item: ids.ItemId
    state: Literal["kept here", "arrived"]
    index: int | None = None
    received_at: ids.Time | None = None
    proven: bool = False
    why: str | None = None


@dataclass(frozen=True)
class Chained:
    """The phone's place in its own chain of statements, and the statement that is on its way."""

    next: Chain
    pending: bytes | None = None
    item: ids.ItemId | None = None


@dataclass
class Phone:
    """A phone that has been enrolled (or is being enrolled); use `open_phone` or `enrol`."""

    folder: Path
    case: ids.CaseId
    case_key: bytes = field(repr=False)
    """The X-Wing key of the case, to which everything is sealed; empty until the enrolment is whole."""

    lists: PhoneLists
    """Who gets what is added beside her, as her vault said."""

    signer: Signer = field(repr=False)
    outbox: Outbox = field(repr=False)
    proofs: Proofs = field(repr=False)
    receipts: Receipts = field(repr=False)

    def join(self, one_time: keys.SigningKey) -> None:
        """Join the case with a statement that the one-time key signs too; going on where a killed phone stopped.

        Raises:
            ClientError: refused or not reachable; it may be repeated.
        """
        if (self.folder / "chain.json").exists():
            self._finish_pending()
            return
        identity = self.signer.identity
        device = bodies.DeviceEnrol(ids.DeviceId(ids.new_id()), ids.PublicKey(identity.sign_public.hex()), one_time.kid)
        chain = Chain(0, FIRST_PREV)
        statement = statements.sign(identity, "device.enrol", device, case=self.case, chain=chain, cosigner=one_time)
        self._remember(Chained(chain, statement.envelope.to_bytes()))
        self._finish_pending()

    def add(self, meta: Meta, source: Source | None = None, item: ids.ItemId | None = None) -> ids.ItemId:
        """Seal an entry and keep it; when this returns it is safe on this phone, whether or not there is a network.

        The same `item` twice is one entry: a caller that was killed may repeat itself.

        Raises:
            ClientError: what she wrote is longer than an entry can be, or a time cannot be; nothing was kept.
            EvidenceError: the file cannot be sealed; nothing was kept.
        """
        telling.check(meta)
        if item is not None and (self.outbox.find(item) or self.receipts.has(item)):
            return item
        content = source.content() if source else None
        readers = [self.case_key, *self.lists.readers(meta, self.proofs.witnessed_at(self.folder / SEEN_FILE))]
        prepared = sealing.prepare(self.signer.identity, self.case, meta, readers, content, item=item)
        return self.outbox.add(prepared, source).item

    def sync(self, progress: Progress | None = None) -> int:
        """Bring everything that is kept here to the server, oldest first, and return how many items arrived.

        Raises:
            ClientError: the first reason why something did not arrive; it is kept, and `states` repeats the reason.
                A file that is gone keeps nothing else from being sent, and is told last.
        """
        self._forget_arrived()
        arrived, gone = 0, None
        for entry in list(self.outbox.entries()):
            try:
                self._deliver(entry, progress)
                arrived += 1
            except ClientError as error:
                entry.explain(str(error))
                if not isinstance(error, OriginalError):
                    raise
                gone = error
        if gone is not None:
            raise gone
        self.lists.ask(self.signer.api)
        return arrived

    def check_proofs(self) -> int:
        """Ask for the proof of each receipt that has none, check it, and return how many are still missing.

        Raises:
            ClientError: the log does not show what its receipts promised, or it was rewritten.
        """
        missing = 0
        for kept in self.receipts:
            if kept.proven:
                continue
            proof = self.proofs.fetch(kept.recorded)
            if proof is None:
                missing += 1
            else:
                self.receipts.add_proof(kept, proof)
        self.proofs.advance(self.folder / SEEN_FILE)
        self._keep_rotations()
        return missing

    def states(self) -> Iterator[State]:
        """Yield what can be said of each entry, arrived ones first."""
        for kept in self.receipts:
            if kept.name != ENROLMENT and not kept.name.startswith((OPENING, FOREIGN)):
                recorded = kept.recorded
                item = ids.ItemId(kept.name)
                yield State(item, "arrived", recorded.index, recorded.received_at, kept.proven)
        for entry in self.outbox.entries():
            yield State(entry.item, "kept here", why=entry.why)

    def strangers(self) -> Iterator[Kept]:
        """Yield what was sent with this phone's key and this phone does not know: a copy of it, or an older backup."""
        for kept in self.receipts:
            if kept.name.startswith(FOREIGN):
                yield kept

    @property
    def contradicted(self) -> bool:
        """Whether the log signed a head that contradicts the one that this phone had seen; both are kept here."""
        return (self.folder / CONTRADICTION).exists()

    def _forget_arrived(self) -> None:
        """Finish what a phone that was killed between its receipt and its outbox left over."""
        pending = self._chained().item
        for entry in list(self.outbox.entries()):
            if entry.item != pending and self.receipts.has(entry.item):
                self.outbox.forget(entry)

    def _deliver(self, entry: Entry, progress: Progress | None) -> None:
        """Bring one entry to the server, from wherever a killed phone left it."""
        self._finish_pending()
        if self.outbox.find(entry.item) is None:
            return  # what was on its way was the statement that seals it
        self._upload(entry, progress, announce=entry.seal_body().container.size > ANNOUNCE_ABOVE_BYTES)
        self._seal(entry)

    def _upload(self, entry: Entry, progress: Progress | None, *, announce: bool) -> None:
        """Bring the container to the server, from where the server says it stopped."""
        body = entry.seal_body()
        location = entry.location
        at = tus.offset(self.signer.api, location) if location is not None else None
        if location is None or at is None:
            metadata = {"item": entry.item, "sha256": body.container.sha256}
            location, at = tus.create(self.signer.api, body.container.size, metadata)
            entry.begin_upload(location)
        tell = (lambda sent, size: progress(entry.item, sent, size)) if progress else None
        size = body.container.size
        if announce and not self.receipts.has(OPENING + entry.item):
            at = tus.send(self.signer.api, location, entry.pieces, size, at, tell, stop=entry.prefix_size())
            self._say(entry, "item.open", bodies.ItemOpen(body.item, body.head))
        announced = self.receipts.has(OPENING + entry.item)
        tus.send(self.signer.api, location, entry.pieces, size, at, tell, checked=not announced)

    def _seal(self, entry: Entry) -> None:
        """Say in a signed statement that this item exists, and believe it arrived only with a receipt."""
        self._say(entry, "item.seal", entry.seal_body())

    def _say(self, entry: Entry, kind: str, body: bodies.ItemSeal | bodies.ItemOpen) -> None:
        """Sign a statement about an entry, numbered, and post it; it is posted again if this phone dies meanwhile."""
        for _ in range(MAX_SIGNED_ANEW):
            chained = self._chained()
            statement = statements.sign(
                self.signer.identity, kind, body, case=self.case, chain=chained.next, seen=self._seen()
            )
            self._remember(Chained(chained.next, statement.envelope.to_bytes(), entry.item))
            if self._finish_pending():
                return
        raise ClientError(
            "Somebody else is sending with this phone's key at this moment. What is kept here is safe: tell your "
            "caseworker, and try again."
        )

    def _seen(self) -> SeenCheckpoint | None:
        """Return the head that was seen last; none once the log contradicted it: a claim in doubt helps nobody."""
        seen = self.folder / SEEN_FILE
        if self.contradicted or not seen.exists():
            return None
        return schema.decode(SeenCheckpoint, memory.read_json(seen))

    def _finish_pending(self) -> bool:
        """Post the statement that was on its way, keep its receipt, and only then forget what it was about.

        False when it was set aside for a reason that the refusal proves: then it is to be signed anew.
        """
        chained = self._chained()
        if chained.pending is None:
            return True
        statement = statements.parse(chained.pending)
        path = ENROLMENTS if statement.type == "device.enrol" else STATEMENTS
        try:
            receipted = self.signer.post(statement, path)
        except RefusedError as refused:
            if statement.type == "item.open" and refused.name in NOT_ANNOUNCED:
                self._remember(Chained(chained.next))
                return True
            entry = self.outbox.find(chained.item) if chained.item else None
            if refused.name == ERASED:
                self._step_over(statement, refused, entry)
                return True
            if refused.name in {CHAIN, SEEN} and statement.type != "device.enrol":
                self._set_aside(statement, refused)
                return False
            if refused.name == EXISTS and entry is not None:
                self._take_over(entry, refused)
                return True
            if refused.name != BLOB_MISSING or entry is None:
                raise
            # The upload expired before its statement came: the bytes are still here, so send them again.
            self._upload(entry, None, announce=False)
            receipted = self.signer.post(statement, path)
        self._keep_receipt(statement, receipted, chained.item)
        return True

    def _set_aside(self, statement: Statement, refused: RefusedError) -> None:
        """Learn from a refusal what makes the statement wrong, and forget the statement; the entry stays.

        Raises:
            RefusedError: the refusal proves nothing that this phone could go on from.
            DistrustError: what it shows does not hold.
        """
        if refused.name == SEEN:
            self._keep_contradiction(refused)
            self._remember(Chained(self._chained().next))
            return
        receipted, found = receipts.check_stored(
            self.signer.pins, self.signer.certificates(), refused.stored, self.signer.identity.sign_public
        )
        own = statement.chain
        if found.chain is None or own is None or found.case != self.case or found.chain.seq < own.seq:
            raise refused
        # Signed by this very key, with this number or a higher one, and not known here: somebody else has the key.
        self.receipts.keep(f"{FOREIGN}{found.chain.seq:020d}", receipted)
        self._remember(Chained(Chain(found.chain.seq + 1, found.id)))

    def _keep_contradiction(self, refused: RefusedError) -> None:
        """Keep the head that was seen and the one that the log signed now, which cannot both be true."""
        seen = self._seen()
        if seen is None or not self.proofs.contradicts(refused.head.encode(), seen):
            raise refused
        signed = (self.folder / SEEN_FILE).with_suffix(SIGNED)
        kept = signed.read_text() if signed.exists() else ""
        memory.write_json(
            self.folder / CONTRADICTION, {"seen": schema.encode(seen), "signed": kept, "shown": refused.head}
        )

    def _take_over(self, entry: Entry, refused: RefusedError) -> None:
        """Count an item as arrived that was sealed before with this phone's key: by a copy, or before a backup."""
        receipted, found = receipts.check_stored(
            self.signer.pins, self.signer.certificates(), refused.stored, self.signer.identity.sign_public
        )
        if found.body != entry.seal_body():
            raise refused
        self.receipts.keep(entry.item, receipted)
        self._remember(Chained(self._chained().next))
        self.outbox.forget(entry)

    def _step_over(self, statement: Statement, refused: RefusedError, entry: Entry | None) -> None:
        """Go on behind a statement that had arrived and was erased before its receipt came here.

        The receipt in the refusal proves that it had; without it nothing is forgotten, whatever the server says.
        """
        receipts.check_erased(self.signer.pins, self.signer.certificates(), refused.receipt, statement.id)
        if statement.chain is None:
            raise FolderError("A phone numbers each of its statements; this one has no number.")
        self._remember(Chained(Chain(statement.chain.seq + 1, statement.id)))
        if entry is not None:
            self.outbox.forget(entry)

    def _keep_receipt(self, statement: Statement, receipted: Receipted, item: ids.ItemId | None) -> None:
        """Make the receipt durable, then step on in the chain, then forget the item. Each may be repeated."""
        if statement.chain is None:
            raise FolderError("A phone numbers each of its statements; this one has no number.")
        self._keep_rotations()
        opening = statement.type == "item.open"
        self.receipts.keep(f"{OPENING}{item}" if opening else item or ENROLMENT, receipted)
        self._remember(Chained(Chain(statement.chain.seq + 1, statement.id)))
        entry = self.outbox.find(item) if item and not opening else None
        if entry is not None:
            self.outbox.forget(entry)

    def _keep_rotations(self) -> None:
        known = [one.to_json() for one in self.signer.pins.rotations]
        path = self.folder / ROTATIONS
        if known and not (path.exists() and memory.read_json(path)["rotations"] == known):
            memory.write_json(path, {"rotations": known})

    def _chained(self) -> Chained:
        value = memory.read_json(self.folder / "chain.json")
        pending = value["pending"]
        chain = Chain(int(value["seq"]), ids.Sha256(ids.hex_text(value["prev"], 32)))
        return Chained(chain, canonical.unb64(pending) if pending else None, value["item"])

    def _remember(self, chained: Chained) -> None:
        value = {
            "seq": chained.next.seq,
            "prev": chained.next.prev,
            "pending": canonical.b64(chained.pending) if chained.pending else None,
            "item": chained.item,
        }
        memory.write_json(self.folder / "chain.json", value)

"""The chain of a phone: the numbers of its statements, those that are on their way, and what refusals prove.

State rules:
- `chain.json` names the next number and the statements that were signed and not answered yet; they are posted again,
  as they are, until something is known of them.
- A receipt is durable before the chain steps on, and the chain steps on before an entry is forgotten.
- What the server refuses keeps its entry, with the reason; its number is signed anew for the next. Its id stays in
  `refused.json`: if this server's chain shows it later, it was this phone that said it, and no stranger.
- A server's word alone moves no number: it shows the statement, signed by this key, with its receipt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from evidence import canonical, ids, schema
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import Chain, SeenCheckpoint, Statement
from server.clients import memory, receipts
from server.clients.errors import ClientError, FolderError, RefusedError
from server.clients.outbox import Entry, Outbox
from server.clients.proofs import SEEN_FILE, SIGNED, Proofs
from server.clients.receipts import Receipts
from server.clients.signing import MAX_TOGETHER, Posted, Signer

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

CHAIN: Final = "chain"
EXISTS: Final = "exists"
SEEN: Final = "seen"
"""Reasons after which a phone can go on by itself, from what the refusal proves."""

FOREIGN: Final = "foreign-"
"""Before the number in the name of a receipt: its statement is signed by this phone's key, and not known here."""

MAX_SIGNED_ANEW: Final = 4
"""How often one statement is signed in one call, while somebody else sends with this phone's key at the same time."""

UNJUDGED: Final = "unjudged"
"""The server's own program broke over this statement; nothing is wrong with the others."""

NOT_ANNOUNCED: Final = frozenset({"too-many-begun", "not-allowed", EXISTS, BLOB_MISSING, UNJUDGED})
"""Reasons to go on without an announcement: it protects what is on its way, and must never keep it from arriving."""

ABOUT_ONE: Final = frozenset({403, 404, 409, 410, 422})
"""Statuses of what is wrong with one statement; after any other nothing else would arrive either."""

MOST_REFUSED: Final = 1000
"""Ids of refused statements that are kept, the newest: a server that shows an older one has lied for long."""

REFUSED: Final = "refused.json"


@dataclass(frozen=True)
class Pending:
    """A statement that is on its way, and the item that it is about."""

    statement: bytes
    item: ids.ItemId | None = None


@dataclass(frozen=True)
class Chained:
    """The phone's place in its own chain of statements, and the statements that are on their way, from that place."""

    next: Chain
    pending: tuple[Pending, ...] = ()


@dataclass(frozen=True)
class Finished:
    """What became of the statements that were on their way: which entries were refused, or all to be signed anew."""

    refused: Mapping[ids.ItemId, RefusedError] = field(default_factory=dict)
    again: bool = False


@dataclass
class PhoneChain:
    """The chain in a phone's folder; one process at a time."""

    folder: Path
    case: ids.CaseId
    signer: Signer = field(repr=False)
    outbox: Outbox = field(repr=False)
    proofs: Proofs = field(repr=False)
    receipts: Receipts = field(repr=False)

    @property
    def begun(self) -> bool:
        """Whether this phone has signed anything yet."""
        return (self.folder / "chain.json").exists()

    @property
    def contradicted(self) -> bool:
        """Whether the log signed a head that contradicts the one that this phone had seen; both are kept here."""
        return (self.folder / CONTRADICTION).exists()

    def announce(self, entry: Entry, body: bodies.ItemOpen) -> None:
        """Say that an item begins to arrive.

        Raises:
            ClientError: refused, or not reachable; it is posted again if this phone dies meanwhile.
        """
        for _ in range(MAX_SIGNED_ANEW):
            self._sign("item.open", [(entry, body)])
            finished = self.finish()
            for refused in finished.refused.values():
                raise refused
            if not finished.again:
                return
        raise _spoken_elsewhere()

    def seal(self, entries: Sequence[Entry]) -> Mapping[ids.ItemId, RefusedError]:
        """Say in signed statements that these items exist, in batches; return those that were refused, which stay.

        Raises:
            ClientError: nothing more can be said at this moment; it is posted again.
        """
        refused: dict[ids.ItemId, RefusedError] = {}
        waiting, idle = list(entries), 0
        while waiting and idle < MAX_SIGNED_ANEW:
            self._sign("item.seal", [(entry, entry.seal_body()) for entry in waiting[:MAX_TOGETHER]])
            refused.update(self.finish().refused)
            left = [one for one in waiting if one.item not in refused and self.outbox.find(one.item) is not None]
            waiting, idle = left, idle + 1 if len(left) == len(waiting) else 0
        if waiting:
            raise _spoken_elsewhere()
        return refused

    def finish(self) -> Finished:
        """Post the statements that were on their way, keep their receipts, and only then forget what they were about.

        Raises:
            ClientError: nothing more can be said at this moment; what is left is posted again.
        """
        chained = self.known()
        if not chained.pending:
            return Finished()
        said = [statements.parse(one.statement) for one in chained.pending]
        posted = self._post(said)
        for statement, receipted, pending in zip(said, posted.receipted, chained.pending, strict=False):
            self.receipts.keep(_name_of(statement, pending.item), receipted)
        done = len(posted.receipted)
        if done:
            self.keep_rotations()
            self.remember(Chained(_behind(said[done - 1]), chained.pending[done:]))
        for statement, pending in zip(said[:done], chained.pending, strict=False):
            entry = self.outbox.find(pending.item) if pending.item and statement.type == "item.seal" else None
            if entry is not None:
                self.outbox.forget(entry)
        if posted.refused is None:
            return Finished()
        return self._go_on_from(posted.refused, said[done:], chained.pending[done:])

    def _post(self, said: Sequence[Statement]) -> Posted:
        if said[0].type == "device.enrol":
            return Posted([self.signer.post(said[0], ENROLMENTS)], None)
        return self.signer.post_all(said)

    def _go_on_from(self, refused: RefusedError, said: Sequence[Statement], pending: Sequence[Pending]) -> Finished:
        """Learn from the refusal of the first of these; none of them is on its way any more."""
        statement, item = said[0], pending[0].item
        if statement.type == "item.open" and refused.name in NOT_ANNOUNCED:
            self._forget_pending()
            return Finished()
        if refused.status not in ABOUT_ONE and refused.name != UNJUDGED:
            raise refused
        self._keep_refused(said, pending)
        entry = self.outbox.find(item) if item else None
        if refused.name == ERASED:
            self._step_over(statement, refused, entry)
        elif refused.name in {CHAIN, SEEN}:
            self._set_aside(statement, refused)
            return Finished(again=True)
        elif entry is None:
            raise refused
        elif refused.name != EXISTS or not self._take_over(entry, refused):
            self._forget_pending()
            return Finished({entry.item: refused})
        return Finished()

    def _sign(self, kind: str, about: Sequence[tuple[Entry, bodies.ItemSeal | bodies.ItemOpen]]) -> None:
        """Sign a statement about each of these entries, numbered, and remember that they are on their way."""
        link = first = self.known().next
        pending = []
        for entry, body in about:
            made = statements.sign(self.signer.identity, kind, body, case=self.case, chain=link, seen=self._seen())
            pending.append(Pending(made.envelope.to_bytes(), entry.item))
            link = _behind(made)
        self.remember(Chained(first, tuple(pending)))

    def _forget_pending(self) -> None:
        self.remember(Chained(self.known().next))

    def _keep_refused(self, said: Sequence[Statement], pending: Sequence[Pending]) -> None:
        known = self._refused()
        known.update((one.id, about.item) for one, about in zip(said, pending, strict=True))
        memory.write_json(self.folder / REFUSED, dict(list(known.items())[-MOST_REFUSED:]))

    def _refused(self) -> dict[str, Any]:
        file = self.folder / REFUSED
        if not file.exists():
            return {}
        known: dict[str, Any] = memory.read_json(file)
        return known

    def _seen(self) -> SeenCheckpoint | None:
        """Return the head that was seen last; none once the log contradicted it: a claim in doubt helps nobody."""
        seen = self.folder / SEEN_FILE
        if self.contradicted or not seen.exists():
            return None
        return schema.decode(SeenCheckpoint, memory.read_json(seen))

    def _set_aside(self, statement: Statement, refused: RefusedError) -> None:
        """Learn from a refusal what makes the statement wrong, and forget the statement; the entry stays.

        Raises:
            RefusedError: the refusal proves nothing that this phone could go on from.
            DistrustError: what it shows does not hold.
        """
        if refused.name == SEEN:
            self._keep_contradiction(refused)
            self._forget_pending()
            return
        receipted, found = receipts.check_stored(
            self.signer.pins, self.signer.certificates(), refused.stored, self.signer.identity.sign_public
        )
        own = statement.chain
        if found.chain is None or own is None or found.case != self.case or found.chain.seq < own.seq:
            raise refused
        item = self._refused().get(found.id)
        if item is None:
            # Signed by this very key, with this number or a higher one, and not known here: somebody else has the key.
            self.receipts.keep(f"{FOREIGN}{found.chain.seq:020d}", receipted)
        else:
            # This phone said it, and heard that it was refused: it stands, and no stranger is to be feared.
            self.receipts.keep(_name_of(found, ids.ItemId(item)), receipted)
        self.remember(Chained(_behind(found)))
        entry = self.outbox.find(ids.ItemId(item)) if item and found.type == "item.seal" else None
        if entry is not None:
            self.outbox.forget(entry)

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

    def _take_over(self, entry: Entry, refused: RefusedError) -> bool:
        """Count an item as arrived that was sealed before with this phone's key: by a copy, or before a backup.

        False when somebody else sealed one of that name, or this key another one.
        """
        if refused.stored is None:
            return False
        receipted, found = receipts.check_stored(
            self.signer.pins, self.signer.certificates(), refused.stored, self.signer.identity.sign_public
        )
        if found.body != entry.seal_body():
            return False
        self.receipts.keep(entry.item, receipted)
        self._forget_pending()
        self.outbox.forget(entry)
        return True

    def _step_over(self, statement: Statement, refused: RefusedError, entry: Entry | None) -> None:
        """Go on behind a statement that had arrived and was erased before its receipt came here.

        The receipt in the refusal proves that it had; without it nothing is forgotten, whatever the server says.
        """
        receipts.check_erased(self.signer.pins, self.signer.certificates(), refused.receipt, statement.id)
        self.remember(Chained(_behind(statement)))
        if entry is not None:
            self.outbox.forget(entry)

    def keep_rotations(self) -> None:
        """Keep how the log went on, if something new of it is known."""
        known = [one.to_json() for one in self.signer.pins.rotations]
        path = self.folder / ROTATIONS
        if known and not (path.exists() and memory.read_json(path)["rotations"] == known):
            memory.write_json(path, {"rotations": known})

    def known(self) -> Chained:
        """Return the place in the chain; FolderError when it is damaged."""
        value = memory.read_json(self.folder / "chain.json")
        try:
            pending = tuple(Pending(canonical.unb64(one["statement"]), one["item"]) for one in value["pending"])
            return Chained(Chain(int(value["seq"]), ids.Sha256(ids.hex_text(value["prev"], 32))), pending)
        except (KeyError, TypeError) as error:
            raise FolderError("The chain of this phone is damaged.") from error

    def remember(self, chained: Chained) -> None:
        """Keep the place in the chain, durably."""
        pending = [{"statement": canonical.b64(one.statement), "item": one.item} for one in chained.pending]
        value = {"seq": chained.next.seq, "prev": chained.next.prev, "pending": pending}
        memory.write_json(self.folder / "chain.json", value)


def _name_of(statement: Statement, item: ids.ItemId | None) -> str:
    """Return the name under which the receipt of a statement is kept."""
    return f"{OPENING}{item}" if statement.type == "item.open" else item or ENROLMENT


def _behind(statement: Statement) -> Chain:
    if statement.chain is None:
        raise FolderError("A phone numbers each of its statements; this one has no number.")
    return Chain(statement.chain.seq + 1, statement.id)


def _spoken_elsewhere() -> ClientError:
    return ClientError(
        "Somebody else is sending with this phone's key at this moment. What is kept here is safe: tell your "
        "caseworker, and try again."
    )

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

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from evidence import ids, keys
from evidence.envelope import sealing
from evidence.envelope.meta import Meta
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import FIRST_PREV, Chain
from server.clients import telling, tus
from server.clients.errors import ClientError, RefusedError
from server.clients.outbox import Entry, OriginalError, Outbox, Source
from server.clients.phone_chain import BLOB_MISSING, ENROLMENT, FOREIGN, OPENING, Chained, Pending, PhoneChain
from server.clients.phone_lists import PhoneLists
from server.clients.proofs import SEEN_FILE, Proofs
from server.clients.receipts import Kept, Receipts
from server.clients.signing import Signer

SEAL_WITHIN_S: Final = 2.0
"""How long what arrived waits for others to be sealed together: if this phone is destroyed meanwhile, it is no item."""

TOGETHER_BELOW_BYTES: Final = 256 * 1024
"""What waits to be sealed waits for no upload that is larger: on a bad line that takes minutes."""

ANNOUNCE_ABOVE_BYTES: Final = 1024 * 1024
"""What takes longer than a moment on a bad line is announced: its head goes first, and if this phone is destroyed while
it sends, what arrived is evidence. Smaller items come in one request, and then a second statement is only a delay."""

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
    chain: PhoneChain = field(repr=False)

    def join(self, one_time: keys.SigningKey) -> None:
        """Join the case with a statement that the one-time key signs too; going on where a killed phone stopped.

        Raises:
            ClientError: refused or not reachable; it may be repeated.
        """
        if self.chain.begun:
            self.chain.finish()
            return
        identity = self.signer.identity
        device = bodies.DeviceEnrol(ids.DeviceId(ids.new_id()), ids.PublicKey(identity.sign_public.hex()), one_time.kid)
        chain = Chain(0, FIRST_PREV)
        statement = statements.sign(identity, "device.enrol", device, case=self.case, chain=chain, cosigner=one_time)
        self.chain.remember(Chained(chain, (Pending(statement.envelope.to_bytes()),)))
        self.chain.finish()

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
                A file that is gone, and what is refused, keep nothing else from being sent, and are told last.
        """
        self._forget_arrived()
        entries = list(self.outbox.entries())
        kept: list[ClientError] = []
        ready: list[Entry] = []
        began = time.monotonic()
        with self._explaining(entries[:1]):
            self.chain.finish()  # what is refused now is tried again below, and told there
        for entry in entries:
            if self.outbox.find(entry.item) is None:
                continue  # what was on its way was the statement that seals it
            size = entry.seal_body().container.size
            if ready and (size > TOGETHER_BELOW_BYTES or time.monotonic() - began > SEAL_WITHIN_S):
                kept += self._seal(ready)
                ready = []
            began = began if ready else time.monotonic()
            try:
                with self._explaining([entry]):
                    self._upload(entry, progress, announce=size > ANNOUNCE_ABOVE_BYTES)
            except OriginalError as error:
                kept.append(error)
            except ClientError:
                with contextlib.suppress(ClientError):
                    self._seal(ready)
                raise
            else:
                ready.append(entry)
        kept += self._seal(ready)
        if kept:
            raise kept[0]
        self.lists.ask(self.signer.api)
        return sum(self.outbox.find(entry.item) is None for entry in entries)

    def _seal(self, ready: Sequence[Entry]) -> list[RefusedError]:
        """Say that these items exist, and believe that each arrived only with a receipt; return what was refused."""
        with self._explaining(ready):
            refused = dict(self.chain.seal(ready))
            gone = [one for one in ready if one.item in refused and refused[one.item].name == BLOB_MISSING]
            for entry in gone:
                # The upload expired before its statement came: the bytes are still here, so send them again.
                self._upload(entry, None, announce=False)
                del refused[entry.item]
            refused.update(self.chain.seal(gone))
        for entry in ready:
            if entry.item in refused:
                entry.explain(str(refused[entry.item]))
        return list(refused.values())

    @contextlib.contextmanager
    def _explaining(self, entries: Sequence[Entry]) -> Iterator[None]:
        """Keep with these entries why they did not arrive."""
        try:
            yield
        except ClientError as error:
            for entry in entries:
                if self.outbox.find(entry.item) is not None:
                    entry.explain(str(error))
            raise

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
        self.chain.keep_rotations()
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

    def _forget_arrived(self) -> None:
        """Finish what a phone that was killed between its receipt and its outbox left over."""
        pending = {one.item for one in self.chain.known().pending}
        for entry in list(self.outbox.entries()):
            if entry.item not in pending and self.receipts.has(entry.item):
                self.outbox.forget(entry)

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
            self.chain.announce(entry, bodies.ItemOpen(body.item, body.head))
        announced = self.receipts.has(OPENING + entry.item)
        tus.send(self.signer.api, location, entry.pieces, size, at, tell, checked=not announced)

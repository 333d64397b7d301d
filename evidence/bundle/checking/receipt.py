"""Receipts: one that is checked alone, and those that somebody kept beside an export that the server prepared.

A receipt is the server's word that it stored a statement. Where an export calls a lower number the last, and the
receipt is from before the head of that export, the server contradicts itself: it left out what it knew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import canonical, ids, keys, schema
from evidence.bundle.checking.journal_part import JournalPart
from evidence.bundle.checking.names import SHOWN
from evidence.bundle.checking.report import Findings
from evidence.bundle.checking.trust import Anchors
from evidence.custody.succession.lineage import Lineage
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, dsse
from evidence.statements import event as events
from evidence.statements import statement as statements

_ENVELOPES: Final = frozenset({"receipt", "server_key"})


@dataclass(frozen=True)
class ReceiptFile:
    """A receipt as a phone keeps it, next to the DSSE envelopes `receipt` and `server_key`."""

    event: ids.Base64
    salt: ids.Sha256
    proof: ids.Base64 | None = None


@dataclass(frozen=True)
class Kept:
    """A receipt file that was read (`docs/formats/receipt.md`); nothing in it is verified."""

    file: ReceiptFile
    envelopes: dict[str, object]

    @classmethod
    def parse(cls, data: bytes) -> "Kept":
        """Read `{"receipt", "event", "salt", "server_key", "proof"?}`; FormatError for any other form."""
        members = canonical.decode(data, canonical.MAX_FILE_BYTES)  # the event in it may be the largest document
        if not isinstance(members, dict):
            raise FormatError("not a receipt file")
        plain = {name: value for name, value in members.items() if name not in _ENVELOPES}
        envelopes = {name: members.get(name) for name in _ENVELOPES}
        return cls(schema.decode(ReceiptFile, plain), envelopes)

    @property
    def event(self) -> bytes:
        """The exact bytes of the event."""
        return canonical.unb64(self.file.event)

    @property
    def salt(self) -> bytes:
        """The salt of its leaf."""
        return bytes.fromhex(self.file.salt)

    def verified(self, line: Lineage, anchors: Anchors) -> tuple[events.Receipt, bodies.KeyPublish]:
        """Return what it says and the server's certificate, if the pinned root certified that server.

        Raises:
            EvidenceError: it does not hold.
        """
        server = _certified_server(dsse.from_json(self.envelopes["server_key"], dsse.STATEMENT_TYPE), anchors)
        parsed = events.parse(self.event)
        receipt = events.check(
            dsse.from_json(self.envelopes["receipt"], dsse.RECEIPT_TYPE),
            self.event,
            self.salt,
            statement=parsed.statement.id,
            origin=line.of_event(parsed.index).origin,
            server=bytes.fromhex(server.sign),
        )
        return receipt, server


def _certified_server(envelope: dsse.Envelope, anchors: Anchors) -> bodies.KeyPublish:
    """Return the server's certificate, if the pinned root signed it."""
    root = {keys.signing_kid(anchors.root): anchors.root}
    certificate = statements.verified(statements.from_envelope(envelope), root)
    if not isinstance(certificate.body, bodies.KeyPublish) or certificate.body.role != "server":
        raise FormatError("the key that signed the receipt is not certified as a server's")
    return certificate.body


def gather(paths: Iterable[Path]) -> list[bytes]:
    """Return the receipt files at `paths`, and in folders among them. OSError when one cannot be read."""
    files = [file for path in paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    return [file.read_bytes() for file in files]


def compare(
    part: JournalPart, export: bodies.Export, receipts: Sequence[bytes], anchors: Anchors, findings: Findings
) -> None:
    """Say of each receipt whether the export's last numbers fit it. FormatError for what is no receipt file."""
    for data in receipts:
        kept = Kept.parse(data)
        try:
            receipt, _ = kept.verified(part.line, anchors)
            _compare(part, export, events.parse(kept.event), receipt, findings)
        except EvidenceError as error:
            findings.failed("receipt-bad", why=error)


def _compare(
    part: JournalPart, export: bodies.Export, event: events.Event, receipt: events.Receipt, findings: Findings
) -> None:
    said, chain = event.statement, event.statement.chain
    who, about = part.who(said.by), said.by[:SHOWN]
    if chain is None or said.case != part.export.statement.case:
        findings.note("receipt-of-no-number", about, index=receipt.index)
        return
    named: dict[str, object] = {"who": who, "number": chain.seq, "index": receipt.index}
    if receipt.index >= part.line.era(export.head.log).events_below(export.head.size):
        findings.note("receipt-later", about, **named)
        return
    last = next((one for one in export.last if one.by == said.by), None)
    here = {one.statement.id for one in part.listed if _number(one) == _number(event)}
    covered = last is not None and (chain.seq < last.seq or (chain.seq, said.id) == (last.seq, last.statement))
    if covered and here <= {said.id}:
        findings.note("receipt-fits", about, **named)
    else:
        findings.failed("export-contradicted", about, **named, last="–" if last is None else last.seq)


def _number(event: events.Event) -> tuple[ids.KeyId, int | None]:
    chain = event.statement.chain
    return event.statement.by, None if chain is None else chain.seq

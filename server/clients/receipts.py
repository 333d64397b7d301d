"""Receipts: the only thing that makes *arrived* true. Checked when they come, kept in the form that anyone can check.

A kept receipt is the file that `getuige verify` takes (`docs/formats/receipt.md`): the server's signed receipt, the
event with its salt, the root's certificate of the server's key, and, once the log shows it, the inclusion proof.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from evidence import canonical, ids, schema
from evidence.errors import EvidenceError
from evidence.statements import dsse, event
from evidence.statements import statement as statements
from evidence.statements.statement import Statement
from server.clients import memory
from server.clients.errors import DistrustError, FolderError
from server.clients.pins import Certificate, Pins, one_of

SUFFIX: Final = ".json"


@dataclass(frozen=True)
class Receipted:
    """A receipt that holds: what it says, the event that it is about, and the file to keep."""

    receipt: event.Receipt
    recorded: event.Recorded
    document: Mapping[str, Any]


def check(
    pins: Pins, certificates: Mapping[ids.KeyId, Certificate], answer: object, statement: ids.Sha256
) -> Receipted:
    """Return the receipt in the server's answer to a statement, when it proves that the server stored it.

    `answer` is `{"receipt": DSSE, "event": base64, "salt": hex}`. It holds when a server key that the pinned root
    certified signed it for the log in which this event stands, the event contains this very statement, and salt and
    event give the leaf.

    Raises:
        DistrustError: it does not hold; the statement counts as not arrived.
    """
    try:
        if not isinstance(answer, dict):
            raise DistrustError("The server's answer is no receipt.")
        envelope = dsse.from_json(answer.get("receipt"), dsse.RECEIPT_TYPE)
        server = one_of(certificates, "server", envelope.signatures[0].keyid)
        stored = canonical.unb64(answer.get("event"))
        salt = bytes.fromhex(ids.hex_text(answer.get("salt"), 32))
        origin = pins.line.of_event(event.parse(stored).index).origin
        receipt = event.check(envelope, stored, salt, statement=statement, origin=origin, server=server.sign)
    except EvidenceError as error:
        raise DistrustError(f"The receipt does not hold: {error}. It counts as not arrived.") from error
    document = {
        "receipt": envelope.to_json(),
        "event": answer["event"],
        "salt": answer["salt"],
        "server_key": server.envelope.to_json(),
    }
    return Receipted(receipt, _recorded(receipt, stored, salt), document)


def check_stored(
    pins: Pins, certificates: Mapping[ids.KeyId, Certificate], answer: object, author: bytes
) -> tuple[Receipted, Statement]:
    """Return a statement that a refusal shows, with its receipt, when `author` (Ed25519, 32 bytes) signed it.

    Raises:
        DistrustError: the statement or its receipt does not hold; the server's word alone moves nothing.
    """
    try:
        if not isinstance(answer, dict):
            raise DistrustError("The server names no statement.")
        statement = event.parse(canonical.unb64(answer.get("event"))).statement
        if not statements.is_signed_by(statement, author):
            raise DistrustError("The statement in the server's answer is signed by another key.")
    except EvidenceError as error:
        raise DistrustError(f"The statement in the server's answer does not hold: {error}.") from error
    return check(pins, certificates, answer, statement.id), statement


def check_erased(
    pins: Pins, certificates: Mapping[ids.KeyId, Certificate], receipt: str, statement: ids.Sha256
) -> event.Receipt:
    """Return the receipt (DSSE, base64) of a statement that arrived and was erased since; event and salt are no more.

    Raises:
        DistrustError: it does not hold; nothing may be forgotten because a server says "erased".
    """
    try:
        envelope = dsse.parse(canonical.unb64(receipt), dsse.RECEIPT_TYPE)
        server = one_of(certificates, "server", envelope.signatures[0].keyid)
        dsse.verify(envelope, {envelope.signatures[0].keyid: server.sign})
        payload = schema.decode(event.Receipt, canonical.decode_exact(envelope.body))
        if (payload.statement, payload.log) != (statement, pins.line.of_event(payload.index).origin):
            raise DistrustError("The receipt speaks of another statement or log.")
    except EvidenceError as error:
        raise DistrustError(f"The receipt does not hold: {error}. It counts as not arrived.") from error
    return payload


@dataclass(frozen=True)
class Kept:
    """A receipt in a folder, by the name under which it was kept."""

    name: str
    path: Path
    recorded: event.Recorded
    proven: bool


@dataclass(frozen=True)
class Receipts:
    """A folder of receipts."""

    folder: Path

    def has(self, name: str) -> bool:
        """Whether there is a receipt under this name."""
        return self._path(name).exists()

    def keep(self, name: str, receipted: Receipted) -> None:
        """Make a receipt durable under this name."""
        memory.make_folder(self.folder)
        memory.write_json(self._path(name), receipted.document)

    def add_proof(self, kept: Kept, proof: bytes) -> None:
        """Keep the log's proof with a receipt (a `.tlog-proof` text, checked before)."""
        memory.write_json(kept.path, {**memory.read_json(kept.path), "proof": canonical.b64(proof)})

    def __iter__(self) -> Iterator[Kept]:
        """Yield every receipt in the order of the journal.

        Raises:
            FolderError: one is damaged.
        """
        yield from sorted(map(_read, self.folder.glob(f"*{SUFFIX}")), key=lambda kept: kept.recorded.index)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"


def _read(path: Path) -> Kept:
    """Read one kept receipt; it was checked when it came."""
    document = memory.read_json(path)
    try:
        stored = canonical.unb64(document["event"])
        salt = bytes.fromhex(document["salt"])
        payload = canonical.decode_exact(dsse.from_json(document["receipt"], dsse.RECEIPT_TYPE).body)
        parsed = event.parse(stored)
        recorded = event.Recorded(
            parsed.index, parsed.received_at, parsed.statement.id, stored, salt, bytes.fromhex(payload["leaf"])
        )
    except (KeyError, TypeError, ValueError, EvidenceError) as error:
        raise FolderError(f"The receipt {path} is damaged.") from error
    return Kept(path.stem, path, recorded, "proof" in document)


def _recorded(receipt: event.Receipt, stored: bytes, salt: bytes) -> event.Recorded:
    return event.Recorded(
        receipt.index, receipt.received_at, receipt.statement, stored, salt, bytes.fromhex(receipt.leaf)
    )

"""Receipts, the server's answer to a statement: receipt, event and salt (`docs/formats/receipt.md`)."""

from evidence import canonical
from evidence.statements import event
from evidence.statements import tombstone as tombstones
from evidence.statements.event import Recorded
from evidence.statements.tombstone import Tombstone
from server.services import Services
from server.statements.shapes import Dsse, ReceiptAnswer


def erased_receipt(services: Services, tombstone: Tombstone) -> str:
    """Return the receipt of an event that was destroyed (DSSE, base64); event and salt are no more."""
    origin = services.log.origin_of(tombstone.index)
    return canonical.b64(tombstones.receipt(services.identity, origin, tombstone).to_bytes())


def answer(services: Services, recorded: Recorded) -> ReceiptAnswer:
    """Return the answer about a stored event: the same one, however often it is asked for."""
    receipt = event.issue(services.identity, services.log.origin_of(recorded.index), recorded)
    return ReceiptAnswer(
        receipt=Dsse.model_validate(receipt.to_json()),
        event=canonical.b64(recorded.event),
        salt=recorded.salt.hex(),
    )

"""Receipts, the server's answer to a statement: receipt, event and salt (`docs/formats/receipt.md`)."""

from dataclasses import dataclass

from evidence import canonical, keys
from evidence.statements import event
from evidence.statements import tombstone as tombstones
from evidence.statements.event import Recorded
from evidence.statements.tombstone import Tombstone
from server.log.keeper import LogKeeper
from server.statements.shapes import ReceiptAnswer


@dataclass(frozen=True, slots=True)
class Receipts:
    """Receipts under the server's own key, about events of the logs that `log` keeps."""

    identity: keys.SigningKey
    log: LogKeeper

    def of(self, recorded: Recorded) -> ReceiptAnswer:
        """Return the answer about a stored event: the same one, however often it is asked for."""
        return ReceiptAnswer.model_validate_json(self.written(recorded))

    def written(self, recorded: Recorded) -> bytes:
        """Return the JSON of `of`, made directly."""
        receipt = event.issue(self.identity, self.log.origin_of(recorded.index), recorded).to_bytes()
        given = (receipt, canonical.b64(recorded.event).encode(), recorded.salt.hex().encode())
        return b'{"receipt":%b,"event":"%b","salt":"%b"}' % given

    def of_erased(self, tombstone: Tombstone) -> str:
        """Return the receipt of an event that was destroyed (DSSE, base64); event and salt are no more."""
        origin = self.log.origin_of(tombstone.index)
        return canonical.b64(tombstones.receipt(self.identity, origin, tombstone).to_bytes())

"""What the server answers to a statement: receipt, event and salt (`docs/formats/receipt.md`)."""

from pydantic import BaseModel, ConfigDict

from evidence import canonical
from evidence.statements import event
from evidence.statements import tombstone as tombstones
from evidence.statements.event import Recorded
from evidence.statements.tombstone import Tombstone
from server.services import Services


class Dsse(BaseModel):
    """A DSSE envelope."""

    payload: str
    payloadType: str  # noqa: N815 - the member's name is set by the DSSE specification
    signatures: list[dict[str, str]]


class ReceiptAnswer(BaseModel):
    """The server's signed promise, the exact event bytes (base64), and the salt of its leaf (hexadecimal)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "receipt": {
                    "payload": "eyJieSI6Ii4uLiJ9",
                    "payloadType": "application/vnd.getuige.receipt.v1+json",
                    "signatures": [{"keyid": "5f…", "sig": "…"}],
                },
                "event": "eyJkc3NlIjp7fX0=",
                "salt": "00" * 32,
            }
        }
    )

    receipt: Dsse
    event: str
    salt: str


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

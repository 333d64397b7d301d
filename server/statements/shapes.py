"""The JSON of statements and of what the server answers to one (`docs/formats/receipt.md`)."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from server.problems import domains

MAX_TOGETHER: Final = 100
"""Statements in one batch: the commit is long shared by then, and nobody waits for more than a moment behind it."""

STATEMENT_EXAMPLE: Final = {
    "payload": "eyJhdCI6Ii4uLiJ9",
    "payloadType": "application/vnd.getuige.statement.v1+json",
    "signatures": [{"keyid": "5f…", "sig": "…"}],
}
REFUSALS: Final = (
    domains.STATEMENT,
    domains.STATEMENT_SIGNATURE,
    domains.NOT_ALLOWED,
    domains.SIGNER,
    domains.CHAIN,
    domains.SEEN,
    domains.EXISTS,
    domains.UNKNOWN_OUTCOME,
    domains.ERASED,
    domains.UNJUDGED,
)


class Dsse(BaseModel):
    """A DSSE envelope."""

    payload: str
    payloadType: str  # noqa: N815 - the member's name is set by the DSSE specification
    signatures: list[dict[str, str]]


BATCH_SCHEMA: Final = {"type": "array", "items": Dsse.model_json_schema(), "minItems": 1, "maxItems": MAX_TOGETHER}


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


class BatchAnswer(BaseModel):
    """The answers to the statements of a batch, in its order."""

    receipts: list[ReceiptAnswer]


class LastAnswer(BaseModel):
    """The number and id of the last statement of a key that numbers its own; nothing of either when it said none yet.

    `stored` is that statement, with its receipt; absent when it was erased.
    """

    seq: int | None
    statement: str | None
    stored: ReceiptAnswer | None

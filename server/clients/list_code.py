"""The QR code of a list: what her vault signed, for a phone that shall not wait for the server to tell it.

A server can hold a newer list back; a phone that reads it from her vault's screen has it. It is text:
`getuige-list-1?p=…&s=…` with the statement's payload (zlib) and her vault's signature (64 bytes), in base64url without
padding. It holds no name and no key that opens anything. A phone believes it by the vault that its invitation pinned.
"""

import io
import zlib
from typing import Final
from urllib.parse import parse_qs, urlencode

from evidence import canonical, ids
from evidence.errors import EvidenceError
from evidence.statements import dsse
from evidence.statements import statement as statements
from evidence.statements.statement import Statement
from server.clients.errors import ClientError
from server.clients.invitation import from_text, to_text

PREFIX: Final = "getuige-list-1?"

MAX_TEXT_CHARACTERS: Final = 2953
"""What a QR code holds at its most (version 40, level L): eight readers and a rescue key have 2,900. Readers alone have
about 1,300, which a camera reads at once; with a rescue key it wants a large screen and a still hand."""

MAX_PAYLOAD_BYTES: Final = 8192
"""A list of eight readers with some kinds each has under 4,000; what unpacks to more is none."""


class ListCodeError(ClientError):
    """The text is no list, or a part of it was lost."""


def text_of(statement: Statement) -> str:
    """Return the payload of the QR code of a list."""
    own = next(one.sig for one in statement.envelope.signatures if one.keyid == statement.by)
    members = {"p": zlib.compress(statement.envelope.body, 9), "s": canonical.unb64(own)}
    return PREFIX + urlencode({name: to_text(value) for name, value in members.items()})


def terminal_qr(text: str) -> str:
    """Return the QR code as block characters for a terminal."""
    import segno  # noqa: PLC0415 - most commands draw nothing

    out = io.StringIO()
    segno.make(text, error="l", boost_error=False).terminal(out, border=2, compact=True)
    return out.getvalue()


def parse(text: str) -> Statement:
    """Read the payload of a QR code; who signed it is checked by whoever takes it (`PhoneLists.scan`).

    Raises:
        ListCodeError: it is something else, or damaged.
    """
    text = text.strip()
    if not text.startswith(PREFIX) or len(text) > MAX_TEXT_CHARACTERS:
        raise ListCodeError(f"This is no list: it must begin with {PREFIX}")
    try:
        members = parse_qs(text.removeprefix(PREFIX), strict_parsing=True, max_num_fields=2)
        (packed,), (signature,) = members["p"], members["s"]
        unpacker = zlib.decompressobj()
        payload = unpacker.decompress(from_text(packed), MAX_PAYLOAD_BYTES)
        if not unpacker.eof or unpacker.unused_data:
            raise ListCodeError("The list is damaged: scan it once more.")
        by = ids.KeyId(ids.hex_text(canonical.decode_exact(payload)["by"], 16))
        one = dsse.Signature(by, ids.Base64(canonical.b64(from_text(signature, 64))))
        return statements.from_envelope(dsse.Envelope(ids.Base64(canonical.b64(payload)), dsse.STATEMENT_TYPE, (one,)))
    except (KeyError, TypeError, ValueError, zlib.error, EvidenceError) as error:
        raise ListCodeError("The list is damaged: scan it once more.") from error

"""The invitation that a phone scans at intake: who to talk to, whom to trust, and a one-time key.

It is text for a QR code: `getuige-invite-1?` and form-encoded members. `u` address of the server, `c` case,
`v` SHA-256 of her vault's signing key and the case's X-Wing key (too long for the code: both are fetched), `n` the
number of the standing list at that moment (a lower one is not believed), `r` root key (Ed25519), `p` SHA-256 of the
trust policy, `i` seed of the one-time key; 16 or 32 bytes each in base64url without padding. Whoever reads it may enrol
one phone until it expires, so it is shown once, on paper or screen, and never sent.
"""

import base64
import binascii
import io
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from evidence import ids, keys
from server.clients.errors import ClientError

PREFIX: Final = "getuige-invite-1?"

MAX_TEXT_CHARACTERS: Final = 1024
"""Our own has about 350; a QR code that a tired phone camera reads from paper holds no more than this."""

_SIZES: Final = {"c": 16, "v": 32, "r": 32, "p": 32, "i": 32}


_NUMBER: Final = re.compile("0|[1-9][0-9]{0,8}")


class InvitationError(ClientError):
    """The text is no invitation, or a part of it was lost."""


@dataclass(frozen=True)
class Invitation:
    """What the QR code says. `seed` (32 bytes) is secret: it signs one enrolment."""

    url: str
    case: ids.CaseId
    vault_sha256: ids.Sha256
    list_number: int
    root: bytes
    policy_sha256: str
    seed: bytes = field(repr=False)

    @property
    def key(self) -> keys.SigningKey:
        """The one-time key as a signer."""
        return keys.SigningKey(self.seed)

    def text(self) -> str:
        """Return the payload of the QR code."""
        members = {
            "c": bytes.fromhex(self.case),
            "v": bytes.fromhex(self.vault_sha256),
            "r": self.root,
            "p": bytes.fromhex(self.policy_sha256),
            "i": self.seed,
        }
        encoded = {name: to_text(value) for name, value in members.items()}
        return PREFIX + urlencode({"u": self.url, "n": self.list_number, **encoded}, safe=":/")

    def terminal_qr(self) -> str:
        """Return the QR code as block characters for a terminal (error correction level L: it is close by)."""
        import segno  # noqa: PLC0415 - most commands draw nothing

        out = io.StringIO()
        segno.make(self.text(), error="l", boost_error=False).terminal(out, border=2, compact=True)
        return out.getvalue()

    @staticmethod
    def parse(text: str) -> "Invitation":
        """Read the payload of a QR code.

        Raises:
            InvitationError: it is something else, or damaged.
        """
        text = text.strip()
        if not text.startswith(PREFIX) or len(text) > MAX_TEXT_CHARACTERS:
            raise InvitationError(f"This is no invitation: it must begin with {PREFIX}")
        try:
            members = parse_qs(text.removeprefix(PREFIX), strict_parsing=True, max_num_fields=len(_SIZES) + 2)
            values = {name: _one(members[name], size) for name, size in _SIZES.items()}
            (url,), (number,) = members["u"], members["n"]
            if not _NUMBER.fullmatch(number):
                raise ValueError("no number")
            server = urlsplit(url)
        except (KeyError, ValueError, binascii.Error) as error:
            raise InvitationError("The invitation is damaged: scan it once more.") from error
        if server.scheme not in ("http", "https") or not server.hostname:
            raise InvitationError("The invitation does not name a server.")
        return Invitation(
            url,
            ids.CaseId(values["c"].hex()),
            ids.Sha256(values["v"].hex()),
            int(number),
            values["r"],
            values["p"].hex(),
            values["i"],
        )


def to_text(value: bytes) -> str:
    """Return bytes as a QR code of ours holds them: base64url without padding."""
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _one(found: list[str], size: int) -> bytes:
    (text,) = found
    return from_text(text, size)


def from_text(text: str, size: int | None = None) -> bytes:
    """Read bytes of a QR code of ours; ValueError for another spelling, or when they are not `size` bytes."""
    value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if (
        size not in {None, len(value)} or to_text(value) != text
    ):  # Python's decoder takes the other alphabet and stray bits, too
        raise ValueError("wrong size, or another spelling")
    return value

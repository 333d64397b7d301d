"""Trust anchors: what a verifier believes before it looks at a bundle. They travel apart from the evidence.

A folder: `root.pub` (the organisation's root: 64 hexadecimal characters, a space, its label), `policy` (C2SP
tlog-policy: log key, witnesses, quorum) and `tsa-roots.pem` (roots of the time stamp authorities).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import ids
from evidence.custody.policy import Policy
from evidence.errors import EvidenceError

ROOT: Final = "root.pub"
POLICY: Final = "policy"
TSA_ROOTS: Final = "tsa-roots.pem"
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class TrustError(EvidenceError):
    """The folder with trust anchors is incomplete, malformed, or lies inside the evidence."""


@dataclass(frozen=True)
class Anchors:
    """The organisation's root key (Ed25519, 32 bytes) and label, who must have signed heads, and TSA roots (PEM)."""

    root: bytes
    label: str
    policy: Policy
    tsa_roots: tuple[bytes, ...]


def load(folder: Path, evidence: Path | None = None) -> Anchors:
    """Read the anchors in `folder`; TrustError if it lies inside `evidence`, or is not complete.

    Whoever made a bundle can put anchors into it that fit: such anchors prove nothing.
    """
    if evidence is not None and folder.resolve().is_relative_to(evidence.resolve()):
        raise TrustError("the trust anchors lie inside the evidence: anchors from there prove nothing")
    try:
        root_line = (folder / ROOT).read_text().strip()
        policy = Policy.parse((folder / POLICY).read_text())
        pem = (folder / TSA_ROOTS).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise TrustError(f"{folder} does not hold {ROOT}, {POLICY} and {TSA_ROOTS}") from error
    public, _, label = root_line.partition(" ")
    return Anchors(bytes.fromhex(ids.hex_text(public, 32)), label, policy, tuple(split_pem(pem)))


def split_pem(text: str) -> list[bytes]:
    """Return the certificates in a PEM file, one by one."""
    blocks = text.split(_BEGIN)[1:]
    return [f"{_BEGIN}{block.partition(_END)[0]}{_END}\n".encode() for block in blocks]


def root_line(public: bytes, label: str) -> str:
    """Return the text of `root.pub`."""
    return f"{public.hex()} {label}\n"

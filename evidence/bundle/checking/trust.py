"""Trust anchors: what a verifier believes before it looks at a bundle. They travel apart from the evidence.

A folder: `root.pub` (the organisation's root: 64 hexadecimal characters, a space, its label), `policy` (C2SP
tlog-policy: log key, witnesses, quorum) and `tsa-roots.pem` (roots of the time stamp authorities). Once the log's key
was rotated also `rotations.json`: the root's statements about it, a JSON array of DSSE envelopes, oldest first. Where
more than one authority must vouch also `tsa-policy` (`evidence.custody.time.tsa_policy`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import canonical, ids
from evidence.custody.errors import SuccessionError
from evidence.custody.succession.lineage import Lineage
from evidence.custody.time import tsa_policy
from evidence.custody.time.tsa_policy import TrustedTsas, TsaPolicy
from evidence.custody.witnessing.policy import Policy
from evidence.errors import EvidenceError, FormatError
from evidence.statements import dsse, rotation
from evidence.statements.bodies import LogRotate

ROOT: Final = "root.pub"
POLICY: Final = "policy"
TSA_ROOTS: Final = "tsa-roots.pem"
TSA_POLICY: Final = "tsa-policy"
"""Optional: without it every root is an authority of its own, and none of them must vouch."""

ROTATIONS: Final = "rotations.json"
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class TrustError(EvidenceError):
    """The folder with trust anchors is incomplete, malformed, or lies inside the evidence."""


@dataclass(frozen=True)
class Anchors:
    """The organisation's root key (Ed25519, 32 bytes) and label, who must have signed heads, and who stamps them.

    `rotations` are those of the log's key that the root signed; the policy's first log is where the line begins.
    """

    root: bytes
    label: str
    policy: Policy
    tsas: TrustedTsas
    rotations: tuple[LogRotate, ...] = ()

    def line(self, more: Iterable[LogRotate] = ()) -> Lineage:
        """Return the line of logs, with `more` rotations that the root signed.

        Raises:
            SuccessionError: the rotations make no line, or the policy names a log that no rotation explains: somebody
                holds one back, and what an old key signs after it would be believed.
            CustodyError: see `rotation.follow`.
        """
        return complete_line(self.policy, (*self.rotations, *more))

    def known_line(self) -> Lineage:
        """Return the line as the policy's first log and the known rotations make it, even if one is missing."""
        return rotation.follow(self.policy.logs[0], self.rotations)


def load(folder: Path, evidence: Path | None = None) -> Anchors:
    """Read the anchors in `folder`; TrustError if it or one of its files lies inside `evidence`, or is not complete.

    Whoever made a bundle can put anchors into it that fit: such anchors prove nothing, also through a link.
    """
    if evidence is not None and _lies_inside(folder, evidence):
        raise TrustError("the trust anchors lie inside the evidence: anchors from there prove nothing")
    try:
        root_line = (folder / ROOT).read_text().strip()
        policy = Policy.parse((folder / POLICY).read_text())
        tsas = read_tsas(folder)
    except (OSError, UnicodeDecodeError) as error:
        raise TrustError(f"{folder} does not hold {ROOT}, {POLICY} and {TSA_ROOTS}") from error
    public, _, label = root_line.partition(" ")
    root = bytes.fromhex(ids.hex_text(public, 32))
    if not policy.logs:
        raise TrustError(f"{POLICY} names no log")
    rotations = read_rotations(folder, root)
    rotation.follow(policy.logs[0], rotations)
    return Anchors(root, label, policy, tsas, rotations)


def _lies_inside(folder: Path, evidence: Path) -> bool:
    bundle = evidence.resolve()
    everything = (folder, *(folder.iterdir() if folder.is_dir() else ()))
    return any(path.resolve().is_relative_to(bundle) for path in everything)


def read_tsas(folder: Path) -> TrustedTsas:
    """Return the time stamp authorities that a folder trusts.

    Raises:
        TsaPolicyError: a certificate or the policy cannot be used.
        OSError, UnicodeDecodeError: the roots cannot be read.
    """
    roots = split_pem((folder / TSA_ROOTS).read_text())
    policy = folder / TSA_POLICY
    return TsaPolicy.parse(policy.read_text()).with_roots(roots) if policy.exists() else tsa_policy.of_roots(roots)


def complete_line(policy: Policy, rotations: Sequence[LogRotate]) -> Lineage:
    """Return the line of logs that a policy and the root's rotations make; see `Anchors.line`."""
    if not policy.logs:
        raise SuccessionError("the policy names no log")
    line = rotation.follow(policy.logs[0], rotations)
    for log in policy.logs:
        if all(log != era.key for era in line.eras):
            raise SuccessionError(f"the policy names {log.name}, and no rotation that the root signed leads to it")
    return line


def read_rotations(folder: Path, root: bytes) -> tuple[LogRotate, ...]:
    """Read the root's rotations in a trust folder; none when there is no such file.

    Raises:
        TrustError: the file holds something else, or the root did not sign one of them.
    """
    try:
        documents = canonical.decode((folder / ROTATIONS).read_bytes())
        if not isinstance(documents, list):
            raise FormatError("not a list")
        return rotation.read(documents, root)
    except FileNotFoundError:
        return ()
    except (OSError, EvidenceError) as error:
        raise TrustError(f"{folder / ROTATIONS} does not hold rotations that the root signed: {error}") from error


def rotations_text(envelopes: Iterable[dsse.Envelope]) -> bytes:
    """Return the bytes of `rotations.json`."""
    return canonical.encode([envelope.to_json() for envelope in envelopes]) + b"\n"


def split_pem(text: str) -> list[bytes]:
    """Return the certificates in a PEM file, one by one."""
    blocks = text.split(_BEGIN)[1:]
    return [f"{_BEGIN}{block.partition(_END)[0]}{_END}\n".encode() for block in blocks]


def root_line(public: bytes, label: str) -> str:
    """Return the text of `root.pub`."""
    return f"{public.hex()} {label}\n"

"""The policy of time stamp authorities: which are trusted, under which roots, and how many must vouch. Pure.

A text file that travels with the other trust anchors, in the manner of c2sp.org/tlog-policy:

    tsa kpn     6f1c…e2 https://tsa.kpn.example/tsr
    tsa police  0b42…91,77aa…03 https://tsa.politie.example/tsr
    until kpn 2031-01-01T00:00:00Z
    quorum 2

A `tsa` line names the SHA-256 of each root certificate (DER) under which that authority's tokens are believed; the
certificates themselves stand in `tsa-roots.pem`. The address is for whoever asks for tokens. `until` ends the belief
in an authority's tokens on a day, whatever its certificates say: an algorithm weakened, a key was lost.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from evidence import ids
from evidence.custody.errors import TsaPolicyError
from evidence.errors import FormatError

MAX_POLICY_BYTES: Final = 64 * 1024
"""`MAX_TSAS` of the longest lines, with as much again for comments."""

MAX_TSAS: Final = 16
"""Each head is stamped by all of them: more would cost without proving more."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}", re.ASCII)
"""Safe in a file name, and without the dot that separates it from the suffix."""

_NUMBER: Final = re.compile(r"0|[1-9][0-9]?", re.ASCII)


@dataclass(frozen=True)
class Tsa:
    """One authority: its name, the SHA-256 of its roots, where it is asked, and until when it is believed."""

    name: str
    roots: frozenset[str]
    url: str | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class TrustedTsa:
    """An authority with its root certificates (PEM) at hand. `name` is empty where no policy named it."""

    name: str
    roots: tuple[bytes, ...] = field(repr=False)
    until: datetime | None = None


@dataclass(frozen=True)
class TrustedTsas:
    """All authorities that are believed, and how many must vouch for an event (0: a token is welcome, not demanded)."""

    tsas: tuple[TrustedTsa, ...]
    quorum: int = 0


@dataclass(frozen=True)
class TsaPolicy:
    """A parsed policy file."""

    tsas: tuple[Tsa, ...]
    quorum: int

    @classmethod
    def parse(cls, text: str) -> "TsaPolicy":
        """Return the policy in a file.

        Raises:
            TsaPolicyError: the text names the line that does not follow the form above.
        """
        if len(text.encode()) > MAX_POLICY_BYTES:
            raise TsaPolicyError(f"a TSA policy has at most {MAX_POLICY_BYTES} bytes")
        tsas: dict[str, Tsa] = {}
        quorum: int | None = None
        for line in text.splitlines():
            match line.split():
                case []:
                    continue
                case [comment, *_] if comment.startswith("#"):
                    continue
                case ["tsa", name, roots, *url] if len(url) <= 1:
                    if name in tsas or len(tsas) == MAX_TSAS:
                        raise TsaPolicyError(f"{name} is named twice, or is one more than {MAX_TSAS}")
                    tsas[name] = _tsa(name, roots, url[0] if url else None)
                case ["until", name, at] if name in tsas and tsas[name].until is None:
                    tsas[name] = replace(tsas[name], until=_moment(at))
                case ["quorum", number] if quorum is None and _NUMBER.fullmatch(number):
                    quorum = int(number)
                case _:
                    raise TsaPolicyError(f"this line of the TSA policy is not understood: {line[:80]!r}")
        if not tsas or quorum is None or quorum > len(tsas):
            raise TsaPolicyError("a TSA policy names authorities, and a quorum of at most all of them")
        _check_shared(tuple(tsas.values()))
        return cls(tuple(tsas.values()), quorum)

    def with_roots(self, roots: Sequence[bytes]) -> TrustedTsas:
        """Return the authorities with their certificates out of `roots` (PEM, one each).

        Raises:
            TsaPolicyError: a root that the policy names is not among them.
        """
        by_hash = {fingerprint(pem): pem for pem in roots}
        try:
            trusted = tuple(
                TrustedTsa(tsa.name, tuple(by_hash[one] for one in sorted(tsa.roots)), tsa.until) for tsa in self.tsas
            )
        except KeyError as error:
            raise TsaPolicyError(f"no certificate has the SHA-256 {error.args[0]} that the TSA policy names") from None
        return TrustedTsas(trusted, self.quorum)


def of_roots(roots: Sequence[bytes]) -> TrustedTsas:
    """Return what is trusted where no policy says more: each root is an authority of its own, and one must vouch."""
    return TrustedTsas(tuple(TrustedTsa("", (pem,)) for pem in roots), min(1, len(roots)))


def fingerprint(pem: bytes) -> str:
    """Return SHA-256 of a PEM certificate's DER as hexadecimal, as `openssl x509 -fingerprint -sha256` knows it.

    Raises:
        TsaPolicyError: it is no certificate.
    """
    try:
        return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex()
    except ValueError as error:
        raise TsaPolicyError("a trusted root is no PEM certificate") from error


def _tsa(name: str, roots: str, url: str | None) -> Tsa:
    if _NAME.fullmatch(name) is None:
        raise TsaPolicyError(f"{name[:40]!r} is no name for an authority: letters, digits and hyphens")
    try:
        found = frozenset(ids.hex_text(one, 32) for one in roots.split(","))
    except FormatError as error:
        raise TsaPolicyError(f"{name}: a root is named by its SHA-256, 64 hexadecimal digits") from error
    if url is not None and not _is_address(url):
        raise TsaPolicyError(f"{name}: the address is not an http:// or https:// one")
    return Tsa(name, found, url)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # of an IPv6 address that is none
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise TsaPolicyError(f"{text[:40]!r} is no time like 2031-01-01T00:00:00Z") from error


def _check_shared(tsas: Sequence[Tsa]) -> None:
    """Two authorities under one root would be one that counts twice."""
    seen: set[str] = set()
    for tsa in tsas:
        if seen & tsa.roots:
            raise TsaPolicyError(f"{tsa.name} shares a root with another authority, so they would count as two")
        seen |= tsa.roots

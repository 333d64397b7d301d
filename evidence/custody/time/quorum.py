"""The quorum of time stamp authorities over one head: who vouches, and do they agree. Pure.

A token is believed while its signing certificate is in force and the policy believes in its authority. After that it
is believed only when it was renewed in time (`evidence.custody.time.renewal`): whoever finds the key of an expired
certificate can make tokens of any time, but not one that a living authority has covered years before.

Tokens over one head are asked for side by side, so their times agree. Where they do not, a clock was wrong: a majority
outvotes it, and without one nobody can say which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from evidence.custody.errors import CustodyError, TimestampError
from evidence.custody.time import renewal
from evidence.custody.time.timestamp import TimestampInfo, verify_token
from evidence.custody.time.tsa_policy import MAX_TSAS, TrustedTsa, TrustedTsas

AGREE_WITHIN: Final = timedelta(seconds=60)
"""On top of the stated accuracies: authorities are asked at once and answer within seconds; a minute forgives much."""

MAX_TOKENS: Final = 2 * MAX_TSAS
"""Tokens over one digest that are looked at; the policy has at most `MAX_TSAS` authorities."""


class Kept(Protocol):
    """Where tokens and renewals are: a bundle, or the folder of a log."""

    def tokens(self, digest: bytes) -> Sequence[bytes]:
        """Return the tokens over a SHA-256 digest."""
        ...

    def renewal(self, token: bytes) -> bytes | None:
        """Return the proof file of the renewal that covers a token, if there is one."""
        ...


@dataclass(frozen=True)
class Vouched:
    """One authority's word on a digest. `renewed` are the times of the renewals that carry it on."""

    tsa: str
    info: TimestampInfo
    renewed: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Judged:
    """The tokens over one digest: believed, expired without a renewal in time, and why others do not hold at all."""

    vouched: tuple[Vouched, ...]
    expired: tuple[Vouched, ...]
    bad: tuple[str, ...]


@dataclass(frozen=True)
class Settled:
    """Authorities that agree, those that a majority outvotes, and whether there is no majority at all."""

    agreed: tuple[Vouched, ...]
    outvoted: tuple[Vouched, ...]
    torn: bool

    @property
    def gap(self) -> timedelta:
        """How far the times of all of them lie apart."""
        times = [one.info.time for one in (*self.agreed, *self.outvoted)]
        return max(times) - min(times) if times else timedelta()


def identify(token: bytes, digest: bytes, trusted: TrustedTsas) -> tuple[TrustedTsa, TimestampInfo]:
    """Return whose token this is and what it says.

    Raises:
        TimestampError: it holds under the roots of none of the authorities; the text is the last one's reason.
    """
    reason: TimestampError | None = None
    for tsa in trusted.tsas:
        try:
            return tsa, verify_token(token, digest, tsa.roots)
        except TimestampError as error:
            reason = error
    raise reason or TimestampError("no time stamp authority is trusted")


def judge(digest: bytes, kept: Kept, trusted: TrustedTsas, now: datetime) -> Judged:
    """Return what the tokens over `digest` are worth at `now`. Of one authority the earliest believed token counts."""
    vouched: dict[str, Vouched] = {}
    expired: dict[str, Vouched] = {}
    bad: list[str] = []
    for token in kept.tokens(digest)[:MAX_TOKENS]:
        try:
            tsa, info = identify(token, digest, trusted)
            renewed = _carried(token, tsa, info, kept, trusted, now, renewal.MAX_ROUNDS)
        except CustodyError as error:
            bad.append(str(error))
            continue
        name = tsa.name or info.tsa_name
        found, held = (expired, ()) if renewed is None else (vouched, renewed)
        if name not in found or info.time < found[name].info.time:
            found[name] = Vouched(name, info, held)
    stale = tuple(one for name, one in expired.items() if name not in vouched)
    return Judged(tuple(vouched.values()), stale, tuple(bad))


def expires(tsa: TrustedTsa, info: TimestampInfo) -> datetime:
    """Return until when a token of this authority is believed without a renewal."""
    return info.expires if tsa.until is None else min(info.expires, tsa.until)


def settle(vouched: Sequence[Vouched]) -> Settled:
    """Find the largest group of authorities whose times agree pairwise."""
    row = sorted(vouched, key=lambda one: one.info.time)
    best: list[Vouched] = []
    for start, first in enumerate(row):
        group = [one for one in row[start:] if _agree(first, one)]
        if len(group) > len(best):
            best = group
    torn = 2 * len(best) <= len(row) and len(best) < len(row)
    return Settled(tuple(best), tuple(one for one in row if one not in best), torn)


def _agree(earlier: Vouched, later: Vouched) -> bool:
    slack = sum((one.info.accuracy or timedelta() for one in (earlier, later)), AGREE_WITHIN)
    return later.info.time - earlier.info.time <= slack


def _carried(
    token: bytes,
    tsa: TrustedTsa,
    info: TimestampInfo,
    kept: Kept,
    trusted: TrustedTsas,
    now: datetime,
    rounds: int,
) -> tuple[datetime, ...] | None:
    """Return the times of the renewals by which a token is still believed at `now` (none are needed: empty).

    None when it has expired. ProofError or FormatError when a renewal is there and does not hold.
    """
    proof = kept.renewal(token)
    stamped = None if proof is None else renewal.verify(proof, token)
    end = expires(tsa, info)
    if now <= end:
        return ()
    if stamped is None or rounds == 0:
        return None
    for newer in kept.tokens(stamped)[:MAX_TOKENS]:
        try:
            by, said = identify(newer, stamped, trusted)
        except TimestampError:
            continue
        if not info.time <= said.latest <= end:
            continue
        further = _carried(newer, by, said, kept, trusted, now, rounds - 1)
        if further is not None:
            return (said.time, *further)
    return None

"""Renewals of time stamps on the disk, and when they are due (`evidence.custody.time.renewal` says what they are).

`renewals/<n>.tokens` holds the SHA-256 of each renewed token, `<n>.head` the text that was stamped, `<n>.<name>.tsr`
the new tokens. They are written in this order: a renewal counts from its first token on, and one that was cut short
before is made anew under the next number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from evidence import files
from evidence.custody.errors import TimestampError
from evidence.custody.log.merkle import HASH_BYTES
from evidence.custody.time import quorum, renewal
from evidence.custody.time.tsa_policy import TrustedTsas

if TYPE_CHECKING:
    from server.timestamps.stamp_folder import StoredTokens
    from server.timestamps.tsa import TsaPanel

RENEW_WITHIN: Final = timedelta(days=90)
"""Before a certificate expires: time enough to find another authority when this one stops."""

_LOCK: Final = ".lock"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Due:
    """What a renewal would do: tokens that expire soon (`renewal.token_sha256`), and the first of them to expire.

    `lost` expired without a renewal, `living` need none yet.
    """

    entries: tuple[bytes, ...]
    first: datetime | None
    lost: int
    living: int


@dataclass(frozen=True)
class Renewals:
    """The folder with renewals, read once; make a new one to see what was written since."""

    folder: Path

    @cached_property
    def _rounds(self) -> dict[int, renewal.Tree]:
        numbers = sorted({int(path.name.split(".")[0]) for path in self.folder.glob("*.tsr")})
        return {number: renewal.Tree(self._entries(number)) for number in numbers}

    @cached_property
    def _places(self) -> dict[bytes, tuple[int, int]]:
        """Where each token was renewed first."""
        found: dict[bytes, tuple[int, int]] = {}
        for number, tree in self._rounds.items():
            for place, entry in enumerate(tree.entries):
                found.setdefault(entry, (number, place))
        return found

    @cached_property
    def _by_digest(self) -> dict[bytes, int]:
        return {tree.digest: number for number, tree in self._rounds.items()}

    def digests(self) -> Iterable[bytes]:
        """Return what the tokens of renewals are over."""
        return self._by_digest

    def tokens(self, digest: bytes) -> list[bytes]:
        """Return the tokens over the head of a renewal."""
        number = self._by_digest.get(digest)
        return [] if number is None else [path.read_bytes() for path in sorted(self.folder.glob(f"{number}.*tsr"))]

    def proof(self, token: bytes) -> bytes | None:
        """Return the proof file of the renewal of a token; None when it was not renewed."""
        found = self._places.get(renewal.token_sha256(token))
        if found is None:
            return None
        number, place = found
        return self._rounds[number].proof(place)

    def renewed(self, entry: bytes) -> bool:
        """Say whether the token of an entry (`renewal.token_sha256`) was renewed."""
        return entry in self._places

    def keep(self, tree: renewal.Tree, tokens: Mapping[str, bytes]) -> int:
        """Store a renewal durably; return its number."""
        from server.timestamps.stamp_folder import file_name  # noqa: PLC0415 - that module reads renewals beside heads

        taken = (int(path.name.split(".")[0]) for path in self.folder.glob("[0-9]*"))
        number = max(taken, default=0) + 1
        files.replace(self.folder / f"{number}.tokens", b"".join(tree.entries))
        files.replace(self.folder / f"{number}.head", tree.body)
        for name, token in tokens.items():
            files.replace(self.folder / file_name(str(number), name), token)
        return number

    def _entries(self, number: int) -> list[bytes]:
        data = (self.folder / f"{number}.tokens").read_bytes()
        return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def due(
    stored: "StoredTokens",
    trusted: TrustedTsas,
    now: datetime,
    within: timedelta = RENEW_WITHIN,
    known: dict[bytes, datetime] | None = None,
) -> Due:
    """Find the tokens that expire within a time and were not renewed; those that hold for nobody are left alone.

    `known` remembers when tokens expire from one look to the next: checking a year of them takes minutes.
    """
    known = {} if known is None else known
    found: dict[bytes, datetime] = {}
    lost = living = 0
    for digest, token in stored.everything():
        entry = renewal.token_sha256(token)
        if stored.renewals.renewed(entry):
            continue
        try:
            end = known.get(entry) or quorum.expires(*quorum.identify(token, digest, trusted))
        except TimestampError:
            continue
        known[entry] = end
        if end < now:
            lost += 1
        elif end <= now + within:
            found[entry] = end
        else:
            living += 1
    return Due(tuple(found), min(found.values(), default=None), lost, living)


def renew(folder: Path, wanted: Due, panel: "TsaPanel", trusted: TrustedTsas) -> int | None:
    """Have the tokens that are due covered by one new stamp; return the renewal's number.

    One process at a time: whoever comes second finds nothing left to do (None).

    Raises:
        TimestampError: no authority gave a token that outlives the ones to be renewed.
    """
    files.make_folder(folder)
    with files.locked(folder / _LOCK):
        before = Renewals(folder)
        entries = sorted(entry for entry in wanted.entries if not before.renewed(entry))
        if not entries:
            return None
        tree = renewal.Tree(entries)
        tokens = panel.stamp_all(tree.digest).kept
        ends = [quorum.expires(*quorum.identify(token, tree.digest, trusted)) for token in tokens.values()]
        if wanted.first is not None and max(ends) <= wanted.first:
            raise TimestampError("the new tokens would not outlive the old ones: find another time stamp authority")
        number = before.keep(tree, tokens)
    _log.info("time stamps were renewed", count=len(tree.entries))
    return number

"""Acts about holds and erasures."""

from dataclasses import dataclass
from typing import Literal

from evidence.ids import Base64, ErasureId, HoldId, ItemId, KeyId, Sha256, Time
from evidence.statements.bodies.body import Body


@dataclass(frozen=True)
class HoldPlace(Body):
    """These items are needed: they cannot be erased until the hold is lifted."""

    hold: HoldId
    ground: str
    items: tuple[ItemId, ...]


@dataclass(frozen=True)
class HoldLift(Body):
    """The hold is lifted, by someone of the role that placed it."""

    hold: HoldId


@dataclass(frozen=True)
class EraseRequest(Body):
    """She asks that these items are destroyed. Nothing happens for `evidence.statements.rules.erasure.ERASE_DELAY`."""

    erasure: ErasureId
    items: tuple[ItemId, ...]


@dataclass(frozen=True)
class EraseStep(Body):
    """An erasure is approved by a caseworker, cancelled by her or a caseworker, or executed by the server."""

    erasure: ErasureId


@dataclass(frozen=True)
class Remain:
    """What an erasure could not destroy: where it is, in whose hands, how many, and until when a lock keeps it."""

    where: Literal["read", "export", "object-lock", "database-files"]
    count: int
    who: KeyId | None = None
    until: Time | None = None


@dataclass(frozen=True)
class EraseFinish(Body):
    """The server destroyed what an executed erasure named: bytes and salts of these events, these containers."""

    erasure: ErasureId
    events: tuple[int, ...]
    containers: tuple[Sha256, ...]
    remains: tuple[Remain, ...]


@dataclass(frozen=True)
class EraseRepeat(Body):
    """An erasure that was carried out is carried out again, in a journal that came back from before it.

    `request`, `approve` and `execute` are those statements, whole (DSSE, base64): their signatures decide once more.
    """

    erasure: ErasureId
    items: tuple[ItemId, ...]
    request: Base64
    approve: Base64
    execute: Base64

"""Acts about items: announced, sealed, amended, read, and a card behind glass."""

from dataclasses import dataclass
from typing import Literal

from evidence.ids import Commitment, ItemId, KeyId, Sha256
from evidence.statements.bodies.body import Body


@dataclass(frozen=True)
class Blob:
    """SHA-256 and size in bytes of ciphertext."""

    sha256: Sha256
    size: int


@dataclass(frozen=True)
class Part:
    """One ciphertext part of an item, and the commitment to its plaintext."""

    sha256: Sha256
    size: int
    commitment: Commitment


@dataclass(frozen=True)
class ItemSeal(Body):
    """Something was sealed at once: an incident, a photo, an alarm. The server learns sizes only."""

    item: ItemId
    container: Blob
    head: Blob
    meta: Part
    content: Part | None = None


@dataclass(frozen=True)
class ItemOpen(Body):
    """An item begins to arrive: its signed head is logged before the content, so that a cut recording is evidence."""

    item: ItemId
    head: Blob


@dataclass(frozen=True)
class ItemAmend(Body):
    """A sealed item corrects an earlier one; nothing is overwritten.

    By her vault it is her correction, by staff one of their own papers. What a phone says alone she has not confirmed.
    """

    item: ItemId
    amends: ItemId


@dataclass(frozen=True)
class BreakGlass(Body):
    """A dispatcher opens a card while no alarm is open, and says why."""

    item: ItemId
    reason: str


@dataclass(frozen=True)
class Read(Body):
    """The server is about to hand these items' bytes to a reader."""

    reader: KeyId
    items: tuple[ItemId, ...]
    part: Literal["meta", "content"]

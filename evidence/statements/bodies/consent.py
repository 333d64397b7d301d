"""Acts of consent and what follows from it: proposals, grants, disputes, exports."""

from dataclasses import dataclass
from typing import Literal

from evidence.ids import Base64, DeviceId, DisclosureId, ExportId, GrantId, ItemId, KeyId, Sha256, Time
from evidence.statements.bodies.body import Body


@dataclass(frozen=True)
class GrantedItem:
    """One content key, wrapped to the reader of the grant, and the number of the suite it is wrapped in."""

    item: ItemId
    wrap: Base64
    suite: Literal[2]


@dataclass(frozen=True)
class Grant(Body):
    """Her consent: these items, to this reader, for this purpose, until then."""

    grant: GrantId
    reader: KeyId
    to: KeyId
    """The name of the reader's X-Wing key, as in the wraps of a head."""

    purpose: str
    expires: Time
    items: tuple[GrantedItem, ...]


@dataclass(frozen=True)
class StandingReader:
    """Somebody who gets what is added from now on: all of it, or these kinds. The kinds are kept by whoever seals."""

    reader: KeyId
    xwing: Sha256
    """SHA-256 of the reader's X-Wing key: whoever seals wraps to no other."""

    kinds: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ListSet(Body):
    """The standing list, whole: who gets what is added between `since` and `until`. It replaces the one before."""

    number: int
    since: Time
    until: Time
    readers: tuple[StandingReader, ...]
    agreed: KeyId | None = None
    """The lead, who signs it too: then it need not wait."""

    rescue: Base64 | None = None
    """The X-Wing key of this case for an emergency, if she agreed to one: items are wrapped to it, and nobody is served
    them for that, before two colleagues use their shares of it."""


@dataclass(frozen=True)
class ItemWrap(Body):
    """The content key of an item, wrapped afterwards to a reader on the list in force."""

    item: ItemId
    reader: KeyId
    to: KeyId
    wrap: Base64
    suite: Literal[2]


@dataclass(frozen=True)
class ReadersExclude(Body):
    """People who are no reader of this case, whatever else is said: whole, replaced by the next. `names` are sealed."""

    readers: tuple[KeyId, ...]
    names: Base64 | None = None


@dataclass(frozen=True)
class Revoke(Body):
    """She takes a grant back; copies that were fetched before remain where they are."""

    grant: GrantId


@dataclass(frozen=True)
class Disclose(Body):
    """A caseworker proposes to her that a reader gets these items; it gives nobody anything."""

    disclosure: DisclosureId
    reader: KeyId
    purpose: str
    items: tuple[ItemId, ...]


@dataclass(frozen=True)
class Dispute(Body):
    """She says that what this device added in this window was not hers; it marks, and erases nothing."""

    device: DeviceId
    since: Time
    until: Time


@dataclass(frozen=True)
class ExportHead:
    """The head of a log at which an export was prepared: nothing behind it is in the bundle."""

    log: str
    size: int
    root: Sha256


@dataclass(frozen=True)
class LastNumber:
    """The last statement of a numbered key below the head of an export."""

    by: KeyId
    seq: int
    statement: Sha256


@dataclass(frozen=True)
class Export(Body):
    """An investigator takes a bundle: on which ground, and the SHA-256 of the bag's payload manifest.

    `last` has every key that numbers its statements in this case, in the order of their names. A server that accepts it
    has said so itself: a receipt below `head` with a higher number proves that it lied.
    """

    export: ExportId
    ground: str
    manifest: Sha256
    items: tuple[ItemId, ...]
    head: ExportHead
    last: tuple[LastNumber, ...]

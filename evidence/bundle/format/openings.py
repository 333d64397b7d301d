"""Openings, which prove the originals of an opened bundle: `data/openings.json` (`docs/formats/opened-bundle.md`)."""

from dataclasses import dataclass
from typing import Literal

from evidence import ids

Part = Literal["container", "not-given", "key", "description", "content"]
"""What of an item did not open: its bytes are not those of its event, no key for this reader, a key that does not fit,
a description that cannot be read, or content that is not what the description says."""


@dataclass(frozen=True)
class Incomplete:
    """An item that was announced and never sealed: its signed head (a file of the bag), and how much was here.

    `here` and `whole` count bytes of the sealed container.
    """

    head: str
    here: int
    whole: int


@dataclass(frozen=True)
class Opening:
    """What proves one item's plaintext: where its files and the opening of its fields stand, and its content's salt."""

    item: ids.ItemId
    event: int
    description: str
    fields: str
    original: str | None = None
    content_salt: ids.Sha256 | None = None
    incomplete: Incomplete | None = None


@dataclass(frozen=True)
class Closed:
    """An item that did not open, or not whole, on the word of whoever opened the bundle: its key is not here."""

    item: ids.ItemId
    event: int
    part: Part


@dataclass(frozen=True)
class Openings:
    """All openings of a bundle (`data/openings.json`).

    An item of which only the content did not open has both: an opening of its description, and why there is no more.
    """

    v: int
    maker: str
    """Which program made `timeline.csv` and `case.jsonld` from this."""

    items: tuple[Opening, ...]
    closed: tuple[Closed, ...] | None = None

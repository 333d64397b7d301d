"""What an opened bundle says to prove its originals: `data/openings.json` (`docs/formats/opened-bundle.md`)."""

from dataclasses import dataclass

from evidence import ids


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
    """What proves one item's plaintext: salts of its commitments, and where its files stand in the bag."""

    item: ids.ItemId
    event: int
    description: str
    meta_salt: ids.Sha256
    original: str | None = None
    content_salt: ids.Sha256 | None = None
    incomplete: Incomplete | None = None


@dataclass(frozen=True)
class Openings:
    """All openings of a bundle (`data/openings.json`)."""

    v: int
    items: tuple[Opening, ...]

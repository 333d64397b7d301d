"""The bytes that arrived of an item that was announced and never sealed, for whoever may read the item."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import ids
from evidence.errors import FormatError
from evidence.statements.facts import Begun
from evidence.statements.standing import Standing
from server.items.access import CaseView, view_case
from server.items.parts import ItemStore
from server.principals import Reader
from server.problems import ProblemError, general
from server.uploads.begun import Arrived, arrived

PIECE_BYTES: Final = 256 * 1024
"""Read and sent at once."""


@dataclass(frozen=True)
class Readable:
    """What is here of an item, for a reader who holds a key of it."""

    case: ids.CaseId
    item: ids.ItemId
    found: Arrived

    @property
    def etag(self) -> str:
        """Names these bytes: the head says whose they are, the size how many."""
        return f"{hashlib.sha256(self.found.prefix.head_bytes).hexdigest()}-{self.found.size}"

    def pieces(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes `first` to `last`."""
        return _pieces(self.found.path, first, last)


def find_begun(items: ItemStore, item: str, who: Reader) -> Readable | None:
    """Return what arrived of an announced item; None when it was not announced, or is sealed by now. Blocks.

    NOT_FOUND for whoever may not read it, and when nothing of it is here.
    """
    try:
        name = ids.ItemId(ids.hex_text(item, 16))
    except FormatError:
        return None
    now = ids.now()

    def look(standing: Standing) -> tuple[Begun, CaseView | None] | None:
        begun = None if name in standing.erased else standing.opened.get(name)
        if begun is None:
            return None
        view = view_case(standing, who, begun.case, now)
        return begun, view if view is not None and view.gives(standing, name, now) else None

    known = items.journal.ask(look)
    if known is None:
        return None
    begun, view = known
    if view is None:
        raise ProblemError(general.NOT_FOUND)
    found = arrived(items.uploads, name, begun)
    if found is None or not view.wraps_for(name, found.prefix.head.wraps):
        raise ProblemError(general.NOT_FOUND)
    return Readable(begun.case, name, found)


def _pieces(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        rest = last - first + 1
        while rest and (piece := file.read(min(rest, PIECE_BYTES))):
            rest -= len(piece)
            yield piece

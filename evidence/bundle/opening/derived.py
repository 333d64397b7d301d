"""`timeline.csv` and `case.jsonld`, made from an opened bundle: by whoever opens it, and again to compare.

Descriptions are read one by one and forgotten: memory grows with the longest one, and with a line for each event and
item. Lines of the timeline are kept for sorting up to `KEPT_BYTES`; those of a larger case are made a second time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Final

from evidence import VERSION, ids
from evidence.bundle.format import bag, layout, wraps
from evidence.bundle.format.openings import Opening, Openings, Part
from evidence.bundle.format.wraps import Given
from evidence.bundle.opening import case_uco, presses, timeline_csv
from evidence.envelope import meta as metas
from evidence.envelope.meta import Alarm, Meta
from evidence.errors import FormatError
from evidence.statements import bodies, corrections
from evidence.statements import event as events

KEPT_BYTES: Final = 32 * 1024 * 1024
"""Of lines of the timeline: some 30,000 incidents as they are told."""

MAKER: Final = f"getuige {VERSION}"
"""Stands in `openings.json`: another version may make other files from the same descriptions."""


def make(
    bundle: bag.Bag, told: Sequence[events.Event], openings: Openings, digests: Mapping[str, str]
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the name and the pieces of both files, each to be read before the next.

    `told` are the events of the bundle, `digests` has SHA-256 of the descriptions and originals. FormatError or
    BagError, also from the pieces, when a description cannot be read, or a file is missing.
    """
    export = events.parse(bag.read_small(bundle, layout.EXPORT_EVENT))
    items = wraps.items_of(told, export.statement.by)
    source = _Source(bundle, told, openings)
    places: list[tuple[tuple[str, int], Given, bytes | None]] = []
    room = KEPT_BYTES

    def described() -> Iterator[case_uco.OpenedItem]:
        nonlocal room
        for given in items:
            row = source.row(given)
            line = timeline_csv.line(row)
            room -= len(line)
            places.append((timeline_csv.order(row), given, line if room >= 0 else None))
            opening = source.openings.get(given.body.item)
            if opening is not None and row.meta is not None:
                yield _item(bundle, opening, row, row.meta, digests)

    yield layout.CASE, case_uco.document(described(), export, source.signers)
    places.sort(key=lambda one: one[0])
    lines = (timeline_csv.line(source.row(given)) if line is None else line for _, given, line in places)
    yield layout.TIMELINE, chain([timeline_csv.heading()], lines)


def rows(
    bundle: bag.Bag, told: Sequence[events.Event], openings: Openings, reader: ids.KeyId
) -> list[timeline_csv.Row]:
    """Return the rows of an opened bundle in the order in which things happened, each with its description."""
    source = _Source(bundle, told, openings)
    return sorted(map(source.row, wraps.items_of(told, reader)), key=timeline_csv.order)


@dataclass(frozen=True)
class _Source:
    """What the bundle says of its items."""

    bundle: bag.Bag
    told: Sequence[events.Event]
    opened: Openings

    @cached_property
    def openings(self) -> dict[ids.ItemId, Opening]:
        return {one.item: one for one in self.opened.items}

    @cached_property
    def signers(self) -> dict[ids.KeyId, str]:
        return wraps.signers_of(self.told)

    @cached_property
    def _closed(self) -> dict[ids.ItemId, Part]:
        return {one.item: one.part for one in self.opened.closed or ()}

    @cached_property
    def _said(self) -> Mapping[ids.ItemId, corrections.Mark]:
        return corrections.marks((one.statement, one.received_at) for one in self.told)

    @cached_property
    def _place(self) -> presses.Place:
        return presses.places_of(self.told)

    def row(self, given: Given) -> timeline_csv.Row:
        """Return the row of an item, with its description read anew."""
        item, by = given.body.item, given.event.statement.by
        opening = self.openings.get(item)
        meta = None if opening is None else metas.parse(bag.read_small(self.bundle, opening.description))
        return timeline_csv.Row(
            given.event,
            self.signers.get(by, f"sleutel/key {by[:8]}"),
            meta,
            None if opening is None else opening.original,
            isinstance(given.body, bodies.ItemSeal),
            self._closed.get(item),
            self._said.get(item, corrections.Mark()),
            self._place(meta.alarm) if isinstance(meta, Alarm) else None,
        )


def _item(
    bundle: bag.Bag, opening: Opening, row: timeline_csv.Row, meta: Meta, digests: Mapping[str, str]
) -> case_uco.OpenedItem:
    """Return what the CASE file says of an item."""
    file = metas.file_of(meta)
    kinds = [(opening.description, "application/json")]
    if opening.original is not None and file is not None:
        kinds.append((opening.original, file.mime))
    if not digests.keys() >= {name for name, _ in kinds}:
        raise FormatError("a file that an opening names is missing")
    files = [case_uco.OpenedFile(name, digests[name], bundle.size(name), mime) for name, mime in kinds]
    later = timeline_csv.said_later(row)
    return case_uco.OpenedItem(ids.ItemId(opening.item), meta, row.words, row.event, tuple(files), later)

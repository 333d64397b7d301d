"""`timeline.csv` and `case.jsonld`, made from an opened bundle: by whoever opens it, and again to compare."""

from collections.abc import Mapping, Sequence
from typing import Final

from evidence import VERSION, ids
from evidence.bundle.format import bag, layout, wraps
from evidence.bundle.format.openings import Opening, Openings
from evidence.bundle.format.wraps import Given
from evidence.bundle.opening import case_uco, presses, timeline_csv
from evidence.envelope import meta as metas
from evidence.envelope.meta import Alarm, Meta
from evidence.errors import FormatError
from evidence.statements import bodies, corrections
from evidence.statements import event as events

MAKER: Final = f"getuige {VERSION}"
"""Stands in `openings.json`: another version may make other files from the same descriptions."""


def make(
    bundle: bag.Bag, told: Sequence[events.Event], openings: Openings, digests: Mapping[str, str]
) -> dict[str, bytes]:
    """Return both files by name. `told` are the events of the bundle, `digests` has SHA-256 of what it opened.

    FormatError or BagError when a description cannot be read, or a file is missing.
    """
    export = events.parse(bag.read_small(bundle, layout.EXPORT_EVENT))
    signers, place = wraps.signers_of(told), presses.places_of(told)
    by_item = {one.item: one for one in openings.items}
    closed = {one.item: one.part for one in openings.closed or ()}
    said = corrections.marks((one.statement, one.received_at) for one in told)
    rows, described = [], []
    for given in wraps.items_of(told, export.statement.by):
        opening = by_item.get(given.body.item)
        meta = None if opening is None else metas.parse(bag.read_small(bundle, opening.description))
        row = timeline_csv.Row(
            given.event,
            signers.get(given.event.statement.by, f"sleutel/key {given.event.statement.by[:8]}"),
            meta,
            None if opening is None else opening.original,
            isinstance(given.body, bodies.ItemSeal),
            closed.get(given.body.item),
            said.get(given.body.item, corrections.Mark()),
            place(meta.alarm) if isinstance(meta, Alarm) else None,
        )
        rows.append(row)
        if opening is not None and meta is not None:
            described.append(_item(bundle, opening, meta, given, digests, timeline_csv.said_later(row)))
    return {layout.TIMELINE: timeline_csv.write(rows), layout.CASE: case_uco.document(described, export, signers)}


def _item(
    bundle: bag.Bag, opening: Opening, meta: Meta, given: Given, digests: Mapping[str, str], later: Mapping[str, str]
) -> case_uco.OpenedItem:
    """Return what the CASE file says of an item."""
    file = metas.file_of(meta)
    kinds = [(opening.description, "application/json")]
    if opening.original is not None and file is not None:
        kinds.append((opening.original, file.mime))
    if not digests.keys() >= {name for name, _ in kinds}:
        raise FormatError("a file that an opening names is missing")
    files = [case_uco.OpenedFile(name, digests[name], bundle.size(name), mime) for name, mime in kinds]
    return case_uco.OpenedItem(ids.ItemId(opening.item), meta, given.event, tuple(files), later)

"""`data/timeline.csv`: one row for each item, all that its description says, in the order in which things happened.

It proves nothing by itself (docs/formats/opened-bundle.md).
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from evidence import edtf
from evidence.bundle.format.kinds import MEMBERS, words_of
from evidence.bundle.format.openings import Part
from evidence.envelope.meta import Alarm, Cost, Meta, Order, Report
from evidence.statements import bodies
from evidence.statements import event as events

AROUND: Final = ("received", "item", "event", "added_by", "original", "complete", "not_opened")


@dataclass(frozen=True)
class Row:
    """One item: the event that says that it is there, and what opened of it."""

    event: events.Event
    added_by: str
    meta: Meta | None
    original: str | None
    complete: bool
    not_opened: Part | None


def write(rows: Iterable[Row]) -> bytes:
    """Return the file, UTF-8; a cell that a spreadsheet could take for a formula begins with an apostrophe."""
    out = io.StringIO()
    table = csv.writer(out)
    columns = (*map(_column, MEMBERS), *AROUND)
    table.writerow(columns)
    for row in sorted(rows, key=_order):
        cells = {**_described(row.meta), **_around(row)}
        table.writerow([_cell(cells.get(name)) for name in columns])
    return out.getvalue().encode()


def _order(row: Row) -> tuple[str, int]:
    """Sort by the text of the time at which it happened (EDTF begins with the year), else by when it was recorded.

    A time that is not understood stands where it was recorded; what a camera says never counts.
    """
    meta = row.meta
    if meta is None:
        return row.event.statement.at, row.event.index
    times: tuple[str | None, ...] = (meta.happened,)
    if isinstance(meta, Alarm):
        times = (meta.happened, meta.alarm.pressed_at)
    elif isinstance(meta, Order):
        times = (meta.happened, meta.order.valid_from)
    elif isinstance(meta, Report):
        times = (meta.happened, meta.report.at)
    elif isinstance(meta, Cost):
        times = (meta.happened, meta.cost.at)
    begins = (_begins(time) for time in times if time)
    return next(filter(None, begins), meta.recorded), row.event.index


def _begins(time: str) -> str:
    """Return when a time begins, on the clock that it names; nothing for one that cannot be."""
    try:
        told = edtf.parse(time)
    except edtf.TimeError:
        return ""
    begins = told.earliest or told.latest
    return begins.isoformat() if begins else ""


def _described(meta: Meta | None) -> dict[str, object]:
    return {} if meta is None else {_column(member): words for member, words in words_of(meta).items()}


def _column(member: str) -> str:
    return member.replace(".", "_")


def _around(row: Row) -> dict[str, object]:
    body = row.event.statement.body
    return {
        "received": row.event.received_at,
        "item": body.item if isinstance(body, bodies.ItemSeal | bodies.ItemOpen) else None,
        "event": row.event.index,
        "added_by": row.added_by,
        "original": row.original,
        "complete": "yes" if row.complete else "no",
        "not_opened": row.not_opened,
    }


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

"""`data/timeline.csv`: one row for each item, all that its description says, in the order in which things happened.

It proves nothing by itself (docs/formats/opened-bundle.md).
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from evidence import edtf
from evidence.bundle.format.kinds import kind_of
from evidence.bundle.format.openings import Part
from evidence.envelope.meta import Meta
from evidence.statements import bodies
from evidence.statements import event as events

COLUMNS: Final = (
    *("happened", "discovered", "recorded", "received", "kind", "source", "title", "text"),
    *("conduct", "severity", "impact", "place", "latitude", "longitude", "accuracy_m"),
    *("file", "camera_taken", "camera_field", "camera_latitude", "camera_longitude"),
    *("order", "order_from", "order_until", "alarm", "about"),
    *("item", "event", "added_by", "original", "complete", "not_opened"),
)


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
    table.writerow(COLUMNS)
    for row in sorted(rows, key=_order):
        cells = {**_described(row.meta), **_around(row)}
        table.writerow([_cell(cells.get(name)) for name in COLUMNS])
    return out.getvalue().encode()


def _order(row: Row) -> tuple[str, int]:
    """Sort by the text of the time at which it happened (EDTF begins with the year), else by when it was recorded.

    A time that is not understood stands where it was recorded; what a camera says never counts.
    """
    meta = row.meta
    if meta is None:
        return row.event.statement.at, row.event.index
    pressed = meta.alarm.pressed_at if meta.alarm is not None else None
    valid = meta.order.valid_from if meta.order is not None else None
    told = next((time for time in (meta.happened, pressed, valid) if time and _begins(time)), None)
    return _begins(told) if told else meta.recorded, row.event.index


def _begins(time: str) -> str:
    """Return when a time begins, on the clock that it names; nothing for one that cannot be."""
    try:
        told = edtf.parse(time)
    except edtf.TimeError:
        return ""
    begins = told.earliest or told.latest
    return begins.isoformat() if begins else ""


def _described(meta: Meta | None) -> dict[str, object]:
    if meta is None:
        return {}
    at, order, camera = meta.position, meta.order, meta.camera
    seen = camera and camera.position
    return {
        "happened": meta.happened or (meta.alarm and meta.alarm.pressed_at),
        "discovered": meta.discovered,
        "recorded": meta.recorded,
        "kind": kind_of(meta),
        "source": meta.source,
        "title": meta.title,
        "text": meta.text,
        "conduct": " ".join(meta.conduct or ()),
        "severity": meta.severity,
        "impact": meta.impact,
        "place": meta.place,
        "latitude": at and at.lat,
        "longitude": at and at.lon,
        "accuracy_m": at and at.accuracy_m,
        "file": meta.file and meta.file.name,
        "camera_taken": camera and camera.taken,
        "camera_field": camera and camera.taken_from,
        "camera_latitude": seen and seen.lat,
        "camera_longitude": seen and seen.lon,
        "order": order and f"{order.kind} {order.number or ''}".strip(),
        "order_from": order and order.valid_from,
        "order_until": order and order.until,
        "alarm": meta.alarm and meta.alarm.alarm,
        "about": meta.about,
    }


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

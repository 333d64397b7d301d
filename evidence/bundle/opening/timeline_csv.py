"""`data/timeline.csv`: one row for each item, all that its description says, in the order in which things happened.

Whoever writes the file of the case reads it in a spreadsheet: columns and answers are words, Dutch and English, and the
name of the member stands in brackets for programs. It proves nothing by itself (docs/formats/opened-bundle.md).
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from evidence import edtf, ids
from evidence.bundle.format.kinds import MEMBERS, words_of
from evidence.bundle.format.openings import Part
from evidence.envelope import words
from evidence.envelope.meta import Alarm, Cost, Meta, Order, Report
from evidence.statements import bodies
from evidence.statements import event as events
from evidence.statements.corrections import Mark

AROUND: Final[Mapping[str, words.Words]] = {
    "received": ("Ontvangen door de server", "Received by the server"),
    "item": ("Stuk", "Item"),
    "event": ("Regel in het logboek", "Entry of the log"),
    "added_by": ("Toegevoegd door", "Added by"),
    "original": ("Origineel", "Original"),
    "complete": ("Heel aangekomen", "Arrived whole"),
    "not_opened": ("Wat niet opengaat", "What does not open"),
    "amends": ("Verbetert of vult aan", "Corrects or adds to"),
    "confirmed": ("Die verbetering is bevestigd", "That correction is confirmed"),
    "amended_by": ("Verbeterd door", "Corrected by"),
    "counts_in": ("Telt mee bij alarm", "Counts in alarm"),
    "disputed": ("Zij zegt: niet van mij", "She says: not mine"),
}
"""What is known of an item beside its description. A correction is confirmed by her vault, or made by the author of a
paper; what a phone adds by itself is not."""

NOT_OPENED: Final[Mapping[Part, words.Words]] = {
    "container": ("niet de bytes die zijn verzegeld", "not the bytes that were sealed"),
    "not-given": ("niet aan deze lezer gegeven", "not given to this reader"),
    "key": ("de sleutel past niet", "the key does not fit"),
    "description": ("de beschrijving is niet te lezen", "the description cannot be read"),
    "content": ("het bestand is niet wat de beschrijving zegt", "the file is not what the description says"),
}


@dataclass(frozen=True)
class Row:
    """One item: the event that says that it is there, and what opened of it."""

    event: events.Event
    added_by: str
    meta: Meta | None
    original: str | None
    complete: bool
    not_opened: Part | None
    mark: Mark
    counts_in: ids.AlarmId | None = None
    """Of a press: the alarm in which it counts; the one that it was sealed in stands in its description."""

    @cached_property
    def words(self) -> Mapping[str, str]:
        """What its description says, in words (`kinds.words_of`)."""
        return {} if self.meta is None else words_of(self.meta)


def heading() -> bytes:
    """Return the first line of the file, UTF-8."""
    return _line(columns())


def line(row: Row) -> bytes:
    """Return the line of a row, UTF-8; the file has them in `order`.

    A cell that a spreadsheet could take for a formula begins with an apostrophe.
    """
    cells = {**row.words, **_around(row)}
    return _line(["" if (told := cells.get(name)) is None else _cell(str(told)) for name in (*MEMBERS, *AROUND)])


def _line(cells: Iterable[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()


def columns() -> list[str]:
    """Return the heads of the columns: words, and in brackets the name for programs."""
    return [*map(words.label, MEMBERS), *map(_head, AROUND)]


def said_later(row: Row) -> dict[str, str]:
    """Return what was said of an item after it was sealed, by the heads of its columns."""
    return {_head(name): told for name, told in _later(row).items() if told}


def _head(name: str) -> str:
    return f"{words.both(AROUND[name])} [{name}]"


def order(row: Row) -> tuple[str, int]:
    """Return where a row stands: by the text of the time at which it happened (EDTF begins with the year).

    What has no such time, or one that is not understood, stands where it was recorded; what a camera says never counts.
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


def _around(row: Row) -> dict[str, object]:
    body = row.event.statement.body
    return {
        "received": row.event.received_at,
        "item": body.item if isinstance(body, bodies.ItemSeal | bodies.ItemOpen) else None,
        "event": row.event.index,
        "added_by": row.added_by,
        "original": row.original,
        "complete": words.said("complete", row.complete),
        "not_opened": words.both(NOT_OPENED[row.not_opened]) if row.not_opened else None,
        **_later(row),
    }


def _later(row: Row) -> dict[str, str | None]:
    mark = row.mark
    return {
        "amends": mark.amends,
        "confirmed": words.said("confirmed", mark.confirmed) if mark.amends else None,
        "amended_by": mark.amended_by,
        "disputed": words.said("disputed", mark.disputed) if mark.disputed else None,
        "counts_in": row.counts_in,
    }


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

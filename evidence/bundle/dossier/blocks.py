"""The blocks of a dossier: what the template sets (`dossier.typ`), as plain JSON. Text is data there, never markup."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

Span = str | dict[str, Any]
"""Text; `{"b": …}` stands out, `{"i": n}` is the number of an item and leads to it, `{"m": …}` is for programs."""

Cell = str | list[Span]
Block = dict[str, Any]

SHOWN: Final = 60
"""A list of numbers that is longer says how many more there are: they stand in the table."""


def paragraph(*spans: Span) -> Block:
    """Return a paragraph."""
    return {"p": list(spans)}


def quiet(*spans: Span) -> Block:
    """Return a remark."""
    return {"quiet": list(spans)}


def points(lines: Iterable[Sequence[Span]]) -> Block:
    """Return a list with a dot before each line."""
    return {"list": [list(line) for line in lines]}


def table(head: Sequence[str], columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Block:
    """Return a table; `columns` are widths (`1fr`, `auto`)."""
    return {"table": {"head": list(head), "columns": list(columns), "rows": [list(map(_cell, row)) for row in rows]}}


def _cell(cell: Cell) -> list[Span]:
    return [cell] if isinstance(cell, str) else cell


def heat(cells: dict[tuple[int, int], int], days: Sequence[str]) -> Block:
    """Return a map of weekdays and hours with numbers in it."""
    return {"heat": [[cells.get((day, hour), 0) for hour in range(24)] for day in range(7)], "days": list(days)}


def bars(lines: Iterable[tuple[str, int]]) -> Block:
    """Return bars, each with its label and number."""
    return {"bars": [{"label": label, "count": count} for label, count in lines]}


def items(numbers: Iterable[int], more: str) -> list[Span]:
    """Return numbers of items, each leading to it; `more` says how many are not shown, with `{count}`."""
    every = list(numbers)
    spans: list[Span] = []
    for number in every[:SHOWN]:
        spans += [", ", {"i": number}] if spans else [{"i": number}]
    if len(every) > SHOWN:
        spans.append(f" {more.format(count=len(every) - SHOWN)}")
    return spans

"""Lists on the command line: whole ids, a line for each row, or one JSON array for a program."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.plain import one_line

if TYPE_CHECKING:
    from evidence import ids

AsJson = Annotated[bool, typer.Option("--json", help="For a program: one JSON array.")]

Really = Annotated[bool, typer.Option("--really", help="Do it. Without this, only say what would change.")]

Row = Mapping[str, object]


def show(rows: Sequence[Row], *, as_json: bool, nothing: str) -> None:
    """Print rows of the same columns; `nothing` is said when there are none. Ids are never cut."""
    if as_json:
        typer.echo(json.dumps(list(rows), indent=1, ensure_ascii=False))
        return
    if not rows:
        typer.echo(nothing)
        return
    cells = [[one_line(_text(value)) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(list(rows[0]), *cells, strict=True)]
    for line in (list(rows[0]), *cells):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(len(value)) if isinstance(value, list) else str(value)


def utc_time(text: str, option: str) -> "ids.Time":
    """Return a moment of the command line; a wrong one is a wrong command line that names the option."""
    from evidence import ids
    from evidence.errors import FormatError

    try:
        ids.moment_of(ids.Time(text))
    except FormatError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
    return ids.Time(text)


def hex_id(text: str, option: str, size_bytes: int = 16) -> str:
    """Return an id or public key of the command line; a wrong one is a wrong command line that names the option."""
    from evidence import ids
    from evidence.errors import FormatError

    try:
        return ids.hex_text(text, size_bytes)
    except FormatError as error:
        raise typer.BadParameter(f"expected {2 * size_bytes} characters 0-9, a-f", param_hint=option) from error

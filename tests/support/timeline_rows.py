"""Rows of a `timeline.csv` as a program reads them: by the names that stand in brackets at the end of each column."""

import csv
from pathlib import Path


def rows_of(folder: Path) -> list[dict[str, str]]:
    """Return the rows of the timeline in an opened bundle."""
    with (folder / "data" / "timeline.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    names = [column.rpartition("[")[2].removesuffix("]") for column in header]
    assert len(set(names)) == len(names)
    return [dict(zip(names, row, strict=True)) for row in rows]

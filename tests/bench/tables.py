"""The tables of benches in docs/performance.md, written from the figures of their last runs.

`make bench-evidence DOCS=1` and `make bench-uploads DOCS=1`; those of alarms are `alarm_table`'s, whose form this is.
"""

import json
import sys
from pathlib import Path

from tests.bench.alarm_table import PAGE, table

FIGURES = PAGE.parent.parent / "var" / "bench"


def begin(name: str) -> str:
    """Return where the table of `var/bench/<name>.json` begins on the page."""
    return f"<!-- table of var/bench/{name}.json -->"


def end(name: str) -> str:
    """Return where it ends."""
    return f"<!-- end of var/bench/{name}.json -->"


def filled(page: str, name: str, made: str) -> str:
    """Return the page with a table in its place."""
    before, rest = page.split(begin(name))
    _, after = rest.split(end(name))
    return f"{before}{begin(name)}\n{made}\n{end(name)}{after}"


def main(names: list[str]) -> None:
    """Write the tables of those of `names` that were measured."""
    for name in names:
        measured: Path = FIGURES / f"{name}.json"
        if measured.exists():
            made = table(json.loads(measured.read_text()))
            PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), name, made), encoding="utf-8")
            print(f"{name}: {len(made.splitlines())} lines in {PAGE.name}")


if __name__ == "__main__":
    main(sys.argv[1:])

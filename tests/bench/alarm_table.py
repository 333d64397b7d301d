"""The table of alarms in docs/performance.md, written from the figures of the last `make bench-alarms`.

`python -m tests.bench.alarm_table`, after a run on a machine that did nothing else: what was measured stands there as
it is, what fell short as short, with the load of its own minute.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.alarm_figures import OUT

PAGE = Path(__file__).parent.parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures of make bench-alarms -->", "<!-- end of the figures -->"


def table(found: dict[str, Any], day: str) -> str:
    """Return the figures as Markdown, with the machine, the disk and the loads that they are of."""
    loads = [one["load"] for one in found["figures"]]
    short = sum(not one["met"] for one in found["figures"])
    machine = f"{found['cores']} cores, load {min(loads):g} to {max(loads):g}, fdatasync {found['fdatasync_ms']:.2f} ms"
    lines = [
        f"Measured {day}: {machine}; {short} of {len(found['figures'])} are short.",
        "",
        "| what | ours | peer | ratio | goal | met |",
        "| --- | ---: | --- | ---: | ---: | --- |",
        *map(_row, found["figures"]),
    ]
    return "\n".join(lines)


def _row(one: dict[str, Any]) -> str:
    met = "yes" if one["met"] else "**short**"
    limit = "at most" if one["met"] == (one["ratio"] <= one["goal"]) else "at least"
    return (
        f"| {one['name']} | {one['ours']:,.4g} {one['unit']} | {one['peer_name']}: {one['peer']:,.4g} |"
        f" {one['ratio']:.2g} | {limit} {one['goal']:g} | {met} |"
    )


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    made = table(json.loads(OUT.read_text()), datetime.now(UTC).date().isoformat())
    PAGE.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}", encoding="utf-8")
    print(f"{PAGE.name}: {len(made.splitlines())} lines")

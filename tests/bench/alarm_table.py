"""The table of alarms in docs/performance.md, written from the figures of the last `make bench-alarms`.

`make bench-alarms DOCS=1` on a machine that does nothing else: what was measured stands there as it is, what fell short
as short, with what would be tried next, and what was not measured by name.
"""

import json
from pathlib import Path
from typing import Any

from tests.bench.alarm_figures import OUT

PAGE = Path(__file__).parent.parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures of make bench-alarms -->", "<!-- end of the figures -->"


def table(found: dict[str, Any]) -> str:
    """Return the figures as Markdown, with the machine, the disk and the loads that they are of."""
    rows = found["figures"]
    loads, days = [one["load"] for one in rows], sorted({one["day"] for one in rows})
    machine = f"{found['cores']} cores, load {min(loads):g} to {max(loads):g}, fdatasync {found['fdatasync_ms']:.2f} ms"
    short = [one for one in rows if not one["met"]]
    when = " to ".join(dict.fromkeys((days[0], days[-1])))
    lines = [
        f"Measured {when}: {machine}; {len(short)} of {len(rows)} are short.",
        "",
        "| what | ours | peer | ratio | goal | met | load |",
        "| --- | ---: | --- | ---: | ---: | --- | ---: |",
        *map(_row, rows),
    ]
    if short:
        lines += ["", "What is short, why it may be, and what would be tried next:", ""]
        lines += [f"- {why}: {'; '.join(_names(short, why))}." for why in dict.fromkeys(one["next"] for one in short)]
    if found["unmeasured"]:
        lines += ["", f"Not measured to the end in the last run: {', '.join(found['unmeasured'])}."]
    return "\n".join(lines)


def _names(rows: list[dict[str, Any]], why: str) -> list[str]:
    return [one["name"] for one in rows if one["next"] == why]


def _row(one: dict[str, Any]) -> str:
    met = "yes" if one["met"] else "**short**"
    limit = "at most" if one["met"] == (one["ratio"] <= one["goal"]) else "at least"
    return (
        f"| {one['name']} | {one['ours']:,.4g} {one['unit']} | {one['peer_name']}: {one['peer']:,.4g} |"
        f" {one['ratio']:.2g} | {limit} {one['goal']:g} | {met} | {one['load']:g} |"
    )


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    made = table(json.loads(OUT.read_text()))
    PAGE.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}", encoding="utf-8")
    print(f"{PAGE.name}: {len(made.splitlines())} lines")

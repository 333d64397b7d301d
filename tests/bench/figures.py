"""Figures of a bench: ours beside a peer of the same run, against a goal; printed, and written after each of them.

Rows of former runs stay in the file until they are measured again; each bears the load of its own minute and its day.
"""

import json
import os
import statistics
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BROKEN = 10
"""A figure ten times short of its goal is a fault, not a slow day."""

VERY_SLOW = 100
"""What passes on a machine with many neighbours is no fault of ours before that."""


@dataclass(frozen=True)
class Figure:
    """One measurement: ours and the peer's, in the same unit and run; `ratio` is ours by the peer's."""

    name: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    goal: float
    met: bool


@dataclass
class Figures:
    """All measurements of a run, and those of former runs that this one has not made again; written after each."""

    cores: int
    fdatasync_ms: float
    out: Path
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name: the figure, the load of its minute, its day, and of what is short what would be tried next."""

    def add(self, name: str, unit: str, ours: float, peer: tuple[str, float], goal: float, following: str) -> None:
        """Print and keep one; `following` says why it may fall short and what to try next."""
        self._add(name, unit, ours, peer, goal, following, met=ours / peer[1] >= goal)
        assert ours / peer[1] >= goal / BROKEN, f"{name} is broken"

    def at_most(self, name: str, unit: str, ours: float, peer: tuple[str, float], goal: float, following: str) -> None:
        """The same where less is better."""
        self._add(name, unit, ours, peer, goal, following, met=ours / peer[1] <= goal)
        assert ours / peer[1] <= goal * VERY_SLOW, f"{name} is broken"

    def _add(
        self, name: str, unit: str, ours: float, peer: tuple[str, float], goal: float, following: str, *, met: bool
    ) -> None:
        ratio = ours / peer[1]
        figure = Figure(name, unit, round(ours, 2), round(peer[1], 2), peer[0], round(ratio, 3), goal, met)
        self.rows[name] = row_of(figure, following)
        short = "" if met else f" SHORT of {goal}: {following}"
        print(f"\n{name}: {ours:,.2f} {unit}; {peer[0]} {peer[1]:,.2f}; ratio {ratio:.2f}{short}", end="", flush=True)
        write(self.out, self.cores, self.fdatasync_ms, list(self.rows.values()))


def row_of(figure: Figure, following: str) -> dict[str, Any]:
    """Return a figure with the load of its minute and its day, and of what is short what would be tried next."""
    load, day = round(os.getloadavg()[0], 1), datetime.now(UTC).date().isoformat()
    return asdict(figure) | {"load": load, "day": day} | ({} if figure.met else {"next": following})


def write(out: Path, cores: int, fdatasync: float, rows: list[dict[str, Any]]) -> None:
    """Put what is known in the place of the file: a run that is ended has lost nothing that it measured."""
    out.parent.mkdir(parents=True, exist_ok=True)
    written = out.with_suffix(".new")
    known = {"cores": cores, "fdatasync_ms": fdatasync, "unmeasured": [], "figures": rows}
    written.write_text(json.dumps(known, indent=1) + "\n")
    written.replace(out)


def keep(out: Path, folder: Path, figures: Iterable[Figure], following: str) -> None:
    """Write rows beside those that are there, in place of older ones of the same name; the disk is that of `folder`."""
    rows = {one["name"]: one for one in known(out)} | {one.name: row_of(one, following) for one in figures}
    disk_ms = round(fdatasync_ms(folder), 4)
    write(out, os.cpu_count() or 1, disk_ms, list(rows.values()))
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, fdatasync {disk_ms:.3f} ms")


def known(out: Path) -> list[dict[str, Any]]:
    """Return the rows of former runs."""
    rows = json.loads(out.read_text())["figures"] if out.exists() else []
    return [one for one in rows if "day" in one]


def fdatasync_ms(folder: Path) -> float:
    """Return the median time of one fdatasync after 4 KiB."""
    rounds = []
    with (folder / "probe").open("wb") as file:
        for _ in range(200):
            file.write(b"\0" * 4096)
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            rounds.append((time.perf_counter() - begun) * 1000)
    return statistics.median(rounds)

"""The figures of a run of `make bench-alarms`: ours beside a peer of the same run, against a goal; printed and kept.

A run of some parts (`make bench-alarms PART="storm or fault"`) replaces their figures in the file and leaves the
others; each bears the load of its own minute, and the machine's cores and disk are those of the newest run.
"""

import json
import os
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.bench.evidence import Figure, fdatasync_ms

OUT = Path(__file__).parent.parent.parent / "var" / "bench" / "alarms.json"
BROKEN = 100
"""A figure a hundred times short of its goal is a fault; the 99th percentile of a busy machine is not."""


@dataclass
class Figures:
    """All measurements of a run; `loads` are those of the machine when each was kept, by its name."""

    cores: int
    fdatasync_ms: float
    figures: list[Figure] = field(default_factory=list)
    loads: dict[str, float] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def at_most(self, name: str, unit: str, ours: float, peer: tuple[str, float], goal: float, following: str) -> None:
        """Keep and print one where less is better; `following` says why it may fall short and what to try next."""
        self._add(name, unit, ours, peer, goal, following, met=ours / peer[1] <= goal)
        self.broken += [] if ours / peer[1] <= goal * BROKEN else [name]

    def at_least(self, name: str, unit: str, ours: float, peer: tuple[str, float], goal: float, following: str) -> None:
        """The same where more is better."""
        self._add(name, unit, ours, peer, goal, following, met=ours / peer[1] >= goal)
        self.broken += [] if ours / peer[1] >= goal / BROKEN else [name]

    def _add(
        self, name: str, unit: str, ours: float, peer: tuple[str, float], goal: float, following: str, *, met: bool
    ) -> None:
        ratio = ours / peer[1]
        self.figures.append(Figure(name, unit, round(ours, 3), round(peer[1], 3), peer[0], round(ratio, 3), goal, met))
        self.loads[name] = round(os.getloadavg()[0], 1)
        short = "" if met else f" SHORT of {goal:g}: {following}"
        print(f"\n{name}: {ours:,.2f} {unit}; {peer[0]} {peer[1]:,.2f}; ratio {ratio:.2f}{short}", end="")

    def written(self, before: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what is kept: these, and those of former runs that this one did not measure."""
        new = [asdict(one) | {"load": self.loads[one.name]} for one in self.figures]
        old = [one for one in before if one["name"] not in self.loads]
        return {"cores": self.cores, "fdatasync_ms": self.fdatasync_ms, "figures": [*old, *new]}


@pytest.fixture(scope="session")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Figures]:
    found = Figures(os.cpu_count() or 1, round(fdatasync_ms(tmp_path_factory.mktemp("disk")), 4))
    print(f"\n{found.cores} cores, load {os.getloadavg()[0]:.1f}, fdatasync {found.fdatasync_ms:.3f} ms", end="")
    yield found
    OUT.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(OUT.read_text())["figures"] if OUT.exists() else []
    OUT.write_text(json.dumps(found.written(before), indent=1) + "\n")
    print(f"\nWritten: {OUT.name}")
    assert found.broken == [], "a hundred times short of its goal"


def p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98]

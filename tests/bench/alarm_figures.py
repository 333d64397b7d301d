"""The figures of a run of `make bench-alarms`: ours beside a peer of the same run, against a goal; printed and kept.

A run of some parts (`make bench-alarms PART="storm or fault"`) replaces their figures in the file and leaves the
others; each bears the load of its own minute and its day, and cores and disk are those of the newest run. The file is
written after each figure, and what did not come to its end stands there by name.
"""

import json
import os
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.bench.figures import Figure, fdatasync_ms

OUT = Path(__file__).parent.parent.parent / "var" / "bench" / "alarms.json"
BROKEN = 100
"""A figure a hundred times short of its goal is a fault; the 99th percentile of a busy machine is not."""


MEASURED = pytest.StashKey[set[str]]()
"""The benches of this run that came to their end, by node id."""


@dataclass
class Figures:
    """All measurements of a run, and those of former runs that this one has not made again; written after each."""

    cores: int
    fdatasync_ms: float
    out: Path = OUT
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name: the figure, the load of its minute, its day, and of what is short what would be tried next."""

    unmeasured: list[str] = field(default_factory=list)
    """Benches of this run that did not come to their end."""

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
        figure = Figure(name, unit, round(ours, 3), round(peer[1], 3), peer[0], round(ratio, 3), goal, met)
        load, day = round(os.getloadavg()[0], 1), datetime.now(UTC).date().isoformat()
        self.rows[name] = asdict(figure) | {"load": load, "day": day} | ({} if met else {"next": following})
        short = "" if met else f" SHORT of {goal:g}: {following}"
        print(f"\n{name}: {ours:,.2f} {unit}; {peer[0]} {peer[1]:,.2f}; ratio {ratio:.2f}{short}", end="", flush=True)
        self.write()

    def write(self) -> None:
        """Put what is known in the place of the file: a run that is ended has lost nothing that it measured."""
        known = {"cores": self.cores, "fdatasync_ms": self.fdatasync_ms, "unmeasured": self.unmeasured}
        self.out.parent.mkdir(parents=True, exist_ok=True)
        written = self.out.with_suffix(".new")
        written.write_text(json.dumps(known | {"figures": list(self.rows.values())}, indent=1) + "\n")
        written.replace(self.out)


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Figures]:
    before = json.loads(OUT.read_text())["figures"] if OUT.exists() else []
    found = Figures(os.cpu_count() or 1, round(fdatasync_ms(tmp_path_factory.mktemp("disk")), 4))
    found.rows = {one["name"]: one for one in before}
    print(f"\n{found.cores} cores, load {os.getloadavg()[0]:.1f}, fdatasync {found.fdatasync_ms:.3f} ms", end="")
    yield found
    done = request.config.stash[MEASURED]
    found.unmeasured = [one.nodeid.partition("::")[2] for one in request.session.items if one.nodeid not in done]
    found.write()
    short = sum(not one["met"] for one in found.rows.values())
    print(f"\nWritten: {OUT.name}, {len(found.rows)} figures, {short} short", end="")
    print("".join(f"\nNot measured to its end: {one}" for one in found.unmeasured))
    assert found.broken == [], "a hundred times short of its goal"


def p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98]

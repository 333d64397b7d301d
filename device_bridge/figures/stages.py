"""The report's figures as lines for Prometheus: percentiles per stage, missed deadlines, availability.

Worked out anew at most once a minute from the newest alarms only, on a thread that no press passes: a page that is
fetched each second must not cost a press anything. Devices appear as a spread, never by name.
"""

import threading
import time
from pathlib import Path
from typing import Final

from device_bridge.errors import SpoolError
from device_bridge.figures import spools
from device_bridge.figures.report import PERCENTILES, Availability, Report

DAYS: Final = 30
NEWEST: Final = 1000
"""Alarms that are looked at: two a day for a year and a half, and a tenth of a second of work."""

KEEP_S: Final = 60.0
MS: Final = 1000
_WORDS: Final = {" → ": "_to_", " ": "_"}


class StageMetrics:
    """Lines for the metrics page from the spool at `path`; may be asked from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._made = 0.0

    def lines(self) -> list[str]:
        """Return the lines, at most a minute old; none while the spool cannot be read (its health says so)."""
        with self._lock:
            if not self._lines or time.monotonic() - self._made >= KEEP_S:
                try:
                    self._lines = _lines_of(spools.read((self._path,), DAYS, NEWEST))
                except SpoolError:
                    self._lines = []
                self._made = time.monotonic()
            return list(self._lines)


def _lines_of(report: Report) -> list[str]:
    seconds, count = "getuige_bridge_stage_seconds", "getuige_bridge_stage_alarms"
    lines = [f"# TYPE {seconds} gauge"]
    for stage in report.stages:
        values = zip((*PERCENTILES, 100), (*stage.percentiles, stage.worst), strict=True)
        name = _label(stage.stage)
        lines += [f'{seconds}{{stage="{name}",percentile="{percent}"}} {ms / MS:.3f}' for percent, ms in values]
    lines.append(f"# TYPE {count} gauge")
    lines += [f'{count}{{stage="{_label(one.stage)}"}} {one.count}' for one in report.stages]
    for name, value in (("alarms", report.alarms), ("open", report.open), ("escalated", report.escalated)):
        lines += [f"# TYPE getuige_bridge_recent_{name} gauge", f"getuige_bridge_recent_{name} {value}"]
    missed = "getuige_bridge_missed_deadlines"
    lines.append(f"# TYPE {missed} gauge")
    lines += [f'{missed}{{deadline_seconds="{limit}"}} {number}' for limit, number in report.missed.items()]
    lines.append("# TYPE getuige_bridge_route_availability gauge")
    lines += [f'getuige_bridge_route_availability{{route="{one.name}"}} {one.share:.6f}' for one in report.routes]
    return lines + _spread_of(report.devices)


def _spread_of(devices: tuple[Availability, ...]) -> list[str]:
    """Return the worst, the tenth and the median availability: enough to see that devices fail, and not whose."""
    if not devices:
        return []
    shares = sorted(one.share for one in devices)
    chosen = {"0": shares[0], "10": shares[len(shares) // 10], "50": shares[len(shares) // 2]}
    name = "getuige_bridge_device_availability"
    return [f"# TYPE {name} gauge", *(f'{name}{{percentile="{at}"}} {share:.6f}' for at, share in chosen.items())]


def _label(stage: str) -> str:
    for old, new in _WORDS.items():
        stage = stage.replace(old, new)
    return stage

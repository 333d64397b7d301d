"""The report's figures for Prometheus: percentiles per stage, missed deadlines, availability.

Worked out anew at most once a minute from the newest alarms only, on a thread that no press passes: a page that is
fetched each second must not cost a press anything. Devices appear as a spread, never by name.
"""

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

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
    """Families for the metrics page from the spool at `path`; may be asked from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._families: list[Metric] = []
        self._made = 0.0

    def families(self) -> list[Metric]:
        """Return the families, at most a minute old; none while the spool cannot be read (its health says so)."""
        with self._lock:
            if not self._families or time.monotonic() - self._made >= KEEP_S:
                try:
                    self._families = list(_families_of(spools.read((self._path,), DAYS, NEWEST)))
                except SpoolError:
                    self._families = []
                self._made = time.monotonic()
            return list(self._families)


def _families_of(report: Report) -> Iterable[Metric]:
    seconds = _gauge("stage_seconds", "Time an alarm spent in a stage", "stage", "percentile")
    count = _gauge("stage_alarms", "Alarms that passed a stage", "stage")
    for stage in report.stages:
        name = _label(stage.stage)
        for percent, ms in zip((*PERCENTILES, 100), (*stage.percentiles, stage.worst), strict=True):
            seconds.add_metric((name, str(percent)), ms / MS)
        count.add_metric((name,), stage.count)
    yield from (seconds, count)
    for name, value in (("alarms", report.alarms), ("open", report.open), ("escalated", report.escalated)):
        yield GaugeMetricFamily(f"getuige_bridge_recent_{name}", f"Recent alarms: {name}", value=value)
    missed = _gauge("missed_deadlines", "Alarms that nobody accepted within the deadline", "deadline_seconds")
    for limit, number in report.missed.items():
        missed.add_metric((str(limit),), number)
    routes = _gauge("route_availability", "Share of the time in which a route worked", "route")
    for one in report.routes:
        routes.add_metric((one.name,), one.share)
    yield from (missed, routes, *_spread_of(report.devices))


def _spread_of(devices: tuple[Availability, ...]) -> Iterable[Metric]:
    """Yield the worst, the tenth and the median availability: enough to see that devices fail, and not whose."""
    if not devices:
        return
    shares = sorted(one.share for one in devices)
    spread = _gauge("device_availability", "Share of the time in which devices were heard", "percentile")
    for at, share in (("0", shares[0]), ("10", shares[len(shares) // 10]), ("50", shares[len(shares) // 2])):
        spread.add_metric((at,), share)
    yield spread


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"getuige_bridge_{name}", text, labels=labels)


def _label(stage: str) -> str:
    for old, new in _WORDS.items():
        stage = stage.replace(old, new)
    return stage

"""The bridge's figures as a page for Prometheus (text format 0.0.4): how fast presses are stored, and all it counts.

Names are `getuige_bridge_…`; units are in the names. Nothing here names a device, a person or a place.
"""

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, Final

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""From the target of a press (5 ms) to the longest that a single fault may cost (1 s), and beyond."""


class Histogram:
    """Counts durations in seconds; may be used from any thread."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum_s = 0.0
        self._lock = threading.Lock()

    def add(self, seconds: float) -> None:
        """Count one duration; a clock that was set back gives zero."""
        seconds = max(0.0, seconds)
        with self._lock:
            self._counts[bisect_left(BOUNDS_S, seconds)] += 1
            self._sum_s += seconds

    def lines(self, name: str) -> list[str]:
        """Return it as lines of the text format."""
        with self._lock:
            counts, sum_s = list(self._counts), self._sum_s
        out, total = [f"# TYPE {name} histogram"], 0
        for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), counts, strict=True):
            total += count
            out.append(f'{name}_bucket{{le="{bound}"}} {total}')
        return [*out, f"{name}_sum {sum_s:.6f}", f"{name}_count {total}"]


def page(health: Mapping[str, Any], stored: Histogram, stages: Sequence[str] = ()) -> str:
    """Return the page; `health` is what `View.health` returns, `stages` are the lines of `StageMetrics`."""
    lines = stored.lines("getuige_bridge_press_stored_seconds")
    gauges = {
        "getuige_bridge_ok": int(health["ok"]),
        "getuige_bridge_outbox_waiting": health["outbox_waiting"],
        "getuige_bridge_journal_waiting": health["journal"]["waiting"],
        "getuige_bridge_devices_enrolled": health["devices"]["enrolled"],
        "getuige_bridge_devices_fault": health["devices"]["fault"],
    }
    for name, value in gauges.items():
        lines += [f"# TYPE {name} gauge", f"{name} {value}"]
    for kind, key, up in (("broker", "name", "connected"), ("route", "route", None)):
        lines.append(f"# TYPE getuige_bridge_{kind}_up gauge")
        for one in health[f"{kind}s"]:
            works = one[up] if up else one["trouble"] is None
            lines.append(f'getuige_bridge_{kind}_up{{{kind}="{one[key]}"}} {int(works)}')
    lines.append("# TYPE getuige_bridge_positions_total counter")
    lines += [f'getuige_bridge_positions_total{{outcome="{name}"}} {n}' for name, n in health["positions"].items()]
    lines.append("# TYPE getuige_bridge_events_total counter")
    lines += [
        f'getuige_bridge_events_total{{event="{name}"}} {n}'
        for name, n in sorted(health["counters"].items())
        if not name.endswith("-ms")
    ]
    return "\n".join([*lines, *stages]) + "\n"

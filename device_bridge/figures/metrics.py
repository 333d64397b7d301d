"""The bridge's figures for Prometheus: how fast presses are stored, and all it counts.

Names are `getuige_bridge_…`; units are in the names. Nothing here names a device, a person or a place.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from device_bridge import causes as known
from device_bridge.lane.link import BOUNDS_S, Status

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


class _Collected(Collector):
    """Families that were worked out already."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def page(health: Mapping[str, Any], lane: Status | None, stages: Sequence[Metric] = ()) -> bytes:
    """Return the page; `health` is what `View.health` returns, `stages` are the families of `StageMetrics`."""
    registry = CollectorRegistry()
    own = (*_gauges(health), *_causes(health), *_ways(health), *_counters(health), *_lane(lane))
    registry.register(_Collected([*own, *stages]))
    return generate_latest(registry)


def _lane(lane: Status | None) -> Iterable[Metric]:
    """How the lane stands; no figures of presses while it does not."""
    yield GaugeMetricFamily("getuige_bridge_lane_up", "Whether the process that stores presses runs", value=bool(lane))
    if lane is None:
        return
    waits = "For how long the oldest press that is not stored has waited"
    yield GaugeMetricFamily("getuige_bridge_lane_waits_seconds", waits, value=lane.waits_s)
    yield GaugeMetricFamily("getuige_bridge_lane_devices", "Devices that the lane knows", value=lane.devices)
    yield CounterMetricFamily("getuige_bridge_lane_copies", "Copies answered from memory", value=lane.copies)
    bounds = (*map(str, BOUNDS_S), "+Inf")
    buckets = list(zip(bounds, accumulate(lane.stored), strict=True))
    text = "From the arrival of a press to its commit"
    yield HistogramMetricFamily("getuige_bridge_press_stored_seconds", text, buckets=buckets, sum_value=lane.seconds)


def _gauges(health: Mapping[str, Any]) -> Iterable[Metric]:
    for name, text, value in (
        ("ok", "Whether everything that a press passes works", int(health["ok"])),
        ("outbox_waiting", "Deliveries on routes without an outcome", health["outbox_waiting"]),
        ("journal_waiting", "Statements that the journal does not have", health["journal"]["waiting"]),
        ("journal_behind_seconds", "For how long the oldest of them has waited", health["journal"]["behind_s"]),
        ("devices_enrolled", "Alarm devices in use", health["devices"]["enrolled"]),
        ("devices_fault", "Alarm devices that are not in order", health["devices"]["fault"]),
    ):
        yield GaugeMetricFamily(f"getuige_bridge_{name}", text, value=value)


def _causes(health: Mapping[str, Any]) -> Iterable[Metric]:
    """Every cause of red health by its code, nought while it is none: an alert can name what it is about."""
    found = Counter(one["code"] for one in health["causes"])
    causes = GaugeMetricFamily("getuige_bridge_cause", "What keeps a press from a person", labels=("code",))
    for code in sorted(known.ALL):
        causes.add_metric((code,), found[code])
    yield causes
    yield GaugeMetricFamily("getuige_bridge_ready", "Whether all its threads run", value=int(health["ready"]))
    watching = health["watching"]
    yield GaugeMetricFamily("getuige_bridge_consoles", "Open consoles", value=watching["consoles"])
    text = "Dispatchers with a shift begun, whose console is awake"
    yield GaugeMetricFamily("getuige_bridge_on_shift", text, value=len(watching["on_shift"]))


def _ways(health: Mapping[str, Any]) -> Iterable[Metric]:
    brokers = GaugeMetricFamily("getuige_bridge_broker_up", "Connected brokers", labels=("broker",))
    for one in health["brokers"]:
        brokers.add_metric((one["name"],), int(one["connected"]))
    routes = GaugeMetricFamily("getuige_bridge_route_up", "Routes without trouble", labels=("route",))
    for one in health["routes"]:
        routes.add_metric((one["route"],), int(one["trouble"] is None))
    return brokers, routes


def _counters(health: Mapping[str, Any]) -> Iterable[Metric]:
    positions = CounterMetricFamily("getuige_bridge_positions", "Positions, by outcome", labels=("outcome",))
    for name, n in health["positions"].items():
        positions.add_metric((name,), n)
    events = CounterMetricFamily("getuige_bridge_events", "What the spool counts", labels=("event",))
    for name, n in sorted(health["counters"].items()):
        if not name.endswith("-ms"):
            events.add_metric((name,), n)
    return positions, events

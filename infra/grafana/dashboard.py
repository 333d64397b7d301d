"""The dashboard of alarms: writes `infra/grafana/alarms.json` from the rows below; `--check` compares instead.

A dashboard that was clicked together names metrics that nobody emits any more; a test holds this one against the page
that a running bridge really gives (`tests/unit/toolchain/test_dashboard.py`).
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

OUT: Final = Path(__file__).parent / "alarms.json"
WIDTH: Final = 12
HEIGHT: Final = 8

CAUSES: Final[dict[str, tuple[str, ...]]] = {
    "Red: presses reach the disk": (
        "presses-not-stored",
        "presses-wait",
        "presses-not-taken",
        "spool-unreadable",
        "disk-low",
        "keys",
    ),
    "Red: devices are heard": ("broker-away", "login-away", "devices-unjudged", "lane-away", "lane-unbelieved"),
    "Red: somebody is told": ("nobody-watches", "route-away", "no-account", "alarms-unreadable", "check-in-unread"),
    "Red: presses become evidence": (
        "presses-not-completed",
        "press-kept",
        "press-quarantined",
        "unsealed",
        "journal-away",
        "journal-behind",
        "journal-refused",
    ),
    "Red: the bridge itself": ("part-failed", "bridge-away", "clock-set"),
}
"""Panels of the causes of red health (`device_bridge/causes.py`): title, and the codes that it draws."""


def _matching(codes: tuple[str, ...]) -> str:
    return f'getuige_bridge_cause{{code=~"{"|".join(codes)}"}}'


PANELS: Final[tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...]] = (
    ("stat", "Bridges in order", "none", (("{{instance}}", "getuige_bridge_ok"),)),
    ("stat", "Alarms open", "none", (("open", "max(getuige_bridge_recent_open)"),)),
    ("table", "Red now", "none", (("{{instance}} {{code}}", "getuige_bridge_cause > 0"),)),
    *(
        ("state-timeline", title, "none", (("{{instance}} {{code}}", _matching(codes)),))
        for title, codes in CAUSES.items()
    ),
    (
        "timeseries",
        "Press: arrival until on disk",
        "s",
        tuple(
            (
                f"p{percent}",
                f"histogram_quantile(0.{percent}, sum by (le) (rate(getuige_bridge_press_stored_seconds_bucket[5m])))",
            )
            for percent in (50, 99)
        ),
    ),
    (
        "bargauge",
        "Stages, last 30 days, p90",
        "s",
        (("{{stage}}", 'max by (stage) (getuige_bridge_stage_seconds{percentile="90"})'),),
    ),
    (
        "table",
        "Stages, every percentile",
        "s",
        (("{{stage}} p{{percentile}}", "max by (stage, percentile) (getuige_bridge_stage_seconds)"),),
    ),
    (
        "stat",
        "Not accepted in time, last 30 days",
        "none",
        (("{{deadline_seconds}} s", "max by (deadline_seconds) (getuige_bridge_missed_deadlines)"),),
    ),
    (
        "timeseries",
        "Presses, repeats and tests an hour",
        "none",
        (("{{event}}", 'sum by (event) (increase(getuige_bridge_events_total{event=~"taken[.].*|duplicates"}[1h]))'),),
    ),
    (
        "timeseries",
        "Failed sendings a minute, by route",
        "none",
        (("{{event}}", 'sum by (event) (rate(getuige_bridge_events_total{event=~"route[.].*[.]failed"}[5m])) * 60'),),
    ),
    (
        "bargauge",
        "Routes: available, 30 days",
        "percentunit",
        (("{{route}}", "getuige_bridge_route_availability"),),
    ),
    (
        "bargauge",
        "Devices: available, worst, tenth and median",
        "percentunit",
        (("{{percentile}}", "min by (percentile) (getuige_bridge_device_availability)"),),
    ),
    (
        "state-timeline",
        "Brokers and routes",
        "none",
        (
            ("{{instance}} broker {{broker}}", "getuige_bridge_broker_up"),
            ("{{instance}} {{route}}", "getuige_bridge_route_up"),
        ),
    ),
    (
        "timeseries",
        "Waiting: journal and routes",
        "none",
        (("journal", "getuige_bridge_journal_waiting"), ("routes", "getuige_bridge_outbox_waiting")),
    ),
    (
        "timeseries",
        "Devices: enrolled, not in order",
        "none",
        (("enrolled", "max(getuige_bridge_devices_enrolled)"), ("not in order", "max(getuige_bridge_devices_fault)")),
    ),
)
"""Kind of panel, title, unit, and (legend, query) of each line."""


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana imports it (schema 39, any 10 or 11)."""
    return {
        "title": "Getuige: alarms",
        "uid": "getuige-alarms",
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "10s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [_panel(number, *row) for number, row in enumerate(PANELS)],
    }


def _panel(number: int, kind: str, title: str, unit: str, lines: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    instant = kind in ("stat", "bargauge", "table")
    return {
        "id": number + 1,
        "type": kind,
        "title": title,
        "datasource": source,
        "gridPos": {"h": HEIGHT, "w": WIDTH, "x": WIDTH * (number % 2), "y": HEIGHT * (number // 2)},
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "options": {},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": source, "expr": query, "legendFormat": legend}
            | ({"instant": True, "range": False} if instant else {})
            for index, (legend, query) in enumerate(lines)
        ],
    }


def main() -> int:
    """Write the file, or compare with `--check`; return the exit code."""
    text = json.dumps(dashboard(), indent=1) + "\n"
    if "--check" not in sys.argv[1:]:
        OUT.write_text(text, encoding="utf-8")
        return 0
    if OUT.read_text(encoding="utf-8") == text:
        return 0
    print(f"{OUT.name} is not what dashboard.py says: python infra/grafana/dashboard.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())

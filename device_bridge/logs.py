"""Logs as JSON lines on standard error: only the keys that are listed here, so that nothing slips in."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

ALLOWED: Final = frozenset(
    {
        *("event", "level", "timestamp", "bridge", "broker", "route", "reason", "error", "waiting", "devices"),
        *("statement", "again_in_s", "port", "troubles"),
    }
)
"""No payload, no position, no topic (it names a device), no token ever stands under one of these."""


def configure() -> None:
    """Set up logging for a process of this package."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format='{"event": "library", "logger": "%(name)s"}')


def _only_allowed(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in ALLOWED}

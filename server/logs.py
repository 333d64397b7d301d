"""Logs: one JSON object a line, and only keys that are on a list.

What is not on the list is dropped and named, so that a careless line can never carry a body, a header, a name, a key or
an address of a person. Routes are logged as templates: ids of cases and items do not stand in logs.
"""

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO, cast

import structlog

ALLOWED: Final = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "logger",
        "request",
        "method",
        "route",
        "status",
        "problem",
        "milliseconds",
        "bytes",
        "error",
        "place",
        "witness",
        "authority",
        "origin",
        "size",
        "count",
        "mode",
        "host",
        "port",
        "pid",
        "version",
        "state",
        "dropped",
    }
)
"""Every key that may stand in a log line; to add one, ask what the worst value under it could be."""


_OWN: Final = ("server.", "evidence.")
"""Our own lines, whose texts hold no values."""


def keep_allowed(_logger: object, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop what is not on the list; the names of what was dropped are said."""
    dropped = sorted(line.keys() - ALLOWED)
    kept = {key: value for key, value in line.items() if key in ALLOWED}
    if dropped:
        kept["dropped"] = dropped
    return kept


class _NoArguments(logging.Filter):
    """For lines of libraries: their texts may hold addresses and values, so only who spoke and how loud is kept."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(_OWN):
            record.msg, record.args = "a library spoke", ()
        record.exc_info = record.exc_text = None
        return True


class _Stream:
    """Standard error, as far as it takes lines: a log on a full disk must not break the answer that it speaks of."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            return sys.stderr.write(text)
        return 0

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


def configure() -> None:
    """Send the lines of structlog, and what libraries log from WARNING on, to standard error."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, keep_allowed, structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Stream())),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(_Stream())
    handler.addFilter(_NoArguments())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                keep_allowed,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)

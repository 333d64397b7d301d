"""Logs of all programs: one JSON object a line on standard error, and only keys that are on the program's list.

What is not on the list is dropped and named, so that a careless line can never carry a body, a header, a name, a key or
an address of a person. Of what libraries log only who spoke and how loud is kept: their texts may hold values.

To log never raises and never ends a thread: a full disk, a closed pipe or a value that is no JSON costs the line.
"""

import json
import logging
import os
import threading
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog

ALWAYS: Final = frozenset({"event", "level", "timestamp", "logger", "dropped"})
"""Keys that every program may use."""

STANDARD_ERROR: Final = 2

_OWN: Final = ("server.", "evidence.", "device_bridge.")
"""Our own lines, whose texts hold no values."""


def configure(allowed: frozenset[str]) -> None:
    """Send the lines of structlog, and what libraries log from WARNING on, to standard error.

    `allowed` are the keys that may stand in a line beside `ALWAYS`; to add one, ask what the worst value under it is.
    """
    keep = ALWAYS | allowed

    def keep_allowed(_logger: object, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return kept(line, keep)

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            keep_allowed,
            _render,
        ],
        logger_factory=_Lines,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_OfLibraries()], force=True)


def place(error: BaseException) -> str:
    """Say where an error was raised: its type, and file and line of our own code, never its text."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/server/" in frame.filename or "/evidence/" in frame.filename]
    last = (ours or frames)[-1:]
    where = "".join(f" {'/'.join(frame.filename.rsplit('/', 2)[-2:])}:{frame.lineno}" for frame in last)
    return f"{type(error).__name__}{where}"


def kept(line: MutableMapping[str, Any], allowed: frozenset[str]) -> dict[str, Any]:
    """Return a line without the keys that are not allowed; the names of what was dropped are said."""
    dropped = sorted(line.keys() - allowed)
    found = {key: value for key, value in line.items() if key in allowed}
    return {**found, "dropped": dropped} if dropped else found


class _StandardError:
    """File descriptor 2, as far as it takes lines; never through a buffer, which would keep what was refused."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._broken = False
        """Whether the last line ended in the middle."""

    def write(self, line: str) -> None:
        data = f"{line}\n".encode("ascii", "backslashreplace")
        with self._lock:
            rest = memoryview(b"\n" + data if self._broken else data)
            try:
                while rest:
                    written = os.write(STANDARD_ERROR, rest)
                    self._broken = True
                    rest = rest[written:]
                self._broken = False
            except OSError:
                return


_ERR: Final = _StandardError()


class _Lines:
    """What structlog gives rendered lines to."""

    def __init__(self, *_names: str) -> None: ...

    def msg(self, line: str) -> None:
        _ERR.write(line)

    debug = info = warning = error = critical = msg


class _OfLibraries(logging.Handler):
    """Takes what is logged with the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        event = "a library spoke"
        if record.name.startswith(_OWN):
            try:
                event = record.getMessage()
            except (TypeError, ValueError):
                event = str(record.msg)
        line = {"event": event, "level": record.levelname.lower(), "logger": record.name}
        _ERR.write(_render(None, "", {**line, "timestamp": datetime.now(UTC).isoformat()}))


def _render(_logger: object, _name: str, line: MutableMapping[str, Any]) -> str:
    try:
        return json.dumps(line, default=lambda value: type(value).__name__)
    except (TypeError, ValueError, RecursionError):
        return json.dumps({"event": "a line that cannot be written", "level": line.get("level", "error")}, default=str)

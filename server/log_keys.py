"""Keys that may stand in a log line of the server or a witness (`evidence.logs`).

Routes are logged as templates: ids of cases and items do not stand in logs, nor does an address of a person.
"""

from typing import Final

ALLOWED: Final = frozenset(
    {
        *("request", "method", "route", "status", "problem", "milliseconds", "bytes", "error", "place", "mode"),
        *("witness", "authority", "origin", "size", "count", "number", "bridge", "host", "port", "pid", "version"),
        *("state", "reason", "index", "sign"),
    }
)

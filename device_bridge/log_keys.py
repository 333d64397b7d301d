"""Keys that may stand in a log line of the bridge (`evidence.logs`).

No payload, no position, no topic and no id of a device (both name a person's button), no token stands under one.
"""

from typing import Final

ALLOWED: Final = frozenset(
    {
        *("bridge", "broker", "route", "reason", "error", "waiting", "devices", "statement", "again_in_s", "port"),
        *("troubles", "alarms", "peer", "kind", "loop", "seconds", "boot", "ahead_s", "closed"),
    }
)

"""Rules for whether an alarm device is in order, without a clock, and what the bridge remembers of a device.

Silence, a weak battery, tampering and a test that is overdue are the caseworker's business: they appear on the team's
list and never on a route to dispatchers. Silence is judged by our own deadline, never by a broker's word.

Reporting times: EN 50136-1 (SP6 20 s, SP4 3 min, SP3 30 min). A device says that it lives three times within its time.
"""

from dataclasses import dataclass
from typing import Final, Literal

Profile = Literal["20s", "3min", "30min"]
Reason = Literal["never-heard", "silent", "battery", "tamper", "test-overdue"]

PROFILE_S: Final[dict[Profile, int]] = {"20s": 20, "3min": 180, "30min": 1800}
"""How long a device of each class may be silent before its caseworker is told."""

HEARTBEAT_S: Final[dict[Profile, int]] = {"20s": 6, "3min": 60, "30min": 60}
"""How often a device of each class says that it lives: three signs, or more, within its time."""

ALARMED_HEARTBEAT_S: Final[dict[Profile, int]] = {"20s": 6, "3min": 10, "30min": 10}
"""The same while an alarm is open."""

LOW_BATTERY: Final = 20
"""Per cent; days are left to charge it or swap it."""

TEST_EVERY_MS: Final = 14 * 24 * 3600 * 1000
"""A button that nobody has tried for two weeks may not work on the day (French practice: 14 to 15 days)."""


@dataclass(frozen=True)
class Condition:
    """What is known of one device; moments in Unix milliseconds. `since` is when the bridge began to watch it.

    `lent`: another bridge watched it before, and may have heard what this one did not.
    """

    profile: Profile
    since_ms: int
    heard_ms: int | None = None
    battery: int | None = None
    tested_ms: int | None = None
    tampered: bool = False
    lent: bool = False


def reasons(
    known: Condition, now_ms: int, watching_since_ms: int, before: tuple[Reason, ...] = ()
) -> tuple[Reason, ...]:
    """Return what is wrong at `now_ms`, sorted; nothing means READY. `before` is what was wrong until now.

    New silence counts from when this bridge began to listen at the earliest: while it was away, nobody could be heard.
    """
    found: list[Reason] = []
    limit_ms = PROFILE_S[known.profile] * 1000
    listened = now_ms - watching_since_ms > limit_ms or not {"silent", "never-heard"}.isdisjoint(before)
    if listened and now_ms - (known.heard_ms or known.since_ms) > limit_ms:
        found.append("silent" if known.heard_ms or known.lent else "never-heard")
    if known.battery is not None and known.battery <= LOW_BATTERY:
        found.append("battery")
    if known.tampered:
        found.append("tamper")
    if not (known.lent and known.tested_ms is None) and now_ms - (known.tested_ms or known.since_ms) > TEST_EVERY_MS:
        found.append("test-overdue")
    return tuple(sorted(found))

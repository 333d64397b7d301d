"""The outbox of routes: rows written in the press's own transaction, tried until each has an answer.

What waits for its turn (an alternate receiver, the second centres, the person on call) is held in a table of its own,
written in the same transaction; it goes into the outbox when its stage comes, rests when a human accepts, and is
forgotten when somebody is on the way.

A lease is implied by `due_ms`: taking a row pushes it into the future, so that a route that dies in the middle
finds its row again, and the same process never sends one row twice at the same time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from device_bridge.alarm.escalation import Stage, Turn
from device_bridge.clock import Step
from device_bridge.spool.reading import Reading
from device_bridge.spool.writing import Writing
from evidence import ids

LEASE_MS: Final = 15_000
"""Longer than connecting, sending and waiting for one answer; after it the row is tried anew."""

_SENDS: Final = "'waiting', 'yielded', 'held', 'resting', 'released'"
"""States of a row that sends something, now or later."""

_KEPT: Final = "(sealed != x'' OR press IS NOT NULL)"
"""Of a held row: what it would send is still there."""

MAX_AT_ONCE: Final = 2
"""Deliveries of one alarm on one route: the one that is on its way, and the next round's."""

FIRST_RETRY_MS: Final = 500
LAST_RETRY_MS: Final = 30_000
"""Retries double from half a second to half a minute; an open alarm is never given up."""


@dataclass(frozen=True)
class Delivery:
    """One alarm for one route; `sealed` opens with the bridge's box key only.

    It is empty for as long as what is sent must be read from the press itself, which `press` names.
    """

    n: int
    alarm: ids.AlarmId
    route: str
    sealed: bytes
    attempts: int
    press: ids.Sha256 | None = None


def queue(
    spool: Writing, alarm: ids.AlarmId, route: str, sealed: bytes, now_ms: int, press: ids.Sha256 | None = None
) -> None:
    """Add a delivery that is due at once; with `press`, what it sends is read from there until it is filled in."""
    spool.sql.execute(
        "INSERT INTO outbox (alarm, route, sealed, due_ms, press) VALUES (?, ?, ?, ?, ?)",
        (alarm, route, sealed, now_ms, press),
    )


def fill_in(spool: Writing, press: ids.Sha256, sealed: bytes) -> None:
    """Put what is to be sent where a press was pointed at."""
    for table in ("outbox", "held"):
        spool.sql.execute(
            f"UPDATE {table} SET press = NULL, sealed = CASE WHEN state IN ({_SENDS}) THEN ? ELSE sealed END"  # noqa: S608 - one of two names
            " WHERE press = ?",
            (sealed, press),
        )


def queue_withdrawal(
    spool: Writing, alarm: ids.AlarmId, route: str, sealed: bytes, due_ms: int, *, yielded: bool
) -> None:
    """Add the word that an alarm was none; once, however often it is heard that it was closed.

    `yielded`: another bridge says it, and this one only when nothing was heard of that until `due_ms`.
    """
    query = "SELECT 1 FROM outbox WHERE alarm = ? AND route = ? AND withdraws"
    if spool.sql.execute(query, (alarm, route)).fetchone() is None:
        spool.sql.execute(
            "INSERT INTO outbox (alarm, route, sealed, due_ms, withdraws, state) VALUES (?, ?, ?, ?, 1, ?)",
            (alarm, route, sealed, due_ms, "yielded" if yielded else "waiting"),
        )


def take(spool: Writing, route: str, now_ms: int, limit: int, again: int | None = None) -> list[Delivery]:
    """Lease up to `limit` due deliveries of `route`: what was never tried first, then what was tried least.

    At most `again` of them (None: all) were tried before: a receiver that is silent on a hundred alarms must still hear
    at once of the next.
    """
    rows = spool.sql.execute(
        "SELECT n, alarm, route, sealed, attempts, press FROM outbox"
        " WHERE state = 'waiting' AND route = ? AND due_ms <= ? ORDER BY attempts, n LIMIT ?",
        (route, now_ms, limit),
    ).fetchall()
    if again is not None:
        rows = rows[: sum(row[4] == 0 for row in rows) + max(0, again)]
    for row in rows:
        spool.sql.execute(
            "UPDATE outbox SET due_ms = ?, attempts = attempts + 1 WHERE n = ?", (now_ms + LEASE_MS, row[0])
        )
    return [Delivery(*row) for row in rows]


def due(spool: Reading, route: str, now_ms: int) -> bool:
    """Whether anything is due on `route`; a cheap look before a transaction."""
    query = "SELECT 1 FROM outbox WHERE state = 'waiting' AND route = ? AND due_ms <= ? LIMIT 1"
    return spool.sql.execute(query, (route, now_ms)).fetchone() is not None


def carry(spool: Writing, step: Step) -> None:
    """Keep what waits as far away as it was, after the wall clock was set: tries, turns, windows for tests."""
    for table, due, when in (
        ("outbox", "due_ms", "state IN ('waiting', 'yielded') AND due_ms > 0"),
        ("held", "due_ms", "state IN ('held', 'resting')"),
        ("test_window", "until_ms", "TRUE"),
    ):
        query = f"UPDATE {table} SET {due} = {due} + ? WHERE {when}"  # noqa: S608 - one of the three above
        spool.sql.execute(query, (step.ms,))


def release_leases(spool: Writing) -> None:
    """Make everything due that a former process of this spool had taken and not finished."""
    spool.sql.execute("UPDATE outbox SET due_ms = 0 WHERE state = 'waiting'")


def finish(spool: Writing, delivery: Delivery, *, delivered: bool) -> None:
    """Close a delivery for good; what it would have sent is forgotten."""
    spool.sql.execute(
        "UPDATE outbox SET state = ?, sealed = x'' WHERE n = ?",
        ("delivered" if delivered else "failed", delivery.n),
    )


def retry_later(spool: Writing, delivery: Delivery, now_ms: int) -> None:
    """Try again after a pause that doubles with each attempt."""
    pause = min(LAST_RETRY_MS, FIRST_RETRY_MS << min(delivery.attempts, 10))
    spool.sql.execute("UPDATE outbox SET due_ms = ? WHERE n = ?", (now_ms + pause, delivery.n))


def hold(spool: Writing, alarm: ids.AlarmId, turns: Iterable[Turn], press: ids.Sha256) -> None:
    """Keep turns of later routes, pointing at a press; what was held for the alarm before, unsent, is replaced."""
    spool.sql.execute("DELETE FROM held WHERE alarm = ? AND state = 'held'", (alarm,))
    turns = list(turns)
    spool.sql.executemany("DELETE FROM held WHERE alarm = ? AND route = ?", [(alarm, turn.route) for turn in turns])
    rows = [(alarm, turn.route, int(turn.stage), turn.instead_of, turn.due_ms, press) for turn in turns]
    spool.sql.executemany(
        "INSERT INTO held (alarm, route, stage, instead_of, sealed, due_ms, press) VALUES (?, ?, ?, ?, x'', ?, ?)", rows
    )


def refresh(spool: Writing, alarm: ids.AlarmId, sealed: bytes) -> None:
    """Let routes that still wait, or are told again, send a newer position."""
    spool.sql.execute(f"UPDATE held SET sealed = ?, press = NULL WHERE alarm = ? AND {_KEPT}", (sealed, alarm))  # noqa: S608 - a constant


def alternates_due(spool: Reading, now_ms: int) -> list[tuple[ids.AlarmId, str]]:
    """Return (alarm, silent route) for which an alternate receiver has its turn now."""
    query = "SELECT DISTINCT alarm, instead_of FROM held WHERE state = 'held' AND stage = 0 AND due_ms <= ?"
    return [(ids.AlarmId(row[0]), str(row[1])) for row in spool.sql.execute(query, (now_ms,))]


def release_alternate(spool: Writing, alarm: ids.AlarmId, instead_of: str) -> list[str]:
    """Give alternates of a route their turn; return their names (none when they had it, or are not needed)."""
    return _release(spool, "alarm = ? AND stage = 0 AND instead_of = ?", (alarm, instead_of))


def release_stage(spool: Writing, alarm: ids.AlarmId, stage: Stage) -> list[str]:
    """Give the routes of a stage their turn; return their names."""
    return _release(spool, "alarm = ? AND stage = ?", (alarm, int(stage)))


def release_all(spool: Writing, alarm: ids.AlarmId) -> list[str]:
    """Give every route its turn and let the alarm's deadlines go; return the routes' names."""
    spool.sql.execute("DELETE FROM deadline WHERE alarm = ?", (alarm,))
    return _release(spool, "alarm = ?", (alarm,))


def drop_alternates(spool: Writing, alarm: ids.AlarmId, instead_of: str) -> None:
    """Forget the alternates of a route that has answered."""
    spool.sql.execute(
        "DELETE FROM held WHERE alarm = ? AND stage = 0 AND instead_of = ? AND state = 'held'", (alarm, instead_of)
    )


def tell_again(spool: Writing, alarm: ids.AlarmId) -> list[str]:
    """Give every later route a further turn, also those that were told before; return their names."""
    wake(spool, alarm)
    told = _release(spool, "alarm = ? AND stage > 0", (alarm,))
    rows = spool.sql.execute(
        "SELECT route, sealed, press FROM held"  # noqa: S608 - a constant
        f" WHERE alarm = ? AND stage > 0 AND state = 'released' AND {_KEPT}",
        (alarm,),
    ).fetchall()
    for route, sealed, press in (row for row in rows if row[0] not in told):
        count = "SELECT count(*) FROM outbox WHERE alarm = ? AND route = ? AND state IN ('waiting', 'yielded')"
        # One that is on its way now may end as delivered the next moment, and is no word of this round.
        if spool.sql.execute(f"{count} AND NOT withdraws", (alarm, route)).fetchone()[0] < MAX_AT_ONCE:
            queue(spool, alarm, route, sealed, 0, press)
    return sorted({*told, *(str(row[0]) for row in rows)})


def rest(spool: Writing, alarm: ids.AlarmId) -> None:
    """A human has the alarm: later stages are not begun, and those that were begun are not tried again.

    What they would send is kept until somebody is on the way: who accepted it may lose it again (`wake`).
    """
    spool.sql.execute("UPDATE held SET state = 'resting' WHERE alarm = ? AND stage > 0 AND state = 'held'", (alarm,))
    spool.sql.execute(
        "UPDATE outbox SET state = 'dropped', sealed = x'' WHERE alarm = ? AND state = 'waiting' AND NOT withdraws"
        " AND route IN (SELECT route FROM held WHERE alarm = ? AND stage > 0)",
        (alarm, alarm),
    )


def wake(spool: Writing, alarm: ids.AlarmId) -> None:
    """Nobody has the alarm any more: what rested waits for its turn again."""
    spool.sql.execute("UPDATE held SET state = 'held' WHERE alarm = ? AND state = 'resting'", (alarm,))


def drop_later(spool: Writing, alarm: ids.AlarmId) -> None:
    """Somebody is on the way, or the alarm is closed: later stages are over, and what they would send is forgotten."""
    rest(spool, alarm)
    spool.sql.execute("DELETE FROM held WHERE alarm = ? AND state = 'resting'", (alarm,))
    spool.sql.execute("UPDATE held SET sealed = x'', press = NULL WHERE alarm = ? AND stage > 0", (alarm,))


def call_off(spool: Writing, alarm: ids.AlarmId, route: str) -> bool:
    """Stop what `route` had not sent yet; return whether its receiver may have something, from here or elsewhere.

    What waited for another bridge to send it (`device_bridge.spool.yielding`) may have been sent there this moment.
    """
    spool.sql.execute("DELETE FROM held WHERE alarm = ? AND route = ? AND state != 'released'", (alarm, route))
    spool.sql.execute("UPDATE held SET sealed = x'', press = NULL WHERE alarm = ? AND route = ?", (alarm, route))
    query = "SELECT max(attempts > 0 OR state = 'yielded') FROM outbox WHERE alarm = ? AND route = ? AND NOT withdraws"
    begun = bool(spool.sql.execute(query, (alarm, route)).fetchone()[0])
    spool.sql.execute(
        "UPDATE outbox SET state = 'dropped', sealed = x'' WHERE alarm = ? AND route = ? AND NOT withdraws"
        " AND state IN ('waiting', 'yielded')",
        (alarm, route),
    )
    return begun


def _release(spool: Writing, where: str, values: tuple[object, ...]) -> list[str]:
    rows = spool.sql.execute(
        f"SELECT n, alarm, route, sealed, press FROM held WHERE state = 'held' AND {where} ORDER BY n",  # noqa: S608 - `where` is one of three texts above
        values,
    ).fetchall()
    for n, alarm, route, sealed, press in rows:
        queue(spool, alarm, route, sealed, 0, press)
        spool.sql.execute(
            "UPDATE held SET state = 'released', sealed = iif(stage > 0, sealed, x''),"
            " press = iif(stage > 0, press, NULL) WHERE n = ?",
            (n,),
        )
    return [str(row[2]) for row in rows]

"""Retention of sealed presses: no longer than the bridge needs them, so that an erasure reaches it too.

State rules:
- A container leaves the spool only when the journal holds its item's seal (asked of the journal itself, at that moment:
  one that was restored from an older backup may have lost it) and its alarm is closed.
- Then it goes `KEPT_AFTER_CLOSE_MS` after the close, or at once when the journal says that the item was erased.
- What another bridge sealed of the same press may be what the journal names; then the blob of ours goes as well: no
  statement names it, so no erasure would find it.
- What is in quarantine goes after `QUARANTINE_KEPT_MS`, whatever it was.
- A statement that the journal has goes with them, a week after its alarm was closed: the spool must not grow for ever.
- The row stays, with the container's hash. So do the alarm and its history, which hold no position.

A drop is one transaction, so that a kill leaves a container whole or gone; SQLite overwrites what is deleted
(`secure_delete`), and its log is emptied afterwards, also when an earlier process was killed before it could.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from device_bridge.journal.stores import Stores
from device_bridge.spool import containers, replication
from device_bridge.spool.connection import Spool
from device_bridge.spool.containers import Kept
from evidence import ids
from evidence.statements.standing import Standing

KEPT_AFTER_CLOSE_MS: Final = replication.KEPT_MS
"""A week: consoles look back over their last shifts, and a bridge that was away takes presses anew for as long."""

QUARANTINE_KEPT_MS: Final = 30 * 24 * 3600 * 1000
"""What nobody could read is looked at within a month, or never; it may be a press with a place in it."""

LOOK_EVERY_S: Final = 600.0
"""An erasure is fourteen days in coming; ten minutes more do not matter, and looking asks the journal."""

LOOKED_AT: Final = 1_000
"""Containers that the journal is asked of at once: a millisecond or two of its lock."""

AT_ONCE: Final = 20
"""Dropped in one transaction: about a millisecond of the lock that presses need."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Known:
    """What the journal says of an item: was it erased, and which container does it name (None once destroyed)."""

    erased: bool
    names: ids.Sha256 | None


def let_go(spool: Spool, stores: Stores, now_ms: int) -> frozenset[ids.AlarmId]:
    """Drop what is not needed any more at `now_ms` (Unix milliseconds); return the alarms that it belonged to.

    Raises SpoolError, and what the journal raises when it cannot be asked: then what was not dropped yet stays.
    """
    changed: set[ids.AlarmId] = set()
    kept = containers.answered(spool.read(), 0, LOOKED_AT)
    while kept:
        going = _going(stores, kept, now_ms)
        _let_go(spool, going)
        changed.update(one.alarm for one in going)
        kept = containers.answered(spool.read(), kept[-1].n, LOOKED_AT)
    _forget_said(spool, ids.time_of_ms(now_ms - KEPT_AFTER_CLOSE_MS))
    _empty_quarantine(spool, ids.time_of_ms(now_ms - QUARANTINE_KEPT_MS))
    if changed:
        log.info("sealed-presses-dropped", alarms=len(changed))
    spool.empty_log()
    return frozenset(changed)


def _going(stores: Stores, kept: Sequence[Kept], now_ms: int) -> list[Kept]:
    """Return those that go, and destroy blobs of theirs that the journal does not name."""
    known = stores.journal.ask(lambda standing: _known(standing, kept))
    going = [one for one in kept if one.item in known and (known[one.item].erased or _is_old(one, now_ms))]
    for one in going:
        if known[one.item].names not in (None, one.sha256):
            stores.blobs.destroy(one.sha256)
    return going


def _let_go(spool: Spool, going: Sequence[Kept]) -> None:
    for start in range(0, len(going), AT_ONCE):
        part = going[start : start + AT_ONCE]
        with spool.write() as writing:
            for one in part:
                containers.drop(writing, one)
            writing.count("items.dropped", len(part))


def _forget_said(spool: Spool, before: ids.Time) -> None:
    while places := containers.said_before(spool.read(), before, LOOKED_AT):
        for start in range(0, len(places), AT_ONCE):
            with spool.write() as writing:
                containers.forget_said(writing, places[start : start + AT_ONCE])


def _empty_quarantine(spool: Spool, before: ids.Time) -> None:
    if containers.quarantined_before(spool.read(), before):
        with spool.write() as writing:
            containers.empty_quarantine(writing, before)


def _is_old(one: Kept, now_ms: int) -> bool:
    return now_ms - one.closed_ms > KEPT_AFTER_CLOSE_MS


def _known(standing: Standing, kept: Sequence[Kept]) -> dict[ids.ItemId, Known]:
    """Return what the journal says of those items that it holds."""
    found = {}
    for one in kept:
        sealed = standing.items.get(one.item)
        erased = one.item in standing.erased
        if sealed is not None or erased:
            body = sealed.body if sealed is not None else None
            found[one.item] = Known(erased, None if body is None else body.container.sha256)
    return found

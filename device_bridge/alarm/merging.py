"""Two bridges know the same alarm: what they know together. Pure, and the same whoever asks whom, in whatever order.

Each fact only ever adds up (a join of semilattices), so that bridges that exchanged everything say the same:

- acts, lapses, lines of the history: what either has. Lines that both wrote by themselves are shown once.
- the state: the furthest that any act leads; every act was allowed where it was made. Who *accepted* and who closed is
  the earliest of several, by time and then by the name of the statement, and of who took it over the latest; the others
  stay in the history.
- a claim: the latest, for as long as any bridge heard that its console was there.
- routes: the newest report of each. Escalation: the furthest.
- presses are **not** merged here. Every bridge takes each press itself, once, from its bytes
(`device_bridge.peers.follower`); so `repeats`, `last_press`, and the share of presses in `revision` are a bridge's own
and agree by themselves.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from device_bridge.alarm.alarm import (
    TAKES,
    Alarm,
    Claim,
    Closing,
    Done,
    Entry,
    Escalation,
    Lapse,
    Person,
    RouteReport,
    State,
)
from device_bridge.alarm.escalation import Stage
from device_bridge.alarm.life import MAX_HISTORY, NOT_TO_DISPATCHERS, entry_of
from evidence import ids

_RANK: Final[tuple[State, ...]] = ("raised", "delivered", "claimed", "accepted", "dispatched", "on_scene", "closed")
_RAISED: Final = "raised: "


def merge(mine: Alarm, theirs: Alarm) -> Alarm:
    """Return the alarm `mine` with everything that another bridge knows of the same alarm."""
    acts, lapses = _acts(mine.acts, theirs.acts), _lapses(mine.lapses, theirs.lapses)
    first = min((mine, theirs), key=lambda one: (one.raised_at, one.press.boot, one.press.counter))
    merged = replace(
        mine,
        kind="duress" if "duress" in (mine.kind, theirs.kind) else mine.kind,
        raised_at=first.raised_at,
        press=first.press,
        age_s=first.age_s,
        card=mine.card or theirs.card,
        flags=tuple(sorted({*mine.flags, *theirs.flags})),
        routes=_routes((*mine.routes, *theirs.routes)),
        acts=acts,
        lapses=lapses,
        claim=_claim(mine, theirs, lapses),
        accepted_by=_accepted(acts, lapses, mine, theirs),
        closed=_closing(acts) or mine.closed or theirs.closed,
        escalation=_escalation(mine.escalation, theirs.escalation),
        generation=max(mine.generation or 0, theirs.generation or 0) or mine.generation,
        orphan=mine.orphan and theirs.orphan,
        folded_into=min(filter(None, (mine.folded_into, theirs.folded_into)), default=None),
    )
    news = len(acts) - len(mine.acts) + len(lapses) - len(mine.lapses)
    history = _history(merged, mine.history, theirs.history)
    revision = (mine.revision or 0) + news if news else mine.revision
    merged = replace(merged, state=_state(merged, mine, theirs), history=history, revision=revision)
    return merged if waits_for(merged) == waits_for(mine) else replace(merged, counting_ms=None)


def waits_for(alarm: Alarm) -> tuple[object, ...]:
    """Return what its next deadline is about: when that changes, an old count of it is none."""
    at = alarm.escalation.at if alarm.escalation is not None and alarm.stage == Stage.LAST else None
    return alarm.accepted_by is None, alarm.stage == Stage.LAST, at


def covered(alarm: Alarm) -> frozenset[str] | None:
    """Return the presses that whoever closed the alarm had before them; None when nothing says so: then all."""
    closes = [done for done in alarm.acts if done.what == "close"]
    if not closes or any(done.covers is None for done in closes):
        return None
    return frozenset(press for done in closes for press in done.covers or ())


def closed_with(closed: Iterable[Alarm], press: str) -> ids.AlarmId | None:
    """Return the alarm whose closing covered this press (`lineage.cover`), None if there is none."""
    return next((alarm.alarm for alarm in closed if press in (covered(alarm) or ())), None)


def _acts(mine: Iterable[Done], theirs: Iterable[Done]) -> tuple[Done, ...]:
    """One record for each statement: of two, which the same act at two bridges made, the earlier, covering both."""
    known: dict[str, Done] = {}
    for done in sorted((*mine, *theirs), key=_order):
        first = known.get(done.statement)
        if first is None:
            known[done.statement] = done
        elif first.covers is not None or done.covers is not None:
            both = tuple(sorted({*(first.covers or ()), *(done.covers or ())}))
            known[done.statement] = replace(first, covers=both)
    return tuple(sorted(known.values(), key=_order))


def _order(done: Done) -> tuple[int, str]:
    return done.at_ms, done.statement


def _lapses(mine: Iterable[Lapse], theirs: Iterable[Lapse]) -> tuple[Lapse, ...]:
    known: dict[tuple[int, str], Lapse] = {}
    for lapse in (*mine, *theirs):
        key = (lapse.claimed_ms, lapse.kid)
        if key not in known or lapse.until_ms > known[key].until_ms:
            known[key] = lapse
    return tuple(known[key] for key in sorted(known))


def _claim(mine: Alarm, theirs: Alarm, lapses: tuple[Lapse, ...]) -> Claim | None:
    """The latest claim, unless it ran out before any bridge heard of its console again."""
    claims = [one.claim for one in (mine, theirs) if one.claim is not None]
    if not claims:
        return None
    latest = max(claims, key=lambda one: (one.at_ms, one.person.kid, one.until_ms))
    for lapse in lapses:
        if (lapse.claimed_ms, lapse.kid) == (latest.at_ms, latest.person.kid) and lapse.until_ms >= latest.until_ms:
            return None
    return latest


def _accepted(acts: tuple[Done, ...], lapses: tuple[Lapse, ...], mine: Alarm, theirs: Alarm) -> Person | None:
    """Who accepted first, or took it over last, and did not lose it again."""
    if not any(done.what in TAKES for done in acts):
        return mine.accepted_by or theirs.accepted_by
    return holder(acts, lapses)


def holder(acts: Iterable[Done], lapses: Iterable[Lapse] = ()) -> Person | None:
    """Return on whose name the alarm is, by its acts in order and the acceptances that ran out.

    One that ran out counts all the same when somebody was dispatched before anybody else accepted.
    """
    lost = {(lapse.claimed_ms, lapse.kid) for lapse in lapses}
    held: Done | None = None
    on_the_way = False
    for done in acts:
        free = held is None or ((held.at_ms, held.by.kid) in lost and not on_the_way)
        if done.what == "take_over" or (done.what == "accept" and free):
            held = done
        on_the_way = on_the_way or done.what in ("dispatch", "on_scene")
    return None if held is None or ((held.at_ms, held.by.kid) in lost and not on_the_way) else held.by


def _closing(acts: tuple[Done, ...]) -> Closing | None:
    for done in acts:
        if done.what == "close" and done.reason is not None:
            return Closing(done.reason, done.by, done.at)
    return None


def _escalation(mine: Escalation | None, theirs: Escalation | None) -> Escalation | None:
    both = [one for one in (mine, theirs) if one is not None]
    if not both:
        return None
    furthest = max((one.stage, one.rounds or 0) for one in both)
    far = (one for one in both if (one.stage, one.rounds or 0) == furthest)
    return max(far, key=lambda one: (one.why != "not-accepted", one.at))


def _routes(reports: Iterable[RouteReport]) -> tuple[RouteReport, ...]:
    newest: dict[str, RouteReport] = {}
    for one in reports:
        known = newest.get(one.route)
        newer = known is None or _newness(one) > _newness(known)
        newest[one.route] = one.after(known) if newer or known is None else known.after(one)
    return tuple(newest[route] for route in sorted(newest))


def _newness(one: RouteReport) -> tuple[str, bool, str]:
    return one.at, one.outcome == "delivered", one.detail


def _state(merged: Alarm, mine: Alarm, theirs: Alarm) -> State:
    """The furthest state; a claim that ran out leads no further than the routes did."""
    found = max((mine.state, theirs.state), key=_RANK.index)
    if merged.closed is not None:
        return "closed"
    lost = found == "accepted" and merged.accepted_by is None
    if found != "claimed" and not lost:
        return found
    if merged.claim is not None:
        return "claimed"
    reached = (one.outcome == "delivered" and one.route not in NOT_TO_DISPATCHERS for one in merged.routes)
    return "delivered" if any(reached) else "raised"


def _history(merged: Alarm, mine: Iterable[Entry], theirs: Iterable[Entry]) -> tuple[Entry, ...]:
    """All lines by time; of those with one id the earliest, and *raised* only for the press that opened the alarm."""
    opening = entry_of(merged.press)
    known: dict[str, Entry] = {}
    for entry in sorted((*mine, *theirs), key=lambda one: _preference(one, opening)):
        known.setdefault(entry.id or f"{entry.at} {entry.what} {entry.by}", entry)
    lines = sorted(known.values(), key=lambda one: (one.at, one.id or "", one.what, one.by))
    if len(lines) > MAX_HISTORY:
        half = MAX_HISTORY // 2
        lines = [*lines[:half], *lines[-half:]]
    return tuple(lines)


def _preference(entry: Entry, opening: str) -> tuple[bool, str, str, str]:
    fits = entry.what.startswith(_RAISED) == (entry.id == opening)
    return not fits, entry.at, entry.what, entry.by

"""The merging of what several bridges tell: the alarm to show of two, and their health together. Pure.

The bridges bring their alarms together by themselves, within milliseconds; here is only chosen which of them is ahead.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

Told = dict[str, Any]

_RANK: Final = ("raised", "delivered", "claimed", "accepted", "dispatched", "on_scene", "closed")


def ahead(told: Sequence[tuple[bool, Told]]) -> int:
    """Return the place of the report to show, of one alarm as (live, report) from each bridge that knows it.

    A bridge that can be reached goes before one that cannot. Then whoever has counted more; of two that counted the
    same, an open alarm goes before a closed one: what may still need a human is never hidden.
    """
    return max(range(len(told)), key=lambda place: (told[place][0], *_progress(told[place][1]), -place))


def _progress(report: Told) -> tuple[int, bool, int]:
    state = str(report.get("state", ""))
    rank = _RANK.index(state) if state in _RANK else 0
    return _number(report.get("revision")), state != "closed", rank


def with_newest_item(shown: Told, others: Iterable[Told]) -> Told:
    """Return the report `shown` with the newest sealed item that any bridge told of, by the device's own numbers.

    A position comes over one lane that is not repeated, and heartbeats may be split over bridges: the bridge that is
    ahead need not be the one that heard where she is now. A report without an item has let go of it, and stays so.
    """
    items = [one["item"] for one in (shown, *others) if isinstance(one.get("item"), dict)]
    if not isinstance(shown.get("item"), dict):
        return shown
    return {**shown, "item": max(items, key=_push_of)}


def _push_of(push: Told) -> tuple[int, int]:
    return _number(push.get("boot")), _number(push.get("counter"))


def covers(shown: Told, other: Told) -> bool:
    """Whether who saw `shown` has seen every press that `other` knows of."""
    return _push(shown) >= _push(other) and _number(shown.get("repeats")) >= _number(other.get("repeats"))


def _push(report: Told) -> tuple[int, int]:
    return _push_of(report.get("last_press") or {})


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def health(reports: Sequence[Told]) -> Told:
    """Return the health of all bridges together: a part works while it works for one of them.

    `ok` is false as soon as anything is wrong with any of them, so that somebody mends it.
    """
    if len(reports) == 1:
        return reports[0]
    live = [one for one in reports if one.get("reachable") is not False]
    if not live:
        return {**reports[0], "troubles": _troubles(reports)}
    first = live[0]
    return {
        **first,
        "ok": all(one.get("ok") for one in reports),
        "bridge": ", ".join(str(one.get("bridge", "")) for one in live),
        "bridges": len(reports),
        "reachable": True,
        "troubles": _troubles(reports),
        "causes": _causes(reports),
        "watching": _watching(live),
        "check_ins": _check_ins(live),
        "brokers": _by_name((row for one in live for row in one.get("brokers", ())), "name", "connected", good=True),
        "routes": _by_name((row for one in live for row in one.get("routes", ())), "route", "trouble", good=None),
        "journal": next((one["journal"] for one in live if _writes(one)), first.get("journal", {})),
    }


def devices(reports: Iterable[dict[str, Told]]) -> dict[str, Told]:
    """Return how each device stands, from the bridge that heard of it last."""
    found: dict[str, Told] = {}
    for report in reports:
        for name, one in report.items():
            if name not in found or str(one.get("heard_at") or "") > str(found[name].get("heard_at") or ""):
                found[name] = one
    return found


def device(reports: Sequence[Told]) -> Told:
    """Return the page of one device from the bridge that heard of it last; {} when none watches it."""
    return max(reports, key=lambda one: str((one.get("device") or {}).get("heard_at") or "") if one else "")


def days(reports: Iterable[dict[str, Told]]) -> dict[str, Told]:
    """Return the row of each device from the bridge that knows most of its presses, with the newest sign of life."""
    found: dict[str, Told] = {}
    for row in (row for report in reports for row in report.values()):
        known = found.get(name := str(row.get("device")), row)
        more = max(known, row, key=lambda one: (_number(one.get("presses")), _number(one.get("tests"))))
        later = max(known, row, key=lambda one: str(one.get("heard_at") or ""))
        found[name] = {**more, **{member: later.get(member) for member in ("battery", "heard_at")}}
    return found


def _writes(report: Told) -> bool:
    journal = report.get("journal")
    return isinstance(journal, dict) and not journal.get("trouble")


def _troubles(reports: Iterable[Told]) -> list[str]:
    return list(dict.fromkeys(str(trouble) for one in reports for trouble in one.get("troubles", ())))


def _causes(reports: Iterable[Told]) -> list[Told]:
    found = {(one["code"], one["about"]): one for report in reports for one in report.get("causes", ())}
    return list(found.values())


def _check_ins(live: Sequence[Told]) -> Told:
    """Return how many check-ins are awaited, and when the first is due: every bridge holds every one."""
    said = [one["check_ins"] for one in live if isinstance(one.get("check_ins"), dict)]
    first = [str(one["first_at"]) for one in said if one.get("first_at")]
    return {
        "awaited": max((_number(one.get("awaited")) for one in said), default=0),
        "first_at": min(first, default=None),
    }


def _watching(live: Sequence[Told]) -> Told:
    """Return who watches, as any bridge heard it."""
    said = [one["watching"] for one in live if isinstance(one.get("watching"), dict)]
    return {
        "consoles": max((_number(one.get("consoles")) for one in said), default=0),
        "on_shift": sorted({str(kid) for one in said for kid in one.get("on_shift", ())}),
    }


def _by_name(rows: Iterable[Told], name: str, member: str, *, good: object) -> list[Told]:
    found: dict[str, Told] = {}
    for row in rows:
        known = found.get(str(row.get(name)))
        if known is None or (known.get(member) != good and row.get(member) == good):
            found[str(row.get(name))] = row
    return list(found.values())

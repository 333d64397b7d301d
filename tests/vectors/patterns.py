"""What the vectors of the pattern ask, in Python; the page's answers stand in `tests/interop/patterns.mjs`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from evidence import ids
from evidence.bundle.dossier import axis, pattern
from evidence.bundle.dossier.pattern import Entry
from evidence.envelope import meta as metas
from evidence.envelope import parts


def entries(given: Mapping[str, Any]) -> list[Entry]:
    """Return the entries that a vector tells of, in the order in which things happened."""
    now = axis.moment(given["now"])
    return pattern.in_order(_entry(one, index, now) for index, one in enumerate(given["entries"]))


def _entry(told: Mapping[str, Any], index: int, now: int) -> Entry:
    item, recorded = ids.ItemId(f"{index:032}"), ids.Time(told["recorded"])
    return Entry.of(item, index, _meta(told, index), recorded, now, counts=told.get("counts", True))


def _meta(told: Mapping[str, Any], index: int) -> metas.Meta:
    kind = told["kind"]
    said: dict[str, Any] = {"kind": kind, "title": "", "recorded": ids.Time(told["recorded"])}
    said |= {"source": told.get("source", "victim"), "happened": told.get("happened")}
    if kind == "incident":
        more: dict[str, Any] = {name: told.get(name) for name in ("severity", "impact", "count")}
        return metas.Incident(**said, **more, conduct=tuple(told.get("conduct", ())))
    if kind == "order":
        ban = told["order"]
        return metas.Order(**said, order=parts.Order(ban["kind"], ban["from"], ban.get("until")))
    if "alarm" in told:
        message = "press" if kind == "alarm" else kind
        ids_of_it = (ids.AlarmId(told["alarm"]), ids.DeviceId("d" * 32))
        said["happened"] = None
        alarm = parts.Alarm(*ids_of_it, 1, index + 1, message, ids.Base64(""), ids.Time(told["happened"]))
        return metas.Alarm(**said, alarm=alarm)
    about = ids.ItemId(f"{told['about']:032}") if "about" in told else None
    return metas.Media(**said, conduct=tuple(told.get("conduct", ())), about=about)


def figures(given: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: [one.index for one in hits] for key, hits in pattern.figures(entries(given)).items()}
    only = given["only"]
    return {"figures": dict(sorted(found.items())) if only is None else {key: found.get(key, []) for key in only}}


def _duration(given: Mapping[str, Any]) -> dict[str, Any]:
    lasted = pattern.duration(entries(given))
    return {} if lasted is None else {"days": lasted.days, "least": lasted.least, "vague": lasted.vague}


OPERATIONS: Final[dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "count figures": figures,
    "duration": _duration,
    "times": lambda given: {"times": pattern.times(pattern.happenings(entries(given)))},
    "gaps": lambda given: {"gaps": [list(one) for one in pattern.gaps(entries(given))]},
}

"""Vectors of the pattern of a case (`evidence/bundle/dossier/pattern.py`): counted by hand, and many generated ones.

What was counted by hand says only the figures that it is about. A generated case says all of them: Python counted it,
and the page must count the same.
"""

import random
from typing import Any, Final

from tests.vectors import patterns
from tests.vectors.parts import RECORDED, Vector, gives

_NOW: Final = "2027-01-01T12:00:00.000Z"
_STOP: Final = {"kind": "stop-gezegd", "from": "2026-05-10"}
_BAN: Final = {"kind": "huisverbod", "from": "2026-10-20", "until": "2026-10-29"}
_ENDLESS: Final = {"kind": "contactverbod", "from": "2026-03-01"}
_MONDAY_26_OCTOBER: Final = 1_792_969_200_000
_MONDAY_19_OCTOBER: Final = 1_792_360_800_000

BY_HAND: Final[dict[str, tuple[list[dict[str, Any]], dict[str, Any]]]] = {
    "the hour that comes twice is one hour of the night, and its week has an hour more": (
        [
            {"kind": "incident", "happened": "2026-10-25T02:30"},
            {"kind": "incident", "happened": "2026-10-25T02:30+02:00"},
            {"kind": "incident", "happened": "2026-10-25T02:30+01:00"},
            {"kind": "incident", "happened": "2026-10-26T00:00"},
            {"kind": "incident", "happened": "2026-10-25T23:59"},
        ],
        {
            "hour:6:2": [1, 0, 2],
            "hour:6:23": [4],
            "hour:0:0": [3],
            f"week:{_MONDAY_19_OCTOBER}": [1, 0, 2, 4],
            f"week:{_MONDAY_26_OCTOBER}": [3],
        },
    ),
    "a time in the hour that is skipped stands for its day, and for no hour": (
        [{"kind": "incident", "happened": "2026-03-29T02:30"}, {"kind": "incident", "happened": "2026-03-29T03:00"}],
        {"hour:6:3": [1], "hour-left": [0], "dated": [1, 0], "wide": []},
    ),
    "what is vague is in no week and no hour, and is said to be left out": (
        [
            {"kind": "incident", "happened": "2026-05~"},
            {"kind": "incident", "happened": "2026-05-12"},
            {"kind": "incident", "happened": None},
            {"kind": "incident", "happened": "2026-02-30"},
            {"kind": "incident", "happened": "../2026-05-12"},
        ],
        {"week-left": [0, 2, 3], "hour-left": [1, 4, 0, 2, 3], "undated": [2, 3], "wide": [0, 2, 3]},
    ),
    "pressing again is the same alarm, and a place while it is open is none": (
        [
            {"kind": "alarm", "happened": "2026-11-04T21:10:00.000Z", "alarm": "a" * 32},
            {"kind": "alarm", "happened": "2026-11-04T21:10:20.000Z", "alarm": "a" * 32},
            {"kind": "position", "happened": "2026-11-04T21:10:30.000Z", "alarm": "a" * 32},
            {"kind": "check-in", "happened": "2026-11-04T23:10:00.000Z", "alarm": "b" * 32},
        ],
        {"happened": [0, 3], "alarms": [0, 3], "hour:2:22": [0], "hour:3:0": [3]},
    ),
    "before and after he was told to stop; what overlaps that day, or has no time, is neither": (
        [
            {"kind": "order", "order": _STOP},
            {"kind": "order", "order": {"kind": "stop-gezegd", "from": "2026-07-01"}},
            {"kind": "incident", "happened": "2026-05-09"},
            {"kind": "incident", "happened": "2026-05-10T12:00"},
            {"kind": "incident", "happened": "2026-05-11"},
            {"kind": "incident", "happened": "2026-05"},
            {"kind": "incident", "happened": None},
            {"kind": "incident", "happened": "2026-08-01T10:00"},
        ],
        {"stop-before": [2], "stop-after": [4, 7], "stop-left": [3, 5, 6]},
    ),
    "nobody told him to stop: then nothing is before or after it": (
        [{"kind": "incident", "happened": "2026-05-09"}, {"kind": "order", "order": _BAN}],
        {"stop-before": [], "stop-after": [], "stop-left": [], "breaches": []},
    ),
    "what happened while an order was in force, wholly": (
        [
            {"kind": "order", "order": _BAN},
            {"kind": "order", "order": _ENDLESS},
            {"kind": "incident", "happened": "2026-10-20"},
            {"kind": "incident", "happened": "2026-10-29T23:59"},
            {"kind": "incident", "happened": "2026-10-30T00:00"},
            {"kind": "incident", "happened": "2026-10-19/2026-10-20"},
            {"kind": "incident", "happened": "2026-02-28"},
        ],
        {f"order:{0:032}": [2, 3], f"order:{1:032}": [5, 2, 3, 4], "breaches": [5, 2, 3, 4]},
    ),
    "whose record it is: her own, and the media about it; what was replaced or disputed is no source": (
        [
            {"kind": "incident", "happened": "2026-05-09"},
            {"kind": "video", "about": 0, "source": "camera"},
            {"kind": "incident", "happened": "2026-05-10"},
            {"kind": "photo", "about": 2, "source": "victim"},
            {"kind": "photo", "about": 2, "source": "police", "counts": False},
            {"kind": "incident", "happened": "2026-05-11", "source": "witness"},
            {"kind": "photo", "source": "camera"},
        ],
        {"source:victim": [0, 2], "source:camera": [0], "source:witness": [5], "source:police": [], "alone": [2]},
    ),
    "a conduct is counted once a happening, with media that stand alone; the worst stands first among equals": (
        [
            {"kind": "incident", "happened": "2026-05-09", "conduct": ["gift", "gift"], "severity": 1},
            {"kind": "photo", "about": 0, "conduct": ["gift"]},
            {"kind": "incident", "happened": "2026-05-10", "conduct": ["threat"], "severity": 4},
            {"kind": "photo", "about": 77, "conduct": ["call"]},
            {"kind": "incident", "happened": "2026-05-11", "conduct": ["threat"], "counts": False},
        ],
        {"conduct:gift": [0], "conduct:threat": [2], "conduct:call": [3], "severity:1": [0], "severity:4": [2]},
    ),
}
"""Name → what was told, and the figures that it is about, in the order of the axis (an empty list: no such figure)."""

_DURATIONS: Final[dict[str, tuple[list[str], tuple[int, int, bool]]]] = {
    "one day, an hour longer than others": (["2026-10-25"], (1, 1, False)),
    "two exact times": (["2026-05-01T10:00", "2026-05-11T10:00"], (10, 10, False)),
    "a month and a day": (["2026-05", "2026-07-01"], (62, 30, True)),
    "about a day": (["2026-05-01", "2026-05-21~"], (21, 19, True)),
}

_TIMES: Final[list[dict[str, Any]]] = [
    {"kind": "incident", "happened": "2026-05-09", "count": 30},
    {"kind": "incident", "happened": "2026-05-10"},
    {"kind": "incident", "happened": "2026-05-11", "count": 4, "counts": False},
    {"kind": "alarm", "happened": "2026-11-04T21:10:00.000Z", "alarm": "a" * 32},
]

_GAP: Final = [
    {"kind": "incident", "happened": one} for one in ("2026-01-01", "2026-01-30", "2026-01-29", "2026-03-01")
]


def vectors() -> list[Vector]:
    """Return every vector of this kind."""
    made: list[Vector] = []
    given: dict[str, Any]
    for name, (told, figures) in BY_HAND.items():
        given = {"now": _NOW, "entries": [_whole(one) for one in told], "only": sorted(figures)}
        made.append(gives(name, "count figures", given, {"figures": figures}))
    for name, (times, (days, least, vague)) in _DURATIONS.items():
        given = {"now": _NOW, "entries": [_whole({"kind": "incident", "happened": one}) for one in times]}
        made.append(gives(f"duration: {name}", "duration", given, {"days": days, "least": least, "vague": vague}))
    made.append(
        gives("thirty calls are thirty", "times", {"now": _NOW, "entries": list(map(_whole, _TIMES))}, {"times": 32})
    )
    gap = {"now": _NOW, "entries": list(map(_whole, _GAP))}
    made.append(
        gives(
            "four weeks and a day of nothing",
            "gaps",
            gap,
            {"gaps": [[1_769_727_600_000 + 2 * 43_200_000, 1_772_319_600_000]]},
        )
    )
    for seed in range(24):
        given = {"now": _NOW, "entries": _generated(seed), "only": None}
        made.append(gives(f"generated {seed}", "count figures", given, patterns.figures(given)))
    return made


def _whole(told: dict[str, Any]) -> dict[str, Any]:
    return {"recorded": RECORDED, **told}


_WHEN: Final = (
    *(None, "x", "2019", "2026-07~", "2026-11", "2026-11-02", "2026-11-02T21:30", "2026-11-02T21:30+05:30"),
    *("2026-10-25T02:30", "2026-03-29T02:15", "2026-05/2026-07", "../2026-08-01"),
)
_TAGS: Final = ("visit", "threat", "following", "gift", "message", "call", "iets anders")


def _generated(seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    told = []
    for index in range(chance.randrange(1, 30)):
        kind = chance.choice(("incident", "incident", "alarm", "position", "check-in", "photo", "file", "order"))
        one: dict[str, Any] = {"kind": kind, "happened": chance.choice(_WHEN), "recorded": RECORDED}
        if kind in {"incident", "photo", "file"}:
            one["conduct"] = chance.sample(_TAGS, chance.randrange(3))
            one["source"] = chance.choice(("victim", "victim", "camera", "witness"))
        if kind == "incident":
            one |= {"severity": chance.choice((None, 0, 1, 2, 3, 4)), "count": chance.choice((None, 1, 30))}
            one["impact"] = chance.choice((None, "Ik slaap slecht."))
        if kind in {"photo", "file"} and index:
            one["about"] = chance.randrange(index)
        if kind in {"alarm", "position", "check-in"}:
            one |= {
                "happened": f"2026-11-0{chance.randrange(1, 9)}T20:15:00.000Z",
                "alarm": f"{chance.randrange(3):032x}",
            }
        if kind == "order":
            one |= {"happened": None, "order": chance.choice((_STOP, _BAN, _ENDLESS))}
        told.append(
            {name: value for name, value in one.items() if value is not None}
            | ({"counts": False} if chance.random() < 0.1 else {})
        )
    return told

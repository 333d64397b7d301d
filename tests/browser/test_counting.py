"""Whoever follows a number sees the entries that it counted, and whoever searches finds them by the words on the page.

Asked of Node over generated cases: no browser is needed to count. The page itself is walked in `test_reading.py`.
"""

import random
from collections import Counter
from typing import Any

import pytest

from tests.support.pages_in_node import ask

pytestmark = pytest.mark.need("node")

TAGS = ("visit", "threat", "following", "gift", "message", "call", "tracking", "damage", "online", "iets anders")
WHEN = (
    None,
    "2026-07~",
    "2026-11",
    "2026-11-02",
    "2026-11-02T21:30",
    "2026-10-25T02:30",
    "2026-05/2026-07",
    "2019",
    "x",
)
STOPPED = {"kind": "stop-gezegd", "valid_from": "2026-08-01", "until": "2026-08-01"}
ORDERED = {"kind": "huisverbod", "valid_from": "2026-11-01", "until": "2026-11-11"}


def generated(seed: int) -> list[dict[str, Any]]:
    """A case of every kind of entry: repeats of a press, positions, media with and without an entry they belong to."""
    chance = random.Random(seed)
    told: list[dict[str, Any]] = []
    for index in range(chance.randrange(40)):
        kind = chance.choice(
            ("incident", "incident", "alarm", "position", "photo", "file", "order", "card", "assessment")
        )
        one: dict[str, Any] = {
            "kind": kind,
            "happened": chance.choice(WHEN),
            "verification": {"state": chance.choice(("proven", "signed", "failed"))},
        }
        if kind in {"incident", "photo", "file"}:
            one |= {
                "conduct": chance.sample(TAGS, chance.randrange(4)),
                "severity": chance.choice((None, 0, 1, 2, 3, 4)),
            }
            one["impact"] = chance.choice((None, None, "Ik slaap slecht."))
        if kind in {"photo", "file"} and index:
            one["about"] = chance.choice((None, "no such entry", f"{chance.randrange(index):032}"))
        if kind in {"alarm", "position"}:
            one |= {
                "alarm": {"alarm": f"alarm {chance.randrange(3)}"},
                "by": {"kid": "5f" * 16, "role": chance.choice(("bridge", "phone"))},
            }
        told.append({**one, "order": chance.choice((ORDERED, STOPPED))} if kind == "order" else one)
    return told


def test_whoever_follows_a_number_sees_exactly_the_entries_that_it_counted() -> None:
    cases = [generated(seed) for seed in range(120)]

    seen: set[str] = set()
    for told, found in zip(cases, ask("everyFigure", cases=cases), strict=True):
        for key, figure in found["figures"].items():
            seen.add(key.partition(":")[0])
            assert figure["count"] == len(figure["counted"]) == len(set(figure["counted"])) > 0, key
            assert set(figure["rows"]) == set(figure["counted"]), key
            assert len(figure["rows"]) == figure["count"], key
            assert set(figure["half"]) == set(figure["counted"][::2]), f"{key}, with a text beside it"
        here = {f"{index:032}" for index in range(len(told))}
        alone = [
            one
            for one in told
            if one["kind"] == "incident" or (one["kind"] in {"photo", "file"} and one.get("about") not in here)
        ]
        tags = Counter(tag for one in alone for tag in one["conduct"])
        assert dict(found["conducts"]) == tags, "no conduct is left out, and what belongs to an entry counts once"
        assert [count for _, count in found["conducts"]] == sorted(tags.values(), reverse=True)
        worst = {f"severity:{level}" for level in {one["severity"] for one in alone} - {None}}
        assert worst <= set(found["figures"]), "no severity is left out"
    assert seen == {
        "happened",
        "dated",
        "undated",
        "alarms",
        "conduct",
        "severity",
        "media",
        "impact",
        "wide",
        "breaches",
        "order",
        "week",
        "week-left",
        "hour",
        "hour-left",
        "source",
        "alone",
        "stop-before",
        "stop-after",
        "stop-left",
    }


def test_of_two_conducts_with_the_same_number_the_worst_stands_first() -> None:
    told = [
        {"conduct": ["gift"], "severity": 1},
        {"conduct": ["threat"], "severity": 4},
        {"conduct": ["call", "online"], "severity": 2},
    ]

    (found,) = ask("everyFigure", cases=[told])

    assert [tag for tag, _ in found["conducts"]] == ["threat", "call", "online", "gift"]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_filter_has_a_name_in_words(language: str) -> None:
    keys = [
        "happened",
        "dated",
        "undated",
        "alarms",
        "conduct:threat",
        "severity:4",
        "severity:none",
        "media",
        "impact",
        "wide",
        "breaches",
        f"order:{'0' * 32}",
        "source:camera",
        "week:1793574000000",
        "week-left",
        "hour:0:21",
        "hour-left",
        "alone",
        "stop-before",
        "stop-after",
        "stop-left",
        "proof:proven",
        "proof:failed",
    ]

    names = ask("names", keys=keys, language=language)

    assert len(set(names)) == len(names)
    assert not set(names) & set(keys)


TOLD = [
    {
        "kind": "incident",
        "title": "Aan de deur",
        "conduct": ["visit", "threat"],
        "severity": 4,
        "happened": "2026-11-02T22:14",
    },
    {"kind": "incident", "title": "Bij de halte", "conduct": ["following"], "severity": 2, "happened": "2026-04-04"},
    {
        "kind": "photo",
        "title": "Café Noir",
        "source": "camera",
        "happened": "2026-05~",
        "by": {"kid": "6f" * 16, "role": "caseworker", "label": "Marit"},
    },
    {"kind": "order", "title": "Tijdelijk", "order": {**ORDERED, "number": "HV-2208"}, "happened": None},
]


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "nl",
            {
                "bedreiging": [0],
                "Volgen": [1],
                "gebeurtenis": [0, 1],
                "zijzelf": [0, 1, 3],
                "ernst 4": [0],
                "levensgevaar": [0],
                "november": [0, 3],
                "2 november 2026": [0],
                "2026-11": [0, 3],
                "2026-11-02": [0],
                "maandag 2 nov": [0],
                "mei 2026": [2],
                "cafe noir": [2],
                "huisverbod": [3],
                "HV-2208": [3],
                "Marit": [2],
                "casemanager": [2],
                "Camera van een ander": [2],
                "threat": [0],
                "deur bedreiging": [0],
                "bedreiging volgen": [],
                "  ": [0, 1, 2, 3],
            },
        ),
        (
            "en",
            {
                "threat": [0],
                "following": [1],
                "severity 4": [0],
                "November": [0, 3],
                "2026-11-02": [0],
                "caseworker": [2],
                "4 April 2026": [1],
            },
        ),
    ],
)
def test_the_search_knows_the_words_that_the_reader_sees(language: str, wanted: dict[str, list[int]]) -> None:
    found = ask("searched", told=TOLD, needles=list(wanted), language=language)

    assert dict(zip(wanted, found, strict=True)) == wanted


def test_a_number_belongs_to_its_word_in_a_search() -> None:
    needles = ["ernst 4", "2 november 2026", "ernst 4 volgen", "2026 volgen", "volgen november 2026", ""]

    assert ask("parts", needles=needles) == [
        ["ernst 4"],
        ["2 november 2026"],
        ["ernst 4", "volgen"],
        ["2026", "volgen"],
        ["volgen", "november 2026"],
        [],
    ]


def test_the_number_of_days_is_vague_when_the_first_or_the_last_time_is() -> None:
    exact = ask(
        "lasted",
        told=[{"happened": "2026-11-01T10:00"}, {"happened": "2026-07~", "kind": "photo"}, {"happened": "2026-11-21"}],
    )
    assert (exact["days"], exact["vague"]) == (21, False)
    about = ask("lasted", told=[{"happened": "2026-07~"}, {"happened": "2026-11-29"}, {"happened": None}])
    assert (about["days"], about["least"], about["vague"]) == (152, 120, True)


def test_the_escalation_line_says_only_what_is_known() -> None:
    at = "2026-11-21T22:00:30.000Z"

    def alarm(stage: int, *routes: tuple[str, str, str]) -> dict[str, Any]:
        reports = [
            {"route": "dc09-noord", "outcome": "delivered", "at": "2026-11-21T22:00:01.000Z", "code": "dc09-ack"}
        ]
        reports += [{"route": route, "outcome": outcome, "at": at, "code": code} for route, outcome, code in routes]
        return {"escalation": {"stage": stage, "at": at, "why": "not-accepted"}, "routes": reports}

    siren = ("console-siren", "delivered", "siren-not-accepted")
    told = ("device", "delivered", "device-told-112")
    found = ask(
        "escalated",
        alarms=[
            {"escalation": None, "routes": []},
            alarm(1, siren),
            alarm(1, siren, ("second-centre", "failed", "nobody-second")),
            alarm(1, ("dc09-zuid", "failed", "receiver-silent")),
            alarm(1, ("dc09-zuid", "failed", "receiver-silent"), ("sip-mk", "delivered", "sip-taken")),
            alarm(2, siren, told),
            alarm(2, siren, ("on-call", "failed", "nobody-on-call"), ("device", "failed", "device-watched")),
            alarm(2, ("on-call-marit", "delivered", "page-taken"), told),
            alarm(2, ("on-call-marit", "failed", "receiver-unreachable"), ("device", "failed", "device-no-broker")),
        ],
    )

    assert found[0] is None
    assert [(one["receiver"], one["device"]) for one in found[1:]] == [
        ("trying", None),
        ("nobody", None),
        ("failed", None),
        ("taken", None),
        ("trying", "device-told-112"),
        ("nobody", "device-watched"),
        ("taken", "device-told-112"),
        ("failed", "device-no-broker"),
    ]

"""The figures on the pages are right: remembered times, distances, weeks, hours, gaps and breaches, asked of Node.

What is not known precisely is never counted as if it were: it is left out, and the number left out is right as well.
"""

from typing import Any

import pytest

from tests.support.pages_in_node import ask

pytestmark = pytest.mark.need("node")


@pytest.mark.parametrize(
    ("text", "begin", "end", "precision"),
    [
        ("2026-05-12T21:30", "2026-05-12T19:30", "2026-05-12T19:31", "minute"),
        ("2026-05-12T21:30:44+02:00", "2026-05-12T19:30", "2026-05-12T19:30", "second"),
        ("2026-11-15T22:14:59.123Z", "2026-11-15T22:14", "2026-11-15T22:15", "second"),
        ("2026-05-12", "2026-05-11T22:00", "2026-05-12T22:00", "day"),
        ("2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00", "day"),
        ("2026-05~", "2026-04-30T22:00", "2026-05-31T22:00", "month"),
        ("2026-05-XX", "2026-04-30T22:00", "2026-05-31T22:00", "month"),
        ("2026-22", "2026-05-31T22:00", "2026-08-31T22:00", "season"),
        ("2026?", "2025-12-31T23:00", "2026-12-31T23:00", "year"),
        ("2026-05/2026-06", "2026-04-30T22:00", "2026-06-30T22:00", "interval"),
        ("../2026-05-12", "2026-05-11T22:00", "2026-05-12T22:00", "interval"),
    ],
)
def test_a_remembered_time_is_as_wide_as_it_was_told(text: str, begin: str, end: str, precision: str) -> None:
    (span,) = ask("edtf", texts=[text])

    assert (span["from"][:16], span["to"][:16], span["precision"]) == (begin, end, precision)
    assert span["approximate"] is ("~" in text)
    assert span["uncertain"] is ("?" in text)


def test_what_is_no_time_is_unknown_and_not_guessed() -> None:
    texts = ["", "mei", "2026-13", "2026-02-30", "2026-5-1", "2026-05-12T25", "a/b", "2026/2027/2028", "../..", None]

    assert ask("edtf", texts=texts) == [None] * len(texts)


def test_distance_and_direction_agree_with_known_places() -> None:
    rotterdam, amsterdam = {"lat": "51.9244", "lon": "4.4777"}, {"lat": "52.3676", "lon": "4.9041"}

    there = ask("geo", **{"from": rotterdam, "to": amsterdam})
    back = ask("geo", **{"from": amsterdam, "to": rotterdam})

    assert there["metres"] == pytest.approx(57_200, rel=0.01)
    assert back["metres"] == pytest.approx(there["metres"])
    assert (there["point"], back["point"]) == ("NE", "SW")
    assert ask("geo", **{"from": rotterdam, "to": rotterdam})["metres"] == 0


def test_only_what_is_precise_is_counted_by_hour_and_the_rest_is_named() -> None:
    told = [
        {"kind": "incident", "when": "2026-11-02T21:30"},
        {"kind": "incident", "when": "2026-11-02T21:50"},
        {"kind": "alarm", "when": "2026-11-04T21:10:00.000Z"},
        {"kind": "incident", "when": "2026-11-03"},
        {"kind": "incident", "when": "2026-08~"},
        {"kind": "incident", "when": None},
        {"kind": "photo", "when": "2026-11-02T10:00"},
        {"kind": "order", "when": "2026-11-03/2026-11-12"},
    ]

    found = ask("figures", told=told)

    assert (found["sum"], found["most"], found["left"]) == (3, 2, 3)
    (week,) = found["weekly"]["weeks"]
    assert (week["entries"], week["alarms"], found["weekly"]["left"]) == (3, 1, 2)
    assert found["breaches"] == [2]
    assert found["gaps"] == 1


@pytest.mark.parametrize("opened_by", ["alarm", "check-in"])
def test_pressing_again_is_the_same_alarm(opened_by: str) -> None:
    """Three presses and a cancel in one panic must not look like four times that something happened."""
    one, other = "a1" * 16, "b2" * 16
    told = [
        {"kind": "alarm", "when": "2026-11-04T21:10:00.000Z", "alarm": one},
        {"kind": "alarm", "when": "2026-11-04T21:10:20.000Z", "alarm": one},
        {"kind": "alarm", "when": "2026-11-04T21:12:00.000Z", "alarm": one},
        {"kind": "incident", "when": "2026-11-04T21:30"},
        {"kind": opened_by, "when": "2026-11-04T23:10:00.000Z", "alarm": other},
        {"kind": "order", "when": "2026-11-03/2026-11-12"},
    ]

    found = ask("figures", told=told)

    (week,) = found["weekly"]["weeks"]
    assert (week["entries"], week["alarms"]) == (1, 2)
    assert (found["sum"], found["breaches"]) == (3, [3])


def test_weeks_begin_on_monday_also_when_the_clock_is_changed() -> None:
    told = [{"kind": "incident", "when": when} for when in ("2026-10-20T12:00", "2026-10-26T00:10", "2026-11-08T23:50")]

    weeks = ask("figures", told=told)["weekly"]["weeks"]

    assert [week["entries"] for week in weeks] == [1, 1, 1]


ALARM = "9b" * 16


def opened(counter: int, lat: str = "51.9342", *, kind: str = "position", at: str = "2026-11-22T14:03:22.000Z",
           **more: object) -> dict[str, Any]:  # fmt: skip
    """What the desk key made of one item of an alarm."""
    alarm = {"alarm": ALARM, "device": "d1", "boot": 3, "counter": counter, "kind": kind, "pressed_at": at, "age_s": 0}
    meta = {"recorded": at, "position": {"lat": lat, "lon": "4.4577", "accuracy_m": 8}, "alarm": alarm}
    return {"item": f"item {counter}", "sealed": "proven", "meta": meta, **more}


def judged(found: dict[str, Any], shown: dict[str, Any] | None) -> str:
    return str(ask("judge", found=found, shown=shown, alarm=ALARM))


def test_only_a_newer_position_of_this_alarm_that_a_bridge_sealed_takes_the_place_of_the_shown_one() -> None:
    shown = opened(8)

    assert judged(opened(9), shown) == "next"
    assert judged(opened(9, at="2026-11-22T13:00:00.000Z"), shown) == "next", "a clock that was set back is no matter"
    assert judged(opened(9), opened(8, kind="press")) == "next"
    assert judged(opened(9), None) == "next"
    assert judged(opened(9), {**shown, "meta": None}) == "next"
    assert judged(opened(7), shown) == "older"
    assert judged(opened(8), shown) == "older"
    assert judged(opened(8, kind="press"), opened(9)) == "older", "another bridge may not have it yet"
    assert judged(opened(9, sealed="failed"), shown) == "closed"
    assert judged(opened(9, meta=None), shown) == "closed"
    elsewhere = opened(9)
    elsewhere["meta"]["alarm"]["alarm"] = "5e" * 16
    assert judged(elsewhere, shown) == "closed"
    nowhere = opened(9)
    nowhere["meta"]["position"] = None
    assert judged(nowhere, shown) == "empty"


def test_the_same_message_under_the_name_of_another_bridge_is_nothing_newer() -> None:
    items = [
        {"item": "item 8"},
        {"item": "of the other bridge", "boot": 3, "counter": 8},
        {"item": "a next one", "boot": 3, "counter": 9},
        {"item": "after a start", "boot": 4, "counter": 1},
        {"item": "from a bridge that gives no numbers"},
    ]
    assert ask("later", items=items, shown=opened(8)) == [False, False, True, True, True]


def test_a_track_keeps_places_and_not_how_often_she_was_seen_there() -> None:
    walked = [opened(n, f"{51.93 + n / 1000:.6f}")["meta"] for n in range(1, 5)]
    track = ask("track", metas=walked)
    assert len(track["been"]) == len(walked) - 1
    assert track["step"]["away"] == pytest.approx(111, abs=1)
    assert (round(track["step"]["turn"]), track["step"]["same"]) == (0, False)

    stood = [opened(n, f"{51.93 + n / 1_000_000:.6f}")["meta"] for n in range(1, 5)]
    track = ask("track", metas=stood)
    assert len(track["been"]) == 1
    assert track["step"]["same"] is True

    vague = [opened(n, f"{51.93 + n / 1000:.6f}")["meta"] for n in range(1, 3)]
    vague[1]["position"]["accuracy_m"] = 500
    assert ask("track", metas=vague)["step"]["same"] is True, "a receiver that wanders is no movement"
    long = [opened(n, f"{51 + n / 1000:.6f}")["meta"] for n in range(1, 200)]
    assert len(ask("track", metas=long)["been"]) == 60


def test_a_screen_reader_hears_the_newest_position_once_in_half_a_minute() -> None:
    first, second = "9b" * 16, "5e" * 16
    offers = [
        {"now": 0, "alarm": first, "text": "one", "selected": first},
        {"now": 10_000, "alarm": first, "text": "two", "selected": first},
        {"now": 20_000, "alarm": first, "text": "three", "selected": first},
        {"now": 29_999, "selected": first},
        {"now": 30_000, "selected": first},
        {"now": 90_000, "alarm": second, "text": "of an alarm that nobody looks at", "selected": first},
        {"now": 91_000, "alarm": first, "text": "four", "selected": first},
    ]
    assert ask("told", offers=offers) == ["one", "one", "one", "one", "three", "three", "four"]


def test_positions_fold_under_their_alarm_and_nothing_else_hides_there() -> None:
    def entry(name: str, kind: str, alarm: str = ALARM, role: str = "bridge", state: str = "proven") -> dict[str, Any]:
        return {"id": name, "kind": "alarm", "alarm": {"alarm": alarm, "kind": kind}, "by": {"role": role},
                "verification": {"state": state}}  # fmt: skip

    quiet = [entry("p", "press"), entry("1", "position"), entry("2", "position")]
    assert ask("folded", entries=quiet, unfolded=[]) == {"rows": ["p"], "folds": {"p": 2}}
    assert ask("folded", entries=quiet, unfolded=[ALARM]) == {"rows": ["p", "1", "2"], "folds": {"p": 2}}
    assert ask("folded", entries=quiet[1:], unfolded=[]) == {"rows": ["1", "2"], "folds": {}}
    missed = [{**entry("c", "check-in"), "kind": "check-in"}, *quiet[1:]]
    assert ask("folded", entries=missed, unfolded=[]) == {"rows": ["c"], "folds": {"c": 2}}, "it opened the alarm"
    loud = [
        entry("p", "press"),
        entry("of another alarm", "position", alarm="5e" * 16),
        entry("of her phone", "position", role="phone"),
        entry("forged", "position", state="failed"),
    ]
    assert ask("folded", entries=loud, unfolded=[])["rows"] == [one["id"] for one in loud]

"""The figures on the pages are right: remembered times, distances, weeks, hours, gaps and breaches, asked of Node.

What is not known precisely is never counted as if it were: it is left out, and the number left out is right as well.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.need("node")

PEER = Path(__file__).parent / "figures.mjs"


def ask(question: str, **members: object) -> Any:  # noqa: ANN401 - JSON
    """Put a request to the JavaScript side, in the time zone of Amsterdam."""
    environment = {**os.environ, "TZ": "Europe/Amsterdam"}
    request = json.dumps({"ask": question, **members})
    done = subprocess.run(
        ["node", str(PEER)], input=request, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("text", "begin", "end", "precision"),
    [
        ("2026-05-12T21:30", "2026-05-12T19:30", "2026-05-12T19:31", "minute"),
        ("2026-05-12T21:30:44+02:00", "2026-05-12T19:30", "2026-05-12T19:31", "minute"),
        ("2026-11-15T22:14:00.123Z", "2026-11-15T22:14", "2026-11-15T22:15", "minute"),
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


def test_weeks_begin_on_monday_also_when_the_clock_is_changed() -> None:
    told = [{"kind": "incident", "when": when} for when in ("2026-10-20T12:00", "2026-10-26T00:10", "2026-11-08T23:50")]

    weeks = ask("figures", told=told)["weekly"]["weeks"]

    assert [week["entries"] for week in weeks] == [1, 1, 1]

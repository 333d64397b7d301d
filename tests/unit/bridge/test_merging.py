"""Bridges that exchanged everything know the same alarm, in whatever order they heard of it; nothing gets less."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_bridge.alarm import escalation, life, merging
from device_bridge.alarm.alarm import Alarm, Person, Received, RouteReport
from device_bridge.errors import AlarmError
from device_bridge.wire.message import DeviceMessage, Kind, PressId
from evidence import ids
from tests.support.pressing import kept

DEVICE, CASE, ALARM = ids.DeviceId("a" * 32), ids.CaseId("c" * 32), ids.AlarmId("b" * 32)
PEOPLE = (Person(ids.KeyId("1" * 32), "Bakker"), Person(ids.KeyId("2" * 32), "Yilmaz"))
ROUTES = ("console-feed", "dc09-c1")
RANK = ("raised", "delivered", "claimed", "accepted", "dispatched", "on_scene", "closed")
START_MS = 1_790_000_000_000


def at(ms: int) -> ids.Time:
    return ids.Time(f"2026-09-21T14:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}Z")


def message(counter: int) -> DeviceMessage:
    return DeviceMessage(DEVICE, PressId(1, counter), 0, None, 0, Kind.PRESS, None, "", None)


def received(ms: int) -> Received:
    return Received(START_MS + ms, at(ms), "a")


def raised(ms: int = 0, counter: int = 1) -> Alarm:
    return life.raise_alarm(
        ALARM, kept(message(counter), received(ms)), case=CASE, kind="press", flags=(), generation=1
    )


# What one bridge does: a word, who or which, how much later.
STEP = st.tuples(
    st.sampled_from(
        [
            "claim",
            "accept",
            "take_over",
            "dispatch",
            "on_scene",
            "close",
            "look",
            "renew",
            "lapse",
            "report",
            "escalate",
            "sync",
        ]
    ),
    st.integers(0, 1),
    st.integers(1, 20_000),
)


def step(alarm: Alarm, word: str, who: int, ms: int, name: str) -> Alarm:
    """Do one thing at one bridge; what its state does not allow is left out."""
    try:
        return done(alarm, word, who, ms, name)
    except AlarmError:
        return alarm


def done(alarm: Alarm, word: str, who: int, ms: int, name: str) -> Alarm:
    match word:
        case "renew":
            return life.renew(alarm, PEOPLE[who].kid, START_MS + ms)
        case "lapse":
            held = alarm.state == "claimed" and alarm.claim is not None and alarm.claim.until_ms <= START_MS + ms
            return escalation.lapse(alarm, at(ms)) if held else alarm
        case "report":
            return life.report(alarm, RouteReport(ROUTES[who], "delivered" if ms % 3 else "failed", "said", at(ms)))
        case "escalate":
            return alarm if alarm.stage == 2 else escalation.escalate(alarm, 2 if alarm.stage else 1, at(ms))
        case "claim" | "accept" | "dispatch" | "on_scene" | "close" | "take_over" | "look":
            closing = word == "close"
            return life.act(
                alarm,
                word,
                PEOPLE[who],
                at(ms),
                START_MS + ms,
                "genuine" if closing else None,
                statement=ids.Sha256(name * 32),
                covers=("0" * 16,) if closing else None,
            )
    return alarm


def histories(mine: list[tuple[str, int, int]], theirs: list[tuple[str, int, int]]) -> tuple[Alarm, Alarm]:
    """Let two bridges begin with the same press and go on by themselves, hearing of each other at every *sync*."""
    bridges = [raised(0), raised(3)]
    now = [5, 8]
    for number, (which, (word, who, later)) in enumerate([(0, one) for one in mine] + [(1, one) for one in theirs]):
        now[which] += later
        if word == "sync":
            bridges[which] = merging.merge(bridges[which], bridges[1 - which])
        else:
            bridges[which] = step(bridges[which], word, who, now[which], f"{number:02}")
    return bridges[0], bridges[1]


def known(alarm: Alarm) -> Alarm:
    """What must be the same everywhere: all but what each bridge counts of presses by itself."""
    return replace(alarm, last_press=alarm.press, repeats=0)


BOTH = st.tuples(st.lists(STEP, max_size=12), st.lists(STEP, max_size=12))


@given(BOTH)
def test_two_bridges_that_heard_of_each_other_know_the_same(steps: tuple[list[tuple[str, int, int]], ...]) -> None:
    one, other = histories(*steps)
    both, again = merging.merge(one, other), merging.merge(other, one)
    assert known(both) == known(again)
    assert merging.merge(both, other) == both == merging.merge(both, one) == merging.merge(both, both)


@given(BOTH, st.lists(STEP, max_size=8))
def test_three_bridges_agree_in_whatever_order_they_hear_of_each_other(
    steps: tuple[list[tuple[str, int, int]], ...], more: list[tuple[str, int, int]]
) -> None:
    one, other = histories(*steps)
    third = raised(7)
    for number, (word, who, later) in enumerate(more):
        third = step(third, word, who, 7 + later, f"{number + 70:02}")
    left = merging.merge(merging.merge(one, other), third)
    right = merging.merge(one, merging.merge(other, third))
    assert known(left) == known(right)


@given(BOTH)
def test_nothing_that_a_human_did_gets_lost(steps: tuple[list[tuple[str, int, int]], ...]) -> None:
    one, other = histories(*steps)
    both = merging.merge(one, other)
    assert {done.statement for done in both.acts} == {done.statement for done in (*one.acts, *other.acts)}
    for before in (one, other):
        if before.accepted_by is not None:
            assert both.accepted_by is not None
        if before.closed is not None:
            assert both.closed is not None
        if before.state not in ("claimed", "delivered"):
            assert RANK.index(both.state) >= RANK.index(before.state)
    assert (both.closed is None) == (both.state != "closed")


def test_whoever_accepted_first_has_it_and_the_other_is_in_the_history() -> None:
    one = step(raised(), "accept", 0, 900, "aa")
    other = step(raised(), "accept", 1, 500, "bb")
    both = merging.merge(one, other)
    assert both.accepted_by == PEOPLE[1]
    assert [entry.by for entry in both.history if entry.what == "accepted"] == ["Yilmaz", "Bakker"]


def test_whoever_took_it_over_has_it_at_every_bridge() -> None:
    accepted = step(raised(), "accept", 0, 500, "aa")
    taken = step(step(accepted, "take_over", 1, 900, "bb"), "dispatch", 1, 950, "cc")
    assert taken.accepted_by == PEOPLE[1]
    for both in (merging.merge(taken, accepted), merging.merge(accepted, taken)):
        assert (both.accepted_by, both.state, both.accepted_ms) == (PEOPLE[1], "dispatched", START_MS + 900)


def test_who_accepted_after_another_sent_nobody_has_it_also_when_bridges_compare() -> None:
    lost = escalation.lapse_acceptance(step(raised(), "accept", 0, 500, "aa"), at(300_600))
    anew = step(step(lost, "accept", 1, 300_700, "bb"), "dispatch", 1, 300_800, "cc")
    assert anew.accepted_by == PEOPLE[1]
    assert merging.merge(anew, anew).accepted_by == PEOPLE[1]


def test_a_look_at_a_close_is_known_at_every_bridge() -> None:
    closed = step(step(raised(), "accept", 0, 500, "aa"), "close", 0, 900, "bb")
    assert life.SECOND_LOOK in closed.flags
    with pytest.raises(AlarmError, match="whoever closed it"):
        life.act(closed, "look", PEOPLE[0], at(950), START_MS + 950)
    with pytest.raises(AlarmError, match="nobody was asked"):
        life.act(raised(), "look", PEOPLE[1], at(950), START_MS + 950)
    looked = step(closed, "look", 1, 1000, "cc")
    for both in (merging.merge(looked, closed), merging.merge(closed, looked)):
        assert both.looked is not None
        assert (both.state, both.looked.by, both.history[-1].what) == ("closed", PEOPLE[1], "looked")


def test_a_claim_lives_while_any_bridge_hears_of_its_console() -> None:
    claimed = step(raised(), "claim", 0, 0, "aa")
    lapsed = step(claimed, "lapse", 0, 31_000, "")
    renewed = step(claimed, "renew", 0, 29_000, "")
    assert (lapsed.state, lapsed.claim) == ("raised", None)
    assert merging.merge(lapsed, renewed).state == "claimed"
    assert merging.merge(renewed, lapsed).claim == renewed.claim
    assert merging.merge(lapsed, claimed).claim is None


def test_the_first_press_that_anyone_heard_opened_the_alarm() -> None:
    early, late = raised(0, counter=1), raised(9, counter=2)
    both = merging.merge(late, early)
    assert (both.press.counter, both.raised_at) == (1, early.raised_at)
    assert [entry.id for entry in both.history] == ["press 1.1", "press 1.2"]


def test_a_close_covers_what_its_bridge_had_and_nothing_else() -> None:
    closed = step(step(raised(), "accept", 0, 5, "aa"), "close", 0, 9, "bb")
    assert merging.covered(closed) == frozenset({"0" * 16})
    assert merging.closed_with([closed], "0" * 16) == ALARM
    assert merging.closed_with([closed], "1" * 16) is None
    assert merging.covered(raised()) is None

"""The life of an alarm under any history: it never moves back, never closes by itself, never loses a press."""

from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from device_bridge.alarm import escalation, life
from device_bridge.alarm.alarm import CLAIM_LEASE_MS, Act, Alarm, Outcome, Person, Received, RouteReport
from device_bridge.alarm.press import Pressed
from device_bridge.errors import AlarmError
from device_bridge.wire.message import DeviceMessage, Kind, PressId
from evidence import ids
from evidence.statements.bodies import AlarmKind, CloseReason
from tests.support.pressing import kept
from tests.support.sizes import examples

ORDER = ("raised", "delivered", "claimed", "accepted", "dispatched", "on_scene", "closed")
PEOPLE = tuple(Person(ids.KeyId(ids.new_id()), name) for name in ("Bakker", "Yilmaz"))
DEVICE, CASE = ids.DeviceId(ids.new_id()), ids.CaseId(ids.new_id())
NOW_MS = 1_790_000_000_000


def at(ms: int) -> Received:
    return Received(ms, ids.time_of(datetime.fromtimestamp(ms / 1000, UTC)), "a")


def pressed(
    kind: Kind = Kind.PRESS,
    counter: int = 1,
    wall_ms: int | None = NOW_MS,
    sync: int = 2,
    *,
    at_ms: int = NOW_MS,
    odd: bool = False,
) -> Pressed:
    said = DeviceMessage(DEVICE, PressId(1, counter), 0, wall_ms, sync, kind, None, "", None, odd=odd)
    return kept(said, at(at_ms))


def raised(kind: AlarmKind = "press") -> Alarm:
    return life.raise_alarm(ids.AlarmId(ids.new_id()), pressed(), case=CASE, kind=kind, flags=())


class AlarmLife(RuleBasedStateMachine):
    """Presses, routes, two dispatchers and the clock, in any order."""

    @initialize()
    def press_once(self) -> None:
        self.alarm = raised()
        self.presses = 1
        self.now_ms = NOW_MS
        self.before = self.alarm
        self.acted_by: set[str] = set()

    def attempt(self, changed: Alarm) -> None:
        self.before, self.alarm = self.alarm, changed

    @rule(kind=st.sampled_from([Kind.PRESS, Kind.DURESS]))
    def press_again(self, kind: Kind) -> None:
        try:
            flags = ("duress",) if kind is Kind.DURESS else ()
            self.attempt(life.repeat(self.alarm, pressed(kind, self.presses + 1, at_ms=self.now_ms), flags))
        except AlarmError:
            assert self.alarm.closed is not None
        else:
            self.presses += 1

    @rule()
    def ask_cancel(self) -> None:
        try:
            self.attempt(life.ask_cancel(self.alarm, pressed(Kind.CANCEL, at_ms=self.now_ms), "none"))
        except AlarmError:
            assert self.alarm.closed is not None
        else:
            assert self.alarm.state == self.before.state

    @rule(outcome=st.sampled_from(["delivered", "failed"]), route=st.sampled_from(["console-feed", "dc09-1"]))
    def report(self, outcome: Outcome, route: str) -> None:
        self.attempt(life.report(self.alarm, RouteReport(route, outcome, "x", at(self.now_ms).at)))

    @rule(
        what=st.sampled_from(["claim", "accept", "dispatch", "on_scene", "close", "take_over", "look"]),
        who=st.sampled_from(PEOPLE),
    )
    def act(self, what: Act, who: Person) -> None:
        reason: CloseReason | None = "genuine" if what == "close" else None
        try:
            self.attempt(life.act(self.alarm, what, who, at(self.now_ms).at, self.now_ms, reason))
        except AlarmError:
            return
        self.acted_by.add(who.label)

    @rule(ms=st.integers(0, 200_000))
    def wait(self, ms: int) -> None:
        self.now_ms += ms

    @rule(ms=st.one_of(st.integers(0, 70_000), st.integers(200_000, 400_000)))
    def nobody_does_anything(self, ms: int) -> None:
        """Let time pass, and let everything happen that is then due."""
        self.now_ms += ms
        while (step := escalation.next_step(self.alarm)) is not None and step[0] <= self.now_ms:
            moment, left = at(self.now_ms).at, step[1] == "accept-lapse"
            assert left or self.alarm.accepted_by is None, "after acceptance nothing else happens by itself"
            if left:
                assert self.alarm.state == "accepted", "somebody was sent"
                assert self.now_ms - escalation.counts_from_ms(self.alarm) >= escalation.DISPATCH_WITHIN_MS
                self.attempt(escalation.lapse_acceptance(self.alarm, moment))
                assert self.alarm.accepted_by is None
            elif step[1] == "lapse":
                self.attempt(escalation.lapse(self.alarm, moment))
                assert self.alarm.claim is None
            elif step[1] == "again":
                assert self.alarm.stage == escalation.Stage.LAST
                self.attempt(escalation.again(self.alarm, moment))
            else:
                self.attempt(escalation.escalate(self.alarm, 1 if step[1] == "second" else 2, moment))
            self.check_change()
        waited_ms = self.now_ms - escalation.unix_ms(self.alarm.raised_at)
        if self.alarm.accepted_by is None:
            assert self.alarm.stage == (waited_ms >= 30_000) + (waited_ms >= 60_000)

    @precondition(lambda self: self.alarm is not self.before)
    @invariant()
    def check_change(self) -> None:
        ends = {"claimed": "claim lapsed", "accepted": "accepted, nobody dispatched"}
        lapsed = self.alarm.history[-1].what == ends.get(self.before.state)
        assert lapsed or ORDER.index(self.alarm.state) >= ORDER.index(self.before.state)
        assert (self.alarm.revision or 0) >= (self.before.revision or 0)
        assert self.alarm.stage >= self.before.stage
        assert len(self.alarm.history) > len(self.before.history) or len(self.alarm.history) == life.MAX_HISTORY

    @invariant()
    def closed_only_by_a_human_who_accepted(self) -> None:
        assert (self.alarm.state == "closed") == (self.alarm.closed is not None)
        if self.alarm.state in ("accepted", "dispatched", "on_scene", "closed"):
            assert self.alarm.accepted_by is not None
            assert self.alarm.accepted_by.label in self.acted_by

    @invariant()
    def every_press_is_counted(self) -> None:
        assert self.alarm.repeats + 1 == self.presses

    @invariant()
    def survives_the_spool(self) -> None:
        assert Alarm.from_json(self.alarm.to_json()) == self.alarm


TestAlarmLife = AlarmLife.TestCase
TestAlarmLife.settings = settings(max_examples=examples(60), stateful_step_count=25)


def test_a_claim_keeps_a_colleague_away_until_its_lease_ends() -> None:
    bakker, yilmaz = PEOPLE
    claimed = life.act(raised(), "claim", bakker, at(NOW_MS).at, NOW_MS)
    with pytest.raises(AlarmError, match="Bakker has this alarm"):
        life.act(claimed, "accept", yilmaz, at(NOW_MS).at, NOW_MS + CLAIM_LEASE_MS - 1)
    taken = life.act(claimed, "accept", yilmaz, at(NOW_MS).at, NOW_MS + CLAIM_LEASE_MS)
    assert taken.accepted_by == yilmaz


def test_a_test_never_swallows_a_real_press() -> None:
    assert life.sort_of("test") != life.sort_of("press") == life.sort_of("duress")


def test_a_claim_does_not_keep_colleagues_away_once_nobody_accepted_in_time() -> None:
    bakker, yilmaz = PEOPLE
    claimed = life.act(raised(), "claim", bakker, at(NOW_MS).at, NOW_MS + 20_000)
    assert claimed.claim is not None
    escalated = escalation.escalate(claimed, 1, at(NOW_MS).at)
    taken = life.act(escalated, "accept", yilmaz, at(NOW_MS).at, NOW_MS + 30_000)
    assert taken.accepted_by == yilmaz


@pytest.mark.parametrize("kind", ["test", "tamper"])
def test_nobody_is_woken_for_a_test_or_tampering(kind: AlarmKind) -> None:
    assert escalation.next_step(raised(kind)) is None


def test_what_a_route_reports_makes_no_screen_stale() -> None:
    alarm = raised()
    reported = life.report(alarm, RouteReport("dc09-1", "delivered", "x", at(NOW_MS).at))
    siren = life.report(alarm, RouteReport("console-siren", "delivered", "x", at(NOW_MS).at))
    assert (reported.revision, reported.state) == (alarm.revision, "delivered")
    assert siren.state == "raised", "a siren is no way to a dispatcher"
    assert (life.ask_cancel(alarm, pressed(Kind.CANCEL), "none").revision or 0) > (alarm.revision or 0)


def test_duress_raises_the_priority_and_moves_nothing() -> None:
    changed = life.repeat(raised(), pressed(Kind.DURESS, 2), ("duress",))
    assert (changed.kind, changed.state, changed.flags) == ("duress", "raised", ("duress",))


@pytest.mark.parametrize(
    ("press", "expected"),
    [
        (pressed(), ()),
        (pressed(wall_ms=None), ("clock-unsure",)),
        (pressed(sync=0), ("clock-unsure",)),
        (pressed(wall_ms=NOW_MS - 3_600_000), ("late",)),
        (pressed(wall_ms=NOW_MS + 3_600_000), ("clock-ahead",)),
        (pressed(odd=True), ("content-odd",)),
        (pressed(Kind.DURESS), ("duress",)),
    ],
)
def test_what_is_odd_is_flagged_and_let_in(press: Pressed, expected: tuple[str, ...]) -> None:
    assert press.flags == expected


def test_an_endless_history_keeps_its_beginning_and_its_end() -> None:
    alarm = raised()
    for counter in range(2, life.MAX_HISTORY + 50):
        alarm = life.repeat(alarm, pressed(counter=counter), ())
    assert len(alarm.history) <= life.MAX_HISTORY
    assert alarm.history[0].what == "raised: press"
    assert alarm.repeats == life.MAX_HISTORY + 48

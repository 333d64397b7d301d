"""Brokers and bridges are killed at random (kill -9, at most one of each at a time) while devices press.

Nothing is lost, no alarm is doubled. Five seconds here, on NATS; `make faults` and `make soak` (ten minutes) are
longer, and on mosquitto as well. A press is *accepted* by the machine when its device heard the signed *stored*.

The bound is one second, on a machine of its own. Two things measured beside it tell load from a fault: how many times
longer than alone a process took while the press was under way (the second is that many times longer), and the worst
bare MQTT round trip meanwhile, over a broker of its own that nobody kills. On a quiet machine both add milliseconds.
"""

import os
import statistics
from pathlib import Path

import pytest

from evidence.statements import bodies
from tests.support.chaos import Chaos, chaos, contention, counted_presses, presses_in_journal
from tests.support.sizes import LONG_S
from tests.support.waiting import until

SECONDS = float(os.environ.get("GETUIGE_SOAK_S", LONG_S))
SHORT_S = 5.0
SEED = int(os.environ.get("GETUIGE_SOAK_SEED", "7"))
BOUND_MS = 1000.0
SLACK = 4
"""A press crosses the broker twice and a disk and three processes; a bare round trip only the broker."""

pytestmark = pytest.mark.timeout(300 + 3 * SECONDS)


NATS, MOSQUITTO = pytest.mark.need("nats-server"), pytest.mark.need("mosquitto")
RUNS = [
    pytest.param("nats", SHORT_S, marks=NATS),
    pytest.param("nats", SECONDS, marks=[NATS, pytest.mark.faults]),
    pytest.param("mosquitto", SECONDS, marks=[MOSQUITTO, pytest.mark.faults]),
]


@pytest.mark.parametrize(("kind", "seconds"), RUNS)
def test_nothing_is_lost_or_doubled_while_everything_is_killed(tmp_path: Path, kind: str, seconds: float) -> None:
    with chaos(tmp_path, kind) as made:
        made.run(seconds, SEED)
        show(kind, made, contention(tmp_path))
        assert [press for one in made.pressed for press in one.lost] == [], "every press was stored"
        until(lambda: all(one.count("journal").get("waiting") == 0 for one in made.bridges), "all is forwarded", 60)
        check_journal(made)
        if seconds > SHORT_S:  # where it has the machine for itself
            check_speed(made, contention(tmp_path))


def check_journal(made: Chaos) -> None:
    """The journal has each press, once in an alarm, and an alarm for each one that a dispatcher closed, and no other.

    A press that crossed a close between two bridges stands in the alarm that was closed and in the one that it raised,
    which says so: it counts in one.
    """
    known = presses_in_journal(made.organisation)
    pressed = {(one.memory.device, press.boot, press.counter) for one in made.pressed for press in one.presses}
    assert known.keys() == pressed
    assert all(len(said) == len(set(said)) for said in known.values()), "once in each alarm"
    journal = made.organisation.journal()
    assert len(counted_presses(journal)) == len(pressed)
    raised = [one.body.alarm for one in journal if isinstance(one.body, bodies.AlarmRaise)]
    closed = [one.body.alarm for one in journal if isinstance(one.body, bodies.AlarmClose)]
    assert all(len(set(said) - set(closed)) <= 1 for said in known.values()), "what it crossed was closed"
    assert len(raised) == len(set(raised))
    assert len(set(raised) - set(closed)) <= len(made.pressed), "at most one alarm of each device is open"
    assert [one.type for one in journal].count("item.seal") == len(pressed)
    for bridge in made.bridges:
        assert "statements.refused" not in bridge.count("counters")


def check_speed(made: Chaos, waits: list[tuple[float, float]]) -> None:
    slow = []
    for one in made.pressed:
        for at, took_ms in one.stored:
            bare, times = during(made, waits, at, took_ms)
            if took_ms > BOUND_MS * times + SLACK * bare:
                slow.append(f"{took_ms:.0f} ms: {times:.1f} times as long as alone, bare round trip {bare:.0f} ms")
    assert not slow


def during(made: Chaos, waits: list[tuple[float, float]], at: float, took_ms: float) -> tuple[float, float]:
    """Return the worst bare round trip (ms) and how many times longer a process took, while a press was under way."""
    end = at + took_ms / 1000
    bare = [ms for then, ms in made.bare_ms if then + ms / 1000 >= at and then <= end]
    times = [times for then, times in waits if at - 0.2 <= then <= end]
    return max(bare, default=0.0), max(1.0, statistics.fmean(times) if times else 1.0)


def show(kind: str, made: Chaos, waits: list[tuple[float, float]]) -> None:
    """Print what was measured."""
    took = sorted(ms for one in made.pressed for _, ms in one.stored)
    bare = sorted(ms for _, ms in made.bare_ms)
    cuts = statistics.quantiles(took, n=1000)
    print(  # noqa: T201 - a figure is printed
        f"\n{kind}: {len(took)} presses, {len(made.kills)} kills, {made.acts} acts ({made.refused} refused as stale);"
        f" press to stored p50 {cuts[499]:.1f}, p99 {cuts[989]:.1f}, p99.9 {cuts[998]:.1f}, worst {took[-1]:.0f} ms;"
        f" bare round trip p50 {statistics.median(bare):.1f}, worst {bare[-1]:.0f} ms;"
        f" a process took {statistics.fmean(times for _, times in waits):.1f} times as long as alone;"
        f" two alarms of one device at {made.doubled} of {made.looks} looks, while a close was on its way"
    )
    for one in made.pressed:
        for at, ms in one.stored:
            if ms > BOUND_MS:
                last = [f"{what} {at - then:.2f} s before" for then, what in made.kills if -ms / 1000 < at - then < 5]
                _, times = during(made, waits, at, ms)
                print(f"  {ms:.0f} ms, {times:.1f} times as long as alone, killed: {', '.join(last) or 'nothing'}")  # noqa: T201 - as above

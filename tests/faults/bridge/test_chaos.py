"""Everything around two bridges goes wrong at random while devices press and a dispatcher acts.

Nothing is lost, no press counts twice, every alarm has a person or was escalated, and health was red for each fault
(`tests/support/misfortunes.py` is the table) and green again after it. Five seconds of kills in `make test`; a
minute of everything in `make faults`, ten in `make soak`. Loss and order only: how long a press took is printed.

Which faults, when and to whom follows from a seed, which is printed: GETUIGE_SOAK_SEED=… deals the same again.
"""

import os
import random
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from evidence import ids
from evidence.statements import bodies
from tests.support.chaos import Chaos, chaos, counted_presses, presses_in_journal
from tests.support.exposed import Exposed, back_up, exposed
from tests.support.misfortunes import FAULTS, KILLS, NEVER, Fault, run
from tests.support.sizes import LONG_S
from tests.support.waiting import until

SECONDS = float(os.environ.get("GETUIGE_SOAK_S", LONG_S))
SHORT_S = 5.0
SEED = int(os.environ.get("GETUIGE_SOAK_SEED") or random.SystemRandom().randrange(10**6))
LATE_MS = 2000.0
SECOND = "second-centre"
"""The route that is tried when nobody accepted in half a minute."""

pytestmark = [
    pytest.mark.timeout(600 + 3 * SECONDS),
    pytest.mark.need("nats-server"),
]


def test_nothing_is_lost_or_doubled_while_brokers_and_bridges_are_killed(tmp_path: Path) -> None:
    with chaos(tmp_path, "nats") as made:
        check(Exposed(made, tmp_path), SHORT_S, KILLS)


@pytest.mark.faults
@pytest.mark.need("mosquitto", "postgres", "initdb", "gcc")
def test_nothing_is_lost_doubled_or_unseen_while_everything_goes_wrong(tmp_path: Path) -> None:
    with exposed(tmp_path) as made:
        check(made, SECONDS, FAULTS)


def check(made: Exposed, seconds: float, faults: Sequence[Fault]) -> None:
    print(f"\nGETUIGE_SOAK_SEED={SEED} deals the same again", end="")  # noqa: T201 - for whoever repeats it
    with made.chaos.at_the_desk(), made.watched():
        until(made.green, "all is well at first")
        with made.chaos.pressing():
            until(lambda: all(one.stored for one in made.chaos.pressed), "each button works")
            back_up(made)
            told = run(made, seconds, SEED, faults)
        show(made.chaos, told)
        assert [press for one in made.chaos.pressed for press in one.lost] == [], "every press was stored"
        until(lambda: open_alarms(made, 0) == open_alarms(made, 1), "the bridges agree on what is open", 60)
        until(lambda: nobody_is_forgotten(made), "every alarm has a person, or was escalated", 60)
        until(made.forwarded, "all is forwarded", 60)
        until(made.green, "all is well at the end", 60)
    brought = {code for _, _, causes in made.looks for code in causes or ()}
    assert not brought & NEVER, "what no fault may bring about"
    check_journal(made.chaos)


def open_alarms(made: Exposed, index: int) -> list[dict[str, object]]:
    """Return what a bridge tells of alarms that are open."""
    names = ("alarm", "device", "state", "repeats", "escalation")
    told = [
        {name: one[name] for name in names} for one in made.chaos.bridges[index].alarms() if one["state"] != "closed"
    ]
    return sorted(told, key=lambda one: str(one["alarm"]))


def nobody_is_forgotten(made: Exposed) -> bool:
    """Whether all that is open is hers whom no dispatcher answers, and everybody was told that nobody did."""
    told = open_alarms(made, 0)
    return all(one["device"] == made.chaos.unanswered and one["escalation"] for one in told)


def check_journal(made: Chaos) -> None:
    """The journal has each press, and each counts in one alarm; each alarm has a person, or went to the second centre.

    A press that crossed a close between two bridges stands in the alarm that was closed and in the one that it raised,
    which says so; an alarm that a bridge without memory raised was folded into the one that it is.
    """
    known = presses_in_journal(made.organisation)
    pressed = {(one.memory.device, press.boot, press.counter) for one in made.pressed for press in one.presses}
    assert known.keys() == pressed
    assert all(len(said) == len(set(said)) for said in known.values()), "once in each alarm"
    journal = made.organisation.journal()
    assert len(counted_presses(journal)) == len(pressed)
    said = [one.body for one in journal]
    raised = [one.alarm for one in said if isinstance(one, bodies.AlarmRaise)]
    assert len(raised) == len(set(raised))
    folded = {one.alarm: one.into for one in said if isinstance(one, bodies.AlarmFold)}
    closed = {_stands(one.alarm, folded) for one in said if isinstance(one, bodies.AlarmClose)}
    told = [one.alarm for one in said if isinstance(one, bodies.AlarmDeliver) and one.route == SECOND]
    escalated = {_stands(alarm, folded) for alarm in told}
    standing = set(raised) - folded.keys()
    assert standing <= closed | escalated, "nobody is forgotten"
    assert len(standing - closed) <= 1, "only hers whom nobody answers is open"


def _stands(alarm: ids.AlarmId, folded: Mapping[ids.AlarmId, ids.AlarmId]) -> ids.AlarmId:
    """Return the alarm that one is by now: what was done in an alarm counts in the one that it was folded into."""
    while alarm in folded:
        alarm = folded[alarm]
    return alarm


def show(made: Chaos, told: list[tuple[float, str]]) -> None:
    """Print how long presses took meanwhile, and what was wrong when one took long."""
    took = sorted(ms for one in made.pressed for _, ms in one.stored)
    cuts = statistics.quantiles(took, n=1000)
    print(  # noqa: T201 - a figure is printed
        f"\n{len(took)} presses, {made.acts} acts, load {os.getloadavg()[0]:.1f};"
        f" press to stored p50 {cuts[499]:.1f}, p99 {cuts[989]:.1f}, p99.9 {cuts[998]:.1f}, worst {took[-1]:.0f} ms"
    )
    for at, ms in sorted(late for one in made.pressed for late in one.stored if late[1] > LATE_MS):
        begun = [what for then, what in told if then <= at + ms / 1000]
        print(f"  {ms:.0f} ms, during or after: {begun[-1] if begun else 'nothing'}")  # noqa: T201 - as above

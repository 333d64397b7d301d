"""What goes wrong around two bridges, one row each: what is done, what undoes it, and what health must say meanwhile.

A fault lasts until health has said it, and a moment more: a cause that never turns red fails the run. What is not to
be noticed (a process that is back at once, a log that is full) has an empty place there. Which rows, when and to whom,
a seed decides; everything else is as quick as the machine is.
"""

import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from device_bridge.causes import CauseCode
from evidence import ids, keys
from server.keeping import spools
from tests.support import process_tree
from tests.support.exposed import Exposed
from tests.support.small_disk import fill
from tests.support.waiting import until

HOUR_S: Final = 3600

Undo = Callable[[], None]
Who = Literal["hit", "other", "both"]
Red = Mapping[Who, frozenset[str]]

NEVER: Final = frozenset[CauseCode](
    {
        "press-quarantined",
        "press-kept",
        "unsealed",
        "alarms-unreadable",
        "check-in-unread",
        "journal-refused",
        "journal-behind",
    }
)
"""None of these faults may bring it about."""


@dataclass(frozen=True)
class Fault:
    """One row: `begin` lets it happen to broker or bridge 0 or 1 and returns what undoes it.

    `of`: what it lays hands on; of one thing only one fault at a time. `red`: who must name which causes, one of them.
    """

    name: str
    of: str
    begin: Callable[[Exposed, int], Undo]
    red: Red = field(default_factory=dict)
    possible: Callable[[Exposed], bool] = lambda _made: True
    alone: bool = False
    """Two copies are needed for it: nothing else is wrong meanwhile, and the journal has what came before."""

    def says(self, hit: int) -> list[tuple[int, frozenset[str]]]:
        """Return which bridges must name which causes."""
        who = {"hit": (hit,), "other": (1 - hit,), "both": (0, 1)}
        return [(index, codes) for of, codes in self.red.items() for index in who[of]]


# ------------------------------------------------------------------------------------------------------- what is done


def _kill_broker(made: Exposed, hit: int) -> Undo:
    made.chaos.brokers[hit].kill()
    return made.chaos.brokers[hit].restart


def _stop_broker(made: Exposed, hit: int) -> Undo:
    process = made.chaos.brokers[hit].process
    process.send_signal(signal.SIGSTOP)
    return lambda: process.send_signal(signal.SIGCONT)


def _back(made: Exposed, hit: int) -> None:
    made.chaos.bridges[hit].start()
    made.silent.discard(hit)


def _kill_bridge(made: Exposed, hit: int) -> Undo:
    made.silent.add(hit)
    made.chaos.bridges[hit].kill()
    return lambda: _back(made, hit)


def _kill_bridge_alone(made: Exposed, hit: int) -> Undo:
    made.silent.add(hit)
    made.chaos.bridges[hit].kill_alone()
    return lambda: _back(made, hit)


def _stop_bridge(made: Exposed, hit: int) -> Undo:
    made.silent.add(hit)
    stopped = made.chaos.bridges[hit].stop_still()

    def go_on() -> None:
        process_tree.signal_all(stopped, signal.SIGCONT)
        made.silent.discard(hit)

    return go_on


def _kill_lane(made: Exposed, hit: int) -> Undo:
    process_tree.signal_all(made.chaos.bridges[hit].lanes(), signal.SIGKILL)
    return lambda: None


def _stop_lane(made: Exposed, hit: int) -> Undo:
    lanes = made.chaos.bridges[hit].lanes()
    process_tree.signal_all(lanes, signal.SIGSTOP)
    return lambda: process_tree.signal_all(lanes, signal.SIGCONT)


def _has_lanes(made: Exposed) -> bool:
    return any(bridge.lanes() for bridge in made.chaos.bridges)


def _fill_spool_disk(made: Exposed, hit: int) -> Undo:
    return fill(made.disks[hit]).unlink


def _fill_registry_disk(made: Exposed, hit: int) -> Undo:
    """Full while the bridge has something to write: a device is enrolled that nobody will ever press."""
    junk = fill(made.registry_disks[hit])
    organisation, device = made.chaos.organisation, ids.DeviceId(ids.new_id())
    organisation.append(organisation.enrol(device, keys.Identity.generate().sign_public))
    return junk.unlink


def _fill_log_disk(made: Exposed, _hit: int) -> Undo:
    assert made.log_disk is not None
    return fill(made.log_disk).unlink


def _set_clock(by_s: int) -> Callable[[Exposed, int], Undo]:
    def begin(made: Exposed, hit: int) -> Undo:
        made.clocks[hit].set_off(by_s)
        return lambda: made.clocks[hit].set_off(0)

    return begin


def _shut_way(made: Exposed, _hit: int) -> Undo:
    assert made.way is not None
    made.way.shut()
    return made.way.open


def _stop_database(made: Exposed, _hit: int) -> Undo:
    assert made.postgres is not None
    made.postgres.stop()
    return made.postgres.start


def _hang_database(made: Exposed, _hit: int) -> Undo:
    assert made.postgres is not None
    assert made.postgres.process is not None
    stopped = process_tree.tree(made.postgres.process.pid)
    process_tree.signal_all(stopped, signal.SIGSTOP)
    return lambda: process_tree.signal_all(stopped, signal.SIGCONT)


def _lose_spool(made: Exposed, hit: int) -> Undo:
    back = _kill_bridge(made, hit)
    for path in _folder(made, hit).iterdir():
        if not path.is_symlink():  # the registry
            path.unlink()
    return back


def _restore_spool(made: Exposed, hit: int) -> Undo:
    """Put back what `exposed` copied when the run began, as `getuige restore` does."""
    back = _kill_bridge(made, hit)
    folder = _folder(made, hit)
    for path in folder.glob("spool.db*"):
        path.unlink()
    spools.restore(made.folder / "backup" / folder.name, made.folder)
    return back


def _leave_desk(made: Exposed, _hit: int) -> Undo:
    made.chaos.on_shift = False

    def come_back() -> None:
        made.chaos.on_shift = True

    return come_back


def _folder(made: Exposed, hit: int) -> Path:
    return made.folder / ("bridge" if hit == 0 else f"bridge-{hit + 1}")


# ------------------------------------------------------------------------------------------------------------ the table


def _of(*codes: str) -> frozenset[str]:
    return frozenset(codes)


AWAY: Final[Red] = {"other": _of("bridge-away")}
FULL: Final[Red] = {"hit": _of("disk-low", "presses-not-stored", "presses-wait", "presses-not-taken")}
LANE: Final[Red] = {"hit": _of("lane-away", "presses-wait", "presses-not-stored")}
STEPPED: Final[Red] = {"hit": _of("clock-set"), "other": _of("bridge-away")}

FAULTS: Final[tuple[Fault, ...]] = (
    Fault("broker killed and back at once", "broker", _kill_broker),
    Fault("bridge killed and back at once", "bridge", _kill_bridge_alone),
    Fault("broker away", "broker", _kill_broker, {"both": _of("broker-away")}),
    Fault("broker hangs", "broker", _stop_broker, {"both": _of("broker-away")}),
    Fault("bridge away", "bridge", _kill_bridge, AWAY),
    Fault("bridge hangs", "bridge", _stop_bridge, AWAY),
    Fault("lane killed", "bridge", _kill_lane, possible=_has_lanes),
    Fault("lane hangs", "bridge", _stop_lane, LANE, _has_lanes),
    Fault("spool's disk full", "spool", _fill_spool_disk, FULL, lambda made: bool(made.disks)),
    Fault(
        "registry's disk full",
        "database",  # it hears of a device only from there
        _fill_registry_disk,
        {"hit": _of("keys")},
        lambda made: bool(made.registry_disks),
    ),
    Fault("log's disk full", "log", _fill_log_disk, possible=lambda made: made.log_disk is not None),
    Fault("clock an hour ahead", "clock", _set_clock(HOUR_S), STEPPED, lambda made: bool(made.clocks)),
    Fault("clock an hour behind", "clock", _set_clock(-HOUR_S), STEPPED, lambda made: bool(made.clocks)),
    Fault("callout away", "callout", _shut_way, {"both": _of("login-away")}, lambda made: made.way is not None),
    Fault(
        "database away",
        "database",
        _stop_database,
        {"both": _of("journal-away")},
        lambda made: made.postgres is not None,
    ),
    Fault(
        "database hangs",
        "database",
        _hang_database,
        {"both": _of("journal-away")},
        lambda made: made.postgres is not None,
    ),
    Fault("spool lost", "spool", _lose_spool, alone=True),
    Fault("yesterday's spool", "spool", _restore_spool, alone=True),
    Fault("nobody at the desk", "desk", _leave_desk, {"both": _of("nobody-watches")}),
)
KILLS: Final = FAULTS[:2]


# -------------------------------------------------------------------------------------------------------------- the run


def run(made: Exposed, seconds: float, seed: int, faults: Sequence[Fault] = FAULTS) -> list[tuple[float, str]]:
    """Let it rain for so long, one to three faults at a time; print and return what began when."""
    chance, deck, told = random.Random(seed), list[Fault](), list[tuple[float, str]]()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not deck:
            deck = [one for one in faults if one.possible(made)]
            chance.shuffle(deck)
        dealt = _deal(deck, chance.choice((1, 2, 2, 3)))
        hits = [chance.randrange(2) for _ in dealt]
        pauses = [chance.uniform(0.0, 0.4) for _ in dealt]
        what = " + ".join(f"{one.name} ({hit})" for one, hit in zip(dealt, hits, strict=True))
        told.append((time.monotonic(), what))
        print(f"\n  {what}", end="", flush=True)  # noqa: T201 - for whoever looks on, or repeats it
        if dealt[0].alone:
            made.chaos.pausing = True
            until(made.forwarded, f"before {what}: the journal has all", 60)
            made.chaos.pausing = False
        _strike(made, dealt, hits, pauses, chance.uniform(0.0, 1.0))
        until(made.green, f"all is well again after: {what}", 90)
    return told


def _deal(deck: list[Fault], count: int) -> list[Fault]:
    """Take up to `count` faults from the deck that may happen at the same time."""
    dealt = [deck.pop()]
    for one in list(reversed(deck)):
        if len(dealt) == count or dealt[0].alone:
            break
        if not one.alone and one.of not in {other.of for other in dealt}:
            deck.remove(one)
            dealt.append(one)
    return dealt


def _strike(made: Exposed, dealt: list[Fault], hits: list[int], pauses: list[float], lasts_s: float) -> None:
    with ExitStack() as stack:
        begun = []
        for fault, hit, pause_s in zip(dealt, hits, pauses, strict=True):
            begun.append((fault, hit, time.monotonic()))
            stack.callback(fault.begin(made, hit))
            time.sleep(pause_s)
        for fault, hit, since in begun:
            for index, codes in fault.says(hit):
                if index not in made.silent:
                    what = f"bridge {index} says one of {sorted(codes)} while: {fault.name} ({hit})"
                    until(lambda of=index, one=codes, at=since: made.seen(of, one, at), what, 60)  # type: ignore[misc] # the values of now
        time.sleep(lasts_s)

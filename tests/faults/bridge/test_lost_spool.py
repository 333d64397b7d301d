"""A bridge loses its spool, or gets an old one back: every alarm has a name of its own, and hides behind no other.

One bridge alone, with its journal or without it; two bridges that are both blind; a recording that somebody repeats.
"""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from device_bridge.alarm import lineage
from device_bridge.process import Bridge
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.spool import presses
from device_bridge.wire.message import Kind
from evidence import ids
from evidence.statements import bodies
from server.keeping import spools
from tests.support.bridge_world import World, world
from tests.support.chaos import counted_presses
from tests.support.lane_threads import new_bridge, reading_of
from tests.support.lost_spools import (
    again,
    alarm_open,
    away,
    back,
    close,
    forwarded,
    lose,
    open_of,
    post,
    shown,
    without_spool,
)
from tests.support.many_bridges import Several, several
from tests.support.waiting import until

TOLD = ("alarm", "kind", "repeats", "last_press")
"""What a console is told of an alarm that must be the same again."""


def three_alarms(made: World, memory: DeviceMemory, between: Callable[[int], None]) -> None:
    """Press three times, each accepted and closed before the next."""
    for counter in (1, 2, 3):
        post(made.bridge, memory, counter)
        close(made, made.bridge, alarm_open(made.bridge))
        forwarded(made.bridge)
        between(counter)


def check_three(made: World) -> None:
    journal = made.organisation.journal()
    raised = [one.body.alarm for one in journal if isinstance(one.body, bodies.AlarmRaise)]
    assert len(set(raised)) == len(raised) == 3, "each has a name of its own"
    assert [one.type for one in journal].count("alarm.close") == 3
    assert sorted(counted_presses(journal).values()) == sorted(raised)
    closed = {one.body.alarm for one in journal if isinstance(one.body, bodies.AlarmClose)}
    assert closed == set(raised), "and each close is of its own alarm"


def test_alarms_of_a_bridge_that_lost_its_spool_keep_their_names(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        three_alarms(made, memory, lambda counter: without_spool(made, lose) if counter < 3 else None)
        check_three(made)
        assert [one["state"] for one in shown(made.bridge)] == ["closed"] * 3, "consoles list what happened before"


def test_a_spool_of_yesterday_is_known_and_told_what_happened_since(tmp_path: Path) -> None:
    yesterday = tmp_path / "yesterday.db"
    with world(tmp_path / "data", count=0) as made:
        memory = made.new_device()

        def put_back(counter: int) -> None:
            spool = made.settings.folder / "spool.db"
            if counter == 1:
                without_spool(made, lambda _folder: copy_of(spool, yesterday))
            if counter == 2:
                without_spool(made, lambda folder: lose_but_mark(folder, yesterday))

        three_alarms(made, memory, put_back)
        check_three(made)


def test_an_open_alarm_of_yesterday_counts_what_was_pressed_since(tmp_path: Path) -> None:
    """Duress among it: nobody will bring those presses again, because they were all stored."""
    yesterday = tmp_path / "yesterday"
    with world(tmp_path / "data", count=0) as made:
        memory = made.new_device()
        post(made.bridge, memory, 1)
        forwarded(made.bridge)
        spools.copy(made.settings.data, yesterday)
        post(made.bridge, memory, 2)
        post(made.bridge, memory, 3, Kind.DURESS)
        before = {name: value for name, value in shown(made.bridge)[0].items() if name in TOLD}
        assert (before["repeats"], before["kind"]) == (2, "duress")
        forwarded(made.bridge)
        without_spool(made, lambda folder: lose_but_mark(folder, yesterday / "bridge.db"))
        until(lambda: {name: shown(made.bridge)[0][name] for name in TOLD} == before, "it is told of them", 15)


def lose_but_mark(folder: Path, spool: Path) -> None:
    for path in folder.glob("spool.db*"):
        path.unlink()
    shutil.copy(spool, folder / "spool.db")


def test_an_old_spool_that_nobody_notices_hides_no_alarm(tmp_path: Path) -> None:
    """Mark and spool were put back together: the name is an old one, until the journal says so."""
    old = tmp_path / "old"
    with world(tmp_path / "data", count=0) as made:
        memory = made.new_device()

        def copy(folder: Path) -> None:
            shutil.copytree(folder, old)

        def put_back(counter: int) -> None:
            if counter == 1:
                without_spool(made, copy)
            if counter == 2:
                without_spool(made, lambda folder: put_all(old, folder))

        for counter in (1, 2):
            post(made.bridge, memory, counter)
            close(made, made.bridge, alarm_open(made.bridge))
            forwarded(made.bridge)
            put_back(counter)
        post(made.bridge, memory, 3)
        until(lambda: "moved" in {flag for one in shown(made.bridge) for flag in one["flags"]}, "it has another name")
        close(made, made.bridge, alarm_open(made.bridge))
        forwarded(made.bridge)
        check_three(made)


def test_a_blind_bridge_names_an_orphan_and_a_recording_is_folded_when_the_journal_is_heard(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        post(made.bridge, memory, 1)
        first = alarm_open(made.bridge)
        close(made, made.bridge, first)
        forwarded(made.bridge)
        made.bridge.stop()
        lose(made.settings.folder)
        away(made)
        made.bridge = new_bridge(made.settings)
        made.bridge.start()
        post(made.bridge, memory, 1)
        recorded = alarm_open(made.bridge)
        assert recorded != first, "nobody can know that it is old: it is an alarm, and hides behind no other"
        assert reading_of(made.bridge).alarm(ids.AlarmId(recorded)).orphan
        back(made)
        until(lambda: [one["alarm"] for one in shown(made.bridge)] == [first], "the journal is heard: it is that alarm")
        assert reading_of(made.bridge).alarm(ids.AlarmId(recorded)).folded_into == first
        forwarded(made.bridge)
        journal = made.organisation.journal()
        assert [one.body for one in journal if isinstance(one.body, bodies.AlarmFold)] == [
            bodies.AlarmFold(ids.AlarmId(recorded), ids.AlarmId(first))
        ]
        until(lambda: not reading_of(made.bridge).blind(), "it knows what came before")
        post(made.bridge, memory, 2)
        last = lineage.alarm_id(made.bridge.identity, memory.device, "real", ids.AlarmId(first))
        assert alarm_open(made.bridge) == last, "the next follows the alarm that was closed last"


def test_a_real_press_of_a_blind_bridge_stays_an_alarm_of_its_own(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        made.bridge.stop()
        lose(made.settings.folder)
        away(made)
        made.bridge = new_bridge(made.settings)
        made.bridge.start()
        post(made.bridge, memory, 1)
        orphan = alarm_open(made.bridge)
        back(made)
        until(lambda: not reading_of(made.bridge).blind(), "the journal is heard")
        forwarded(made.bridge)
        assert alarm_open(made.bridge) == orphan
        close(made, made.bridge, orphan)
        forwarded(made.bridge)
        assert [one.type for one in made.organisation.journal()].count("alarm.close") == 1


@pytest.mark.need("nats-server")
def test_what_a_blind_bridge_raised_is_folded_into_the_alarm_of_the_other(tmp_path: Path) -> None:
    """An act on the orphan goes along; a press that only the blind bridge had counts in the alarm that stays."""
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        post(made.bridges[0], memory, 1)
        until(lambda: made.alarms(1), "both have the alarm")
        close(made.world, made.bridges[0], alarm_open(made.bridges[0]))
        made.agree()
        made.forwarded()
        for index in (0, 1):
            made.stop(index)
        lose(made.settings[1].folder)
        away(made.world)
        blind = made.bridges[1] = new_bridge(made.settings[1])
        blind.start()
        post(blind, memory, 2)
        post(blind, memory, 3)
        orphan = alarm_open(blind)
        who = made.world.organisation
        blind.acts.carry_out(ids.AlarmId(orphan), who.act(who.dispatcher, "accept", orphan))
        made.bridges[0] = new_bridge(made.settings[0])
        made.bridges[0].peers.followers[0].loop.stop()
        made.bridges[0].start()
        post(made.bridges[0], memory, 2)
        (followed,) = [one.alarm for one in made.alarms(0) if one.is_open]
        assert followed != orphan
        made.bridges[0].peers.followers[0].loop = again(made.bridges[0])
        until(lambda: [one.alarm for one in made.alarms(1) if one.is_open] == [followed], "the orphan is folded")
        made.agree()
        (alarm,) = [one for one in made.alarms(0) if one.is_open]
        assert (alarm.alarm, alarm.repeats, alarm.state) == (followed, 1, "accepted")
        back(made.world)
        made.forwarded()
        counted = counted_presses(made.world.organisation.journal())
        assert list(counted.values()).count(followed) == 2


@pytest.mark.need("nats-server")
@pytest.mark.parametrize("late", [False, True])
def test_an_orphan_that_was_closed_before_anybody_was_heard_is_folded_too(tmp_path: Path, late: bool) -> None:  # noqa: FBT001 - pytest names it
    """Its close goes along, and covers what it had; what only the other bridge had raises the next alarm.

    A blind bridge that hears all of it `late`, at once, names that alarm as another orphan: that one is folded as well.
    """
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        post(made.bridges[0], memory, 1)
        until(lambda: made.alarms(1), "both have the alarm")
        close(made.world, made.bridges[0], alarm_open(made.bridges[0]))
        made.agree()
        made.forwarded()
        for index in (0, 1):
            made.stop(index)
        lose(made.settings[1].folder)
        away(made.world)
        blind = made.bridges[1] = new_bridge(made.settings[1])
        blind.start()
        if late:
            blind.peers.followers[0].loop.stop()
        post(blind, memory, 2)
        post(blind, memory, 3)
        orphan = alarm_open(blind)
        close(made.world, blind, orphan)
        made.bridges[0] = new_bridge(made.settings[0])
        made.bridges[0].peers.followers[0].loop.stop()
        made.bridges[0].start()
        post(made.bridges[0], memory, 2)
        post(made.bridges[0], memory, 4)
        (followed,) = [one.alarm for one in made.alarms(0) if one.is_open]
        for one in made.bridges if late else made.bridges[:1]:
            one.peers.followers[0].loop = again(one)
        until(lambda: reading_of(blind).alarm(ids.AlarmId(orphan)).folded_into == followed, "the orphan is folded")
        assert reading_of(blind).alarm(followed).repeats == 1, "presses 2 and 3; 4 calls anew"
        back(made.world)
        until(lambda: open_of(made, 0) not in ([], [followed]), "press 4 calls anew")
        until(lambda: len(open_of(made, 0)) == 1 and open_of(made, 0) == open_of(made, 1), "in one alarm of both")
        made.forwarded()
        counted = counted_presses(made.world.organisation.journal())
        places = list(counted.values())
        assert (places.count(followed), places.count(ids.AlarmId(orphan))) == (2, 0), "presses 2 and 3, once each"
        assert len(counted) == 4


@pytest.mark.need("nats-server")
def test_of_two_blind_bridges_one_hears_from_the_other_what_was_folded(tmp_path: Path) -> None:
    """Neither knows anything by hearing the other. The one that the journal tells folds for both, and says so once."""
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        post(made.bridges[0], memory, 1)
        until(lambda: made.alarms(1), "both have the alarm")
        (first,) = open_of(made, 0)
        made.agree()
        made.forwarded()
        for index in (0, 1):
            made.stop(index)
            lose(made.settings[index].folder)
        away(made.world)
        for index in (0, 1):
            made.bridges[index] = new_bridge(made.settings[index])
        told = made.bridges[1]
        told.forwarder.loop.stop()  # the journal will tell the other one only
        for one in made.bridges:
            one.start()
        post(made.bridges[0], memory, 2)
        post(told, memory, 3)
        until(lambda: len(open_of(made, 0)) == 1 and open_of(made, 0) == open_of(made, 1), "both have one orphan")
        (orphan,) = open_of(made, 1)
        until(lambda: {one.repeats for index in (0, 1) for one in made.alarms(index)} == {1}, "with both presses")
        until(lambda: all(not presses_taken(one, orphan) for one in made.bridges), "which are evidence")
        for one in made.bridges:
            until(partial(has_heard, one), "each has heard the other")
            assert one.spool.read().blind(), "and knows no more than before of what was"
        told.peers.followers[0].loop.stop()
        folds = reading_of(told).counters().get("alarms.folded", 0)  # each may have named the alarm by itself at first
        back(made.world)
        until(lambda: open_of(made, 0) == [first], "the journal is heard at one bridge")
        who = made.world.organisation
        told.acts.carry_out(orphan, who.act(who.dispatcher, "accept", orphan))
        told.peers.followers[0].loop = again(told)
        for restarted in (False, True):
            if restarted:
                made.stop(1)
                made.start(1)
            for index in (0, 1):
                until(partial(stands_as, made, index, [(first, 2, "accepted")]), "once, in the one that stays")
                reading = reading_of(made.bridges[index])
                assert reading.alarm(orphan).folded_into == first
                assert presses.identities(reading, orphan) == []
                assert shown(made.bridges[index])[0]["item"] is not None, "with the place of the last press"
            said = reading_of(made.bridges[1]).counters()
            assert said.get("alarms.folded", 0) == folds, "the other one said it to the journal"
            made.agree()
        made.forwarded()
        journal = made.world.organisation.journal()
        assert bodies.AlarmFold(orphan, first) in [one.body for one in journal]
        assert reading_of(made.bridges[0]).counters().get("statements.refused", 0) == 0
        assert reading_of(made.bridges[1]).counters().get("statements.refused", 0) == 0
        assert list(counted_presses(journal).values()) == [first] * 3


def has_heard(bridge: Bridge) -> bool:
    return bridge.peers.followers[0].loop.turns > 2


def stands_as(made: Several, index: int, what: list[tuple[ids.AlarmId, int, str]]) -> bool:
    return [(one.alarm, one.repeats, one.state) for one in made.alarms(index)] == what


def presses_taken(bridge: Bridge, alarm: ids.AlarmId) -> bool:
    return presses.is_any_taken(reading_of(bridge), alarm)


def put_all(old: Path, folder: Path) -> None:
    for one in old.glob("spool.*"):
        shutil.copy(one, folder)


def copy_of(file: Path, to: Path) -> None:
    shutil.copy(file, to)

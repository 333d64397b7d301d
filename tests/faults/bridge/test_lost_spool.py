"""A bridge loses its spool, or gets an old one back: every alarm has a name of its own, and hides behind no other.

One bridge alone, with its journal or without it; two bridges that are both blind; a recording that somebody repeats.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from device_bridge.alarm import lineage
from device_bridge.loops import Loop
from device_bridge.process import Bridge
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, UpTopic
from evidence import ids
from evidence.statements import bodies
from server.keeping import spools
from tests.support.bridge_world import World, start_bridge, world
from tests.support.chaos import counted_presses
from tests.support.lane_threads import new_bridge, reading_of
from tests.support.many_bridges import Several, several
from tests.support.waiting import until

HERE = Location(51.9244, 4.4777, 12, 3, "gps")
TOLD = ("alarm", "kind", "repeats", "last_press")
"""What a console is told of an alarm that must be the same again."""


def spoken(memory: DeviceMemory, counter: int, kind: Kind = Kind.PRESS) -> tuple[str, bytes]:
    topic = str(UpTopic(memory.device, Lane.ALARM))
    said = DeviceMessage(memory.device, PressId(1, counter), 0, None, 0, kind, None, "", HERE)
    return topic, message.seal(said, memory.identity, topic)


def post(bridge: Bridge, memory: DeviceMemory, counter: int, kind: Kind = Kind.PRESS) -> None:
    topic, body = spoken(memory, counter, kind)
    url = f"http://127.0.0.1:{bridge.feed_port}/press"
    httpx.post(url, params={"topic": topic}, content=body, trust_env=False).raise_for_status()
    bridge.taking.take()


def shown(bridge: Bridge) -> list[dict[str, Any]]:
    return bridge.feed._view.alarms()


def alarm_open(bridge: Bridge) -> str:
    (found,) = [one["alarm"] for one in shown(bridge) if one["state"] != "closed"]
    return str(found)


def close(made: World, bridge: Bridge, name: str) -> None:
    who = made.organisation
    bridge.acts.carry_out(ids.AlarmId(name), who.act(who.dispatcher, "accept", name))
    bridge.acts.carry_out(ids.AlarmId(name), who.act(who.dispatcher, "close", name, "genuine"))


def forwarded(*bridges: Bridge) -> None:
    until(lambda: not any(reading_of(one).waiting_statements_count() for one in bridges), "the journal has everything")


def without_spool(made: World, change: Callable[[Path], None]) -> None:
    """Stop the bridge, change its files, and start it."""
    made.bridge.stop()
    change(made.settings.folder)
    made.bridge = start_bridge(made.settings)


def lose(folder: Path) -> None:
    for path in folder.glob("spool.*"):
        path.unlink()


def away(made: World) -> None:
    """Take the journal away; nothing but an empty folder answers in its place."""
    database = made.settings.data / "getuige.db"
    for suffix in ("", "-wal", "-shm"):
        part = Path(f"{database}{suffix}")
        if part.exists():
            part.rename(f"{part}.away")
    database.mkdir()


def back(made: World) -> None:
    (made.settings.data / "getuige.db").rmdir()
    for part in made.settings.data.glob("getuige.db*.away"):
        part.rename(str(part).removesuffix(".away"))


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


def open_of(made: Several, index: int) -> list[ids.AlarmId]:
    return [one.alarm for one in made.alarms(index) if one.is_open]


def copy_of(file: Path, to: Path) -> None:
    shutil.copy(file, to)


def put_all(old: Path, folder: Path) -> None:
    for one in old.glob("spool.*"):
        shutil.copy(one, folder)


def again(bridge: Bridge) -> Loop:
    """Let a bridge follow the other one after all."""
    loop = Loop("peer again", bridge.peers.followers[0]._turn)
    loop.start()
    return loop

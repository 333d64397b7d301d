"""Two bridges at once: one alarm, whichever of them heard what; nothing is lost, swallowed or raised twice."""

from pathlib import Path

import pytest

from device_bridge.errors import AlarmError
from device_bridge.message import Kind, Location, Told
from evidence import ids
from tests.bridge_world import until
from tests.many_bridges import Several, several

pytestmark = pytest.mark.need("nats-server")
HERE = Location(51.9244, 4.4777, 12, 3, "gps")


def only(made: Several, of: int) -> str:
    (alarm,) = made.alarms(of)
    return alarm.alarm


def test_a_press_is_one_alarm_at_both_and_an_act_at_one_counts_at_both(tmp_path: Path) -> None:
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        with made.world.switched_on(memory) as device:
            first = device.press(Kind.PRESS, HERE)
            assert device.wait(first, Told.STORED, 10) is not None
            again = device.press(Kind.PRESS, HERE)
            assert device.wait(again, Told.STORED, 10) is not None
            until(lambda: [len(made.alarms(0)), len(made.alarms(1))] == [1, 1], "both have it")
            assert only(made, 0) == only(made, 1)
            made.agree()
            who, name = made.world.organisation.dispatcher, ids.AlarmId(only(made, 0))
            revision = made.alarms(0)[0].revision
            made.bridges[1].acts.carry_out(name, made.world.organisation.act(who, "accept", name), revision)
            assert device.wait(first, Told.ACCEPTED, 10) is not None
            made.agree()
            with pytest.raises(AlarmError):
                made.bridges[0].acts.carry_out(name, made.world.organisation.act(who, "claim", name), revision)
            made.bridges[0].acts.carry_out(name, made.world.organisation.act(who, "close", name, "genuine"), 2)
            made.agree()
            assert {one.state for of in (0, 1) for one in made.alarms(of)} == {"closed"}
            assert device.wait(device.press(), Told.STORED, 10) is not None
            until(lambda: len(made.alarms(0)) == len(made.alarms(1)) == 2, "a press after the close is a new alarm")
            made.agree()
        made.forwarded()
        kinds = [one.type for one in made.world.organisation.journal()]
        counts = [kinds.count(kind) for kind in ("alarm.raise", "alarm.repeat", "item.seal")]
        assert counts == [2, 1, 3], "the journal has each press once"
        assert (kinds.count("alarm.accept"), kinds.count("alarm.close")) == (1, 1)
        assert all("statements.refused" not in bridge.spool.read().counters() for bridge in made.bridges)

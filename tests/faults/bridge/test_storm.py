"""Storms of one device, of strangers and of life signs: every press is stored, stands once, and nobody's gets lost.

Two bridges, a broker of each kind. How long a press takes in a storm is measured by `make bench-alarms`, not here;
that a woman's first press goes before floods is tested where it is decided (`tests/unit/bridge/test_lane.py`).
"""

import asyncio
from pathlib import Path

import pytest

from device_bridge.wire.message import Kind, Told
from tests.support.chaos import HERE, Chaos, chaos, counted_presses, presses_in_journal
from tests.support.crowd import CrowdDevice
from tests.support.storms import STRANGERS_A_SECOND, Storm, heartbeats, one_device, positions, raging, strangers
from tests.support.waiting import patience, until

PRESSES = 20

pytestmark = [
    pytest.mark.need("nats-server", "mosquitto"),
    pytest.mark.faults,  # a quiet storm is in test_lanes
    pytest.mark.timeout(200),
]


@pytest.mark.parametrize("storm", [one_device, strangers, heartbeats, positions])
def test_in_a_storm_every_press_is_stored_and_stands_once(tmp_path: Path, storm: Storm) -> None:
    with chaos(tmp_path, "both", devices=1) as made:
        other = asyncio.run(_pressed_in(storm, made))
        until(lambda: all(one.count("journal").get("waiting") == 0 for one in made.bridges), "all is forwarded", 60)
        known = presses_in_journal(made.organisation)
        hers = {(made.pressed[0].memory.device, one.boot, one.counter) for one in made.pressed[0].presses}
        theirs = {(other.device, one.boot, one.counter) for one in other.stored}
        assert hers | theirs <= known.keys(), "what heard stored is in the journal"
        assert {device for device, *_ in known} <= {made.pressed[0].memory.device, other.device}, "a stranger's is not"
        assert all(len(said) == 1 for said in known.values()), "nobody closed anything: each stands in one alarm"
        assert len(counted_presses(made.organisation.journal())) == len(known)
        if storm is strangers:  # what is over the limit of an address is not even kept
            assert made.bridges[0].count("counters").get("quarantined", 0) < STRANGERS_A_SECOND


async def _pressed_in(storm: Storm, made: Chaos) -> CrowdDevice:
    """Press in the storm, one after the other; return whoever made it."""
    other = CrowdDevice(made.organisation.bridge.sign_public, durable=False, login=True)
    made.organisation.append(made.organisation.enrol(other.device, other.who.sign_public))
    known = [bridge.count for bridge in made.bridges]
    await asyncio.to_thread(until, lambda: all(ask("devices").get("enrolled") == 2 for ask in known), "both know it")
    await other.connect("127.0.0.1", made.brokers[0].broker.mqtt_port)
    device, pressed = made.devices[0], made.pressed[0]
    async with raging(storm, made.bridges[0].feed, other):
        for _ in range(PRESSES):
            pressed.presses.append(device.press(Kind.PRESS, HERE))
            heard = await asyncio.to_thread(device.wait, pressed.presses[-1], Told.STORED, patience(60))
            assert heard is not None, "a press was not stored"
    assert not other.lost, "the broker kept the line"
    await other.press(patience(60))
    other.close()
    return other

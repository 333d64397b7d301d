"""A device says where it is while its alarm is open: whatever order words arrive in, and whoever repeats an old one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_bridge.errors import MessageError
from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.reference_device.position_schedule import UNHEARD_S, Followed
from device_bridge.wire import cose, message
from device_bridge.wire.message import Downlink, Kind, PressId, Told
from evidence import keys

FIRST, SECOND, EARLIER = PressId(2, 1), PressId(2, 2), PressId(1, 9)


def word(press: PressId, state: Told, time_ms: int) -> Downlink:
    return Downlink(press, state, time_ms, 10)


def following(*pushed: tuple[PressId, Kind]) -> Followed:
    """A device whose messages were stored one after the other, at 1000, 2000, … on the bridge's clock."""
    followed = Followed()
    for place, (press, kind) in enumerate(pushed, 1):
        followed.pushed(press, kind)
        followed.hear(word(press, Told.STORED, place * 1000), 0.0)
    return followed


@pytest.mark.parametrize("kind", [Kind.PRESS, Kind.DURESS, Kind.CANCEL])
def test_it_is_followed_from_the_push_until_it_is_closed(kind: Kind) -> None:
    followed = Followed()
    assert not followed.is_any(0.0)
    followed.pushed(FIRST, kind)
    assert followed.is_any(UNHEARD_S * 9), "nobody has stored it yet, and it is still being sent"
    followed.hear(word(FIRST, Told.STORED, 1000), 0.0)
    assert followed.is_any(UNHEARD_S - 1)
    followed.hear(word(FIRST, Told.CLOSED, 2000), 0.0)
    assert not followed.is_any(0.0)


def test_a_device_that_never_hears_closed_makes_no_trail_for_ever() -> None:
    followed = following((FIRST, Kind.PRESS))
    followed.hear(word(FIRST, Told.ACCEPTED, 1500), UNHEARD_S - 1)
    assert followed.is_any(2 * UNHEARD_S - 2), "an alarm that is open is told of again and again"
    assert not followed.is_any(2 * UNHEARD_S)
    followed.hear(word(FIRST, Told.ACCEPTED, 1500), 3 * UNHEARD_S)
    assert not followed.is_any(3 * UNHEARD_S), "the same word once more is a recording"
    followed.hear(word(FIRST, Told.ACCEPTED, 1501), 3 * UNHEARD_S)
    assert followed.is_any(3 * UNHEARD_S), "a new one is not: the bridge is back"


def test_a_closing_ends_every_press_that_was_in_the_alarm() -> None:
    followed = following((FIRST, Kind.PRESS), (SECOND, Kind.PRESS))
    followed.hear(word(FIRST, Told.CLOSED, 2500), 0.0)
    assert not followed.is_any(0.0)


@pytest.mark.parametrize("stored", [False, True])
def test_a_closing_that_arrives_late_ends_no_later_alarm(*, stored: bool) -> None:
    """A broker that was away hands out the closing of the alarm before; help must go on following her."""
    followed = following((FIRST, Kind.PRESS))
    followed.hear(word(FIRST, Told.CLOSED, 2000), 0.0)
    followed.pushed(SECOND, Kind.PRESS)
    if stored:
        followed.hear(word(SECOND, Told.STORED, 3000), 0.0)
    followed.hear(word(FIRST, Told.CLOSED, 2000), 0.0)
    followed.hear(word(EARLIER, Told.CLOSED, 500), 0.0)
    assert followed.is_any(0.0)


@given(st.permutations([word(FIRST, Told.CALL_112, 1500), word(FIRST, Told.ACCEPTED, 1900)]), st.integers(0, 2))
def test_no_recording_opens_a_closed_alarm_again(recorded: list[Downlink], skew_ms: int) -> None:
    """Not even when the clock of the bridge that said it was ahead of the one that said *closed*."""
    followed = following((FIRST, Kind.PRESS))
    followed.hear(word(FIRST, Told.CLOSED, 1899 + skew_ms), 0.0)
    for said in recorded:
        followed.hear(said, 0.0)
    assert not followed.is_any(0.0)


def test_after_a_restart_only_a_word_that_is_newer_than_the_last_closing_opens_an_alarm() -> None:
    followed = Followed(closed_ms=5000)
    for said in (word(EARLIER, Told.ACCEPTED, 5000), word(EARLIER, Told.STORED, 9000)):
        followed.hear(said, 0.0)
        assert not followed.is_any(0.0), said
    followed.hear(word(EARLIER, Told.ACCEPTED, 5001), 0.0)
    assert followed.is_any(0.0)
    assert followed.hear(word(EARLIER, Told.CLOSED, 6000), 0.0), "worth remembering"
    assert not followed.hear(word(EARLIER, Told.CLOSED, 5500), 0.0)
    assert (followed.is_any(0.0), followed.closed_ms) == (False, 6000)


def test_a_test_is_followed_by_nobody_and_ends_no_alarm() -> None:
    followed = following((FIRST, Kind.TEST), (SECOND, Kind.PRESS))
    followed.hear(word(FIRST, Told.ACCEPTED, 2500), 0.0)
    followed.hear(word(FIRST, Told.CLOSED, 3000), 0.0)
    assert followed.is_any(0.0), "the press is another alarm"
    followed.hear(word(SECOND, Told.CLOSED, 4000), 0.0)
    assert not followed.is_any(0.0)
    followed = following((FIRST, Kind.TEST))
    followed.hear(word(FIRST, Told.CALL_112, 2500), 0.0)
    assert followed.is_any(0.0), "outside a window the bridge took it for a press"


def test_a_device_remembers_the_closing_when_it_is_switched_off(tmp_path: Path) -> None:
    bridge = keys.Identity.generate()
    memory = DeviceMemory.create(tmp_path / "d", bridge_key=bridge.sign_public.hex(), brokers=())
    topic = message.down_topic(memory.device)

    def told(device: ReferenceDevice, said: Downlink) -> bool:
        device._listen(cose.sign1(bridge, said.to_payload(), topic))
        return device.alarmed

    assert told(ReferenceDevice(memory), word(EARLIER, Told.ACCEPTED, 1000))
    assert not told(ReferenceDevice(memory), word(EARLIER, Told.CLOSED, 2000))
    again = ReferenceDevice(DeviceMemory(tmp_path / "d"))
    assert not told(again, word(EARLIER, Told.ACCEPTED, 1999)), "a recording"
    assert told(again, word(PressId(3, 1), Told.ACCEPTED, 2001))
    with pytest.raises(MessageError):
        again._listen(cose.sign1(keys.Identity.generate(), word(FIRST, Told.ACCEPTED, 9000).to_payload(), topic))


def test_who_does_not_check_in_is_followed_for_a_while_by_her_own_clock() -> None:
    followed = Followed()
    followed.promised(600.0, typed=False)
    followed.promised(5000.0, typed=False)
    moments = (0.0, 599.0, 600.0, 2399.0, 2400.0, 5000.0)
    assert [followed.is_any(at_s) for at_s in moments] == [False, False, True, True, False, True]
    followed.promised(None, typed=True)
    assert not followed.is_any(600.0), "whichever code it was: after that it is followed as after a cancel"
    followed.promised(900.0, typed=True)
    assert followed.is_any(900.0)

"""Two bridges, one control room (sipp): an alarm that was none is withdrawn exactly once, whoever sent and closed it.

The Cancel names the message that the control room was really given, also when the bridge that sent it is dead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from device_bridge.alarm import merging
from device_bridge.alarm.alarm import RouteReport
from device_bridge.spool.yielding import HANDOVER_MS
from device_bridge.wire.message import Kind, Location, Told
from evidence import ids
from tests.support.control_room import SENDER, ControlRoom, alert_of, control_room
from tests.support.lane_threads import reading_of
from tests.support.many_bridges import Several, several
from tests.support.waiting import never, patience, until

HERE = Location(51.9244, 4.4777, 12, 3, "gps")
SETTLED_S = HANDOVER_MS / 1000 + 0.6
"""After so long a bridge that waited for the other has sent by itself."""


@contextmanager
def alarmed(folder: Path) -> Iterator[tuple[Several, ControlRoom, int]]:
    """Two bridges with one control room, which was given an alarm; yields which bridge sent it."""
    with control_room(folder / "room") as room:
        more: dict[str, Any] = {"control_rooms": (f"mk=sip:meldkamer@127.0.0.1:{room.port}",), "sip_sender": SENDER}
        with several(folder / "world", more=more) as made:
            memory = made.world.new_device()
            made.knows(memory.device)
            until(lambda: len({sender(made, of) for of in (0, 1)} - {None}) == 1, "they agree who sends first")
            with made.world.switched_on(memory) as device:
                assert device.wait(device.press(Kind.PRESS, HERE), Told.STORED, patience(10)) is not None
                until(room.received, "the control room has it")
                until(lambda: all(given(made, of) for of in (0, 1)), "both bridges know that it has")
                yield made, room, int(sender(made, 0) or "1") - 1


def sender(made: Several, of: int) -> str | None:
    one = made.bridges[of].sender
    assert one is not None
    return one.holder


def report(made: Several, of: int) -> RouteReport | None:
    return next((one for alarm in made.alarms(of) for one in alarm.routes if one.route == "sip-mk"), None)


def given(made: Several, of: int) -> tuple[str, ...]:
    known = report(made, of)
    return (known and known.given) or ()


def close(made: Several, of: int) -> None:
    """A dispatcher accepts and closes as accidental, at one bridge."""
    (alarm,) = made.alarms(of)
    who = made.world.organisation
    for act, reason in (("accept", None), ("close", "accidental")):
        made.bridges[of].acts.carry_out(alarm.alarm, who.act(who.dispatcher, act, alarm.alarm, reason))  # type: ignore[arg-type] # a reason


def settled(made: Several) -> None:
    """Wait until both know that it was withdrawn, and neither has anything left to send."""
    query = "SELECT count(*) FROM outbox WHERE route = 'sip-mk' AND state IN ('waiting', 'yielded')"
    until(lambda: all((known := report(made, of)) and known.withdrawn for of in (0, 1)), "both know")
    until(lambda: not any(reading_of(one).sql.execute(query).fetchone()[0] for one in made.bridges), "all is sent")


def check(room: ControlRoom) -> None:
    """One Alert, then one Cancel that names it and nothing else."""
    until(lambda: len(room.received()) >= 2, "the withdrawal follows")
    assert len(room.received()) == 2
    alert, cancel = (alert_of(room, index) for index in range(2))
    assert [alert["msgType"], cancel["msgType"]] == ["Alert", "Cancel"]
    assert cancel["references"] == f"{SENDER},{alert['identifier']},{alert['sent']}"


@pytest.mark.need("sipp", "nats-server")
def test_closed_at_the_bridge_that_did_not_send_it(tmp_path: Path) -> None:
    with alarmed(tmp_path) as (made, room, sent_by):
        close(made, 1 - sent_by)
        check(room)
        never(lambda: len(room.received()) > 2, "it is withdrawn once", SETTLED_S)
        settled(made)
        assert all(known and known.code == "sip-withdrawn" for known in (report(made, 0), report(made, 1)))


@pytest.mark.need("sipp", "nats-server")
def test_closed_after_the_bridge_that_sent_it_died(tmp_path: Path) -> None:
    with alarmed(tmp_path) as (made, room, sent_by):
        made.stop(sent_by)
        close(made, 1 - sent_by)
        check(room)
        made.start(sent_by)
        settled(made)
        assert len(room.received()) == 2, "nor does it withdraw it again"


@pytest.mark.need("sipp", "nats-server")
def test_the_bridge_that_closed_it_dies_before_it_says_so(tmp_path: Path) -> None:
    """The other one heard of the close, waits for two seconds, and withdraws; the dead one comes back and does not."""
    with alarmed(tmp_path) as (made, room, sent_by):
        closing = 1 - sent_by
        made.bridges[closing].delivery.stop()
        close(made, closing)
        until(lambda: made.alarms(sent_by)[0].state == "closed", "the other one knows")
        bridge = made.bridges[closing]
        bridge.delivery = type(bridge.delivery)(
            bridge.spool, bridge.identity, bridge.board, (), bridge.registry.accounts
        )  # stopped already; `stop` of the bridge stops this one
        made.stop(closing)
        check(room)
        made.start(closing)
        settled(made)
        assert len(room.received()) == 2, "nor is it withdrawn again"


def test_what_a_receiver_was_given_adds_up_whichever_bridge_says_so() -> None:
    """Both bridges sent while they could not hear each other: a withdrawal names what each of them sent."""
    at = [ids.Time(f"2026-11-22T10:00:0{n}.000Z") for n in range(3)]
    mine = RouteReport("sip-mk", "delivered", "x", at[0], given=("a,10",))
    theirs = RouteReport("sip-mk", "failed", "y", at[1], "receiver-silent", given=("a,11",), withdrawn=True)
    for both in ((mine, theirs), (theirs, mine)):
        (joined,) = merging._routes(both)
        assert (joined.detail, joined.given, joined.withdrawn) == ("y", ("a,10", "a,11"), True)
    later = RouteReport("sip-mk", "delivered", "z", at[2], given=("a.cancel,12",)).after(theirs)
    assert (later.given, later.withdrawn) == (("a,11", "a.cancel,12"), True)

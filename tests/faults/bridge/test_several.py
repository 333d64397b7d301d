"""Two bridges at once: one alarm, whichever of them heard what; nothing is lost, swallowed or raised twice."""

import base64
import struct
from pathlib import Path

import httpx
import pytest

from device_bridge.alarm import lineage
from device_bridge.errors import AlarmError, PeerError
from device_bridge.lane.arrivals import received_now
from device_bridge.loops import Loop
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.spool import presses, replication
from device_bridge.wire import codes, reading
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, Told, UpTopic, seal
from evidence import ids, keys
from evidence.statements import dsse, statement
from tests.support.chaos import counted_presses
from tests.support.lane_threads import reading_of
from tests.support.many_bridges import Several, several
from tests.support.waiting import patience, until

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
            assert device.wait(first, Told.STORED, patience(10)) is not None
            again = device.press(Kind.PRESS, HERE)
            assert device.wait(again, Told.STORED, patience(10)) is not None
            until(lambda: [len(made.alarms(0)), len(made.alarms(1))] == [1, 1], "both have it")
            assert only(made, 0) == only(made, 1)
            made.agree()
            who, name = made.world.organisation.dispatcher, ids.AlarmId(only(made, 0))
            revision = made.alarms(0)[0].revision
            made.bridges[1].acts.carry_out(name, made.world.organisation.act(who, "accept", name), revision)
            assert device.wait(first, Told.ACCEPTED, patience(10)) is not None
            made.agree()
            with pytest.raises(AlarmError):
                made.bridges[0].acts.carry_out(name, made.world.organisation.act(who, "claim", name), revision)
            made.bridges[0].acts.carry_out(name, made.world.organisation.act(who, "close", name, "genuine"), 2)
            made.agree()
            assert {one.state for of in (0, 1) for one in made.alarms(of)} == {"closed"}
            assert device.wait(device.press(), Told.STORED, patience(10)) is not None
            until(lambda: len(made.alarms(0)) == len(made.alarms(1)) == 2, "a press after the close is a new alarm")
            made.agree()
        made.forwarded()
        kinds = [one.type for one in made.world.organisation.journal()]
        counts = [kinds.count(kind) for kind in ("alarm.raise", "alarm.repeat", "item.seal")]
        assert counts == [2, 1, 3], "the journal has each press once"
        assert (kinds.count("alarm.accept"), kinds.count("alarm.close")) == (1, 1)
        assert all("statements.refused" not in reading_of(bridge).counters() for bridge in made.bridges)


def post(made: Several, of: int, topic: str, payload: bytes) -> None:
    """Bring a press to one bridge alone: the way that a device takes when no broker answers."""
    url = f"http://127.0.0.1:{made.bridges[of].feed_port}/press"
    httpx.post(url, params={"topic": topic}, content=payload, trust_env=False).raise_for_status()
    made.bridges[of].taking.take()


def spoken(memory: DeviceMemory, counter: int, kind: Kind = Kind.PRESS, code: bytes | None = None) -> tuple[str, bytes]:
    """Return a message of a device as it would send it, and the topic."""
    topic = str(UpTopic(memory.device, Lane.ALARM))
    said = DeviceMessage(memory.device, PressId(1, counter), 0, None, 0, kind, None, "", HERE, code)
    return topic, seal(said, memory.identity, topic)


def test_what_reaches_one_bridge_alone_reaches_the_other(tmp_path: Path) -> None:
    """A press, a cancel and a duress code over HTTP to one bridge; brokers and journal have no part in it."""
    with several(tmp_path) as made:
        memory = made.world.new_device(pins=("1379", "2480"))
        made.knows(memory.device)
        for broker in made.world.brokers:
            broker.kill()
        post(made, 0, *spoken(memory, 1))
        until(lambda: made.alarms(1), "the other bridge has the alarm")
        cancel = codes.code_of(codes.pin_key(memory.code_salt, "1379"), memory.device, PressId(1, 2))
        post(made, 1, *spoken(memory, 2, Kind.CANCEL, cancel))
        made.agree()
        assert made.alarms(0)[0].flags == ("cancel-right-code", "clock-unsure")
        forced = codes.code_of(codes.pin_key(memory.code_salt, "2480"), memory.device, PressId(1, 3))
        post(made, 1, *spoken(memory, 3, Kind.CANCEL, forced))
        until(lambda: made.alarms(0)[0].kind == "duress", "the other bridge knows of the duress")
        made.agree()
        assert len(made.alarms(0)) == 1
        name = made.alarms(0)[0].alarm
        items = [bridge.spool.read for bridge in made.bridges]
        until(lambda: all(reading().newest_item(name) for reading in items), "each has the sealed press itself")


def test_a_close_swallows_no_press_that_its_dispatcher_had_not_before_them(tmp_path: Path) -> None:
    """The other bridge is down, with a press of its own, while the alarm is closed: that press is then an alarm."""
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        post(made, 0, *spoken(memory, 1))
        until(lambda: made.alarms(1), "both have the alarm")
        made.stop(0)
        post(made, 1, *spoken(memory, 2))
        assert made.alarms(1)[0].repeats == 1
        made.stop(1)
        made.start(0)
        who, name = made.world.organisation.dispatcher, made.alarms(0)[0].alarm
        for act, reason in (("accept", None), ("close", "accidental")):
            made.bridges[0].acts.carry_out(name, made.world.organisation.act(who, act, name, reason))  # type: ignore[arg-type]
        made.start(1)
        until(lambda: [len(made.alarms(of)) for of in (0, 1)] == [2, 2], "the press that nobody saw is an alarm")
        made.agree()
        states = {one.alarm: (one.state, one.press.counter) for one in made.alarms(1)}
        assert states.pop(name) == ("closed", 1)
        ((state, counter),) = states.values()
        assert (state != "closed", counter) == (True, 2)


def test_a_press_that_moved_says_from_where_and_counts_once(tmp_path: Path) -> None:
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        post(made, 0, *spoken(memory, 1))
        until(lambda: made.alarms(1), "both have the alarm")
        made.stop(0)
        post(made, 1, *spoken(memory, 2))
        until(lambda: not reading_of(made.bridges[1]).waiting_statements_count(), "the journal has both presses")
        made.stop(1)
        made.start(0)
        who, name = made.world.organisation.dispatcher, made.alarms(0)[0].alarm
        for act, reason in (("accept", None), ("close", "genuine")):
            made.bridges[0].acts.carry_out(name, made.world.organisation.act(who, act, name, reason))  # type: ignore[arg-type]
        made.start(1)
        until(lambda: [len(made.alarms(of)) for of in (0, 1)] == [2, 2], "the press that nobody saw is an alarm")
        made.agree()
        made.forwarded()
        (raised,) = [one for one in made.alarms(1) if one.is_open]
        assert "moved" in raised.flags, "who sees it come back is told why"
        counted = counted_presses(made.world.organisation.journal())
        assert sorted(counted.values()) == sorted([name, raised.alarm])


def test_a_close_covers_what_the_other_bridge_has(tmp_path: Path) -> None:
    """The bridge where it is closed has fallen behind: it asks, and closes what both have."""
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        for broker in made.world.brokers:
            broker.kill()
        post(made, 0, *spoken(memory, 1))
        until(lambda: made.alarms(1), "both have the alarm")
        made.bridges[0].peers.followers[0].loop.stop()
        post(made, 1, *spoken(memory, 2))
        assert (made.alarms(0)[0].repeats, made.alarms(1)[0].repeats) == (0, 1)
        who, name = made.world.organisation.dispatcher, made.alarms(0)[0].alarm
        for act, reason in (("accept", None), ("close", "genuine")):
            made.bridges[0].acts.carry_out(name, made.world.organisation.act(who, act, name, reason))  # type: ignore[arg-type]
        assert made.alarms(0)[0].repeats == 1, "it has heard of the second press"
        made.agree()
        assert [one.state for one in made.alarms(1)] == ["closed"], "and nothing comes back"


def test_a_bridge_that_is_behind_moves_each_press_once(tmp_path: Path) -> None:
    """It has everything in one alarm, and hears of eight that were closed: what they cover goes where it belongs."""
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        follower, who = made.bridges[1].peers.followers[0], made.world.organisation.dispatcher
        follower.loop.stop()
        for counter in range(1, 9):
            for of in (0, 1):
                post(made, of, *spoken(memory, counter))
            (name,) = [one.alarm for one in made.alarms(0) if one.is_open]
            for act, reason in (("accept", None), ("close", "genuine")):
                made.bridges[0].acts.carry_out(name, made.world.organisation.act(who, act, name, reason))  # type: ignore[arg-type]
        assert [one.repeats for one in made.alarms(1)] == [7]
        follower.loop = Loop("peer again", follower._turn)
        follower.loop.start()
        made.agree()
        assert [one.state for one in made.alarms(1)] == ["closed"] * 8
        assert reading_of(made.bridges[1]).counters()["relayed.anew"] == 7
        made.forwarded()
        assert len(set(counted_presses(made.world.organisation.journal()).values())) == 8


def test_a_close_waits_for_no_bridge_that_is_silent(tmp_path: Path) -> None:
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        post(made, 0, *spoken(memory, 1))
        until(lambda: made.alarms(1), "both have the alarm")
        made.stop(1)
        who, name = made.world.organisation.dispatcher, made.alarms(0)[0].alarm
        for act, reason in (("accept", None), ("close", "genuine")):
            made.bridges[0].acts.carry_out(name, made.world.organisation.act(who, act, name, reason))  # type: ignore[arg-type]
        assert made.alarms(0)[0].state == "closed"
        made.start(1)


def test_a_press_that_was_closed_elsewhere_is_not_raised_again(tmp_path: Path) -> None:
    """A bridge that was away hears an old press from a broker after it heard of the close."""
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        made.stop(1)
        topic, payload = spoken(memory, 1)
        post(made, 0, topic, payload)
        who, name = made.world.organisation.dispatcher, made.alarms(0)[0].alarm
        for act, reason in (("accept", None), ("close", "genuine")):
            made.bridges[0].acts.carry_out(name, made.world.organisation.act(who, act, name, reason))  # type: ignore[arg-type]
        with made.bridges[0].spool.write() as spool:
            spool.sql.execute("DELETE FROM news WHERE kind = 'press'")  # as if it was long ago
        made.start(1)
        until(lambda: [one.state for one in made.alarms(1)] == ["closed"], "the close is known")
        post(made, 1, topic, payload)
        made.agree()
        assert [one.state for one in made.alarms(1)] == ["closed"]


def test_an_announced_test_is_one_at_both_bridges(tmp_path: Path) -> None:
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        with made.bridges[0].spool.write() as spool:
            spool.open_test_window(memory.device, received_now("").at_ms + 60_000)
        window = made.bridges[1].spool.read
        until(lambda: window().test_window_open(memory.device, received_now("").at_ms), "the window is open at both")
        post(made, 1, *spoken(memory, 1, Kind.TEST))
        until(lambda: made.alarms(0), "both have it")
        assert {one.kind for of in (0, 1) for one in made.alarms(of)} == {"test"}


def test_a_renewed_claim_lapses_at_no_bridge_and_escalation_is_told_once(tmp_path: Path) -> None:
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        post(made, 0, *spoken(memory, 1))
        until(lambda: made.alarms(1), "both have the alarm")
        organisation, name = made.world.organisation, made.alarms(0)[0].alarm
        made.bridges[0].acts.carry_out(name, organisation.act(organisation.dispatcher, "claim", name))
        until(lambda: made.alarms(1)[0].claim, "the claim is known at both")
        made.bridges[0].acts.renew(name, organisation.dispatcher.kid)
        renewed = made.alarms(0)[0].claim
        until(lambda: made.alarms(1)[0].claim == renewed, "and so is its renewal")


def test_a_stranger_s_news_is_not_believed(tmp_path: Path) -> None:
    """The feed token opens the news, but only the bridges' key signs it; what rests in it is sealed."""
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        post(made, 0, *spoken(memory, 1))
        url = f"http://127.0.0.1:{made.bridges[0].feed_port}/news"
        assert httpx.get(url, params={"after": 0}, trust_env=False).status_code == 401
        token = (tmp_path / "secrets" / "bridge-feed.token").read_text().strip()
        headers = {"authorization": f"Bearer {token}"}
        page = httpx.get(url, params={"after": 0}, headers=headers, trust_env=False).content
        assert len(replication.opened(page, made.world.organisation.bridge, 0).items) == 2
        with pytest.raises(PeerError):
            replication.opened(page, keys.BridgeIdentity.generate(), 0)
        with pytest.raises(PeerError, match="older question"):
            replication.opened(page, made.world.organisation.bridge, 1)
        for needle in (b"51.92", struct.pack(">d", 51.9244), spoken(memory, 1)[1]):
            assert needle not in base64.b64decode(dsse.parse(page, replication.PAGE_TYPE).payload)


def test_a_bridge_that_comes_new_takes_nothing_that_is_over_for_news(tmp_path: Path) -> None:
    """Its spool is empty; the other has a closed alarm and one that a human has: nothing is raised or sent again."""
    with several(tmp_path) as made:
        organisation, memories = made.world.organisation, [made.world.new_device("one"), made.world.new_device("two")]
        for memory in memories:
            made.knows(memory.device)
        made.stop(1)
        for path in (tmp_path / "bridge-2").glob("spool.db*"):
            path.unlink()
        for memory in memories:
            for counter in range(1, 9):
                post(made, 0, *spoken(memory, counter))
        for alarm, acts in zip(made.alarms(0), (("accept", "close"), ("accept",)), strict=True):
            for act in acts:
                signed = organisation.act(
                    organisation.dispatcher, act, alarm.alarm, "genuine" if act == "close" else None
                )
                made.bridges[0].acts.carry_out(alarm.alarm, signed)
        with made.bridges[0].spool.write() as spool:
            spool.sql.execute("UPDATE news SET at_ms = 0")  # as if it was long ago
        made.start(1)
        until(lambda: len(made.alarms(1)) == 2, "it caught up")
        until(lambda: {one.state for one in made.alarms(1)} == {"closed", "accepted"}, "as the other knows it")
        closed = next(one.alarm for one in made.alarms(1) if one.state == "closed")
        query = "SELECT count(*) FROM outbox WHERE alarm = ?"
        assert reading_of(made.bridges[1]).sql.execute(query, (closed,)).fetchone() == (0,), "nothing is sent again"
        topic, payload = spoken(memories[0], 1)
        signed = reading.verified(payload, memories[0].identity.sign_public, topic).signed
        identity = lineage.identity(lineage.press_key(made.bridges[1].identity), signed)
        assert presses.seen(reading_of(made.bridges[1]), identity) is not None


def test_whoever_hears_that_an_alarm_is_closed_has_the_close_itself(tmp_path: Path) -> None:
    """Also when much is between them, and the spool in which it was signed is lost before the next page is heard."""
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        (saying, _), people = made.bridges, made.world.organisation
        saying.forwarder.loop.stop()  # the journal has nothing of it
        with made.world.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS, HERE), Told.STORED, patience(10)) is not None
            made.agree()
        with saying.spool.write() as spool:
            for _ in range(2 * replication.PAGE_ROWS):
                spool.tell_peers("window", ids.new_id(), b"0")
        name = ids.AlarmId(only(made, 0))
        signed = [
            people.act(people.dispatcher, "accept", name),
            people.act(people.dispatcher, "close", name, "genuine"),
        ]
        for each in signed:
            saying.acts.carry_out(name, each)
        page = replication.page(saying.spool.read(), "1", "spool", 0)
        kinds = [one.kind for one in page.items]
        assert "alarm" in kinds, "it says that the alarm is closed"
        acts = [one.key for one in page.items[: kinds.index("alarm")] if one.kind == "act"]
        assert acts == [statement.parse(each).id for each in signed]

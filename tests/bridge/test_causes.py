"""Health is red whenever a press would not reach a person, and names why in Dutch and in English."""

import asyncio
import re
import string
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from device_bridge import causes
from device_bridge.causes import Cause
from device_bridge.errors import RouteError
from device_bridge.feed import health
from device_bridge.feed.watchers import BELIEVED_S, Watchers, Watching
from device_bridge.routes import dc09_frames
from device_bridge.routes.dc09 import Dc09Route
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.line import Line
from evidence import ids
from evidence.errors import FormatError
from server.alarms.feed import DARK_S, BridgeFeed
from server.doctor import checks as doctor
from server.doctor.finding import State
from server.settings import Settings
from tests.support.alarm_centre import framed, receiver
from tests.support.bridge_world import World, world
from tests.support.escalating import asked, everything, named, push
from tests.support.lane_threads import reading_of
from tests.support.waiting import until

KEY = b"0123456789abcdef"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def test_every_cause_has_words_in_both_languages() -> None:
    assert set(causes.WORDS) == causes.ALL
    for code, words in causes.WORDS.items():
        fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in words]
        assert all(one <= {"about"} for one in fields), code
        assert "!" not in "".join(words)
        assert words[0] != words[1]
    assert Cause("broker-away", "a").to_json() == {
        "code": "broker-away",
        "about": "a",
        "nl": "Broker a is niet verbonden.",
        "en": "broker a is not connected",
    }


def test_a_bridge_with_everything_away_names_each_and_so_do_its_figures(tmp_path: Path) -> None:
    with everything(tmp_path) as bridge:
        until(lambda: named(bridge) >= {"broker-away", "login-away", "route-away", "nobody-watches"}, "all are named")
        said = asked(bridge, "/health").json()
        assert said["ok"] is False
        assert said["troubles"] == [one["en"] for one in said["causes"]]
        page = asked(bridge, "/metrics").text
        for code in ("broker-away", "login-away", "nobody-watches"):
            assert f'getuige_bridge_cause{{code="{code}"}} 1.0' in page
        assert 'getuige_bridge_cause{code="clock-set"} 0.0' in page
        assert set(re.findall(r'getuige_bridge_cause{code="([a-z-]+)"}', page)) == causes.ALL


def test_a_disk_that_is_nearly_full_is_named_before_it_is(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "disk-low" not in named(made.bridge)
    monkeypatch.setattr(health, "MIN_FREE_MB", 10**12)
    assert "disk-low" in named(made.bridge)


def test_a_journal_that_is_hours_behind_is_named_until_it_has_all(made: World) -> None:
    """It answers, so nothing is away: what waits is old all the same."""
    memory = made.new_device()
    made.bridge.forwarder.loop.stop()
    push(made, memory)
    reading = reading_of(made.bridge)
    assert reading.waiting_statements_count() > 0
    assert "journal-behind" not in named(made.bridge), "it waits for a moment only"
    with made.bridge.spool.write() as spool:
        spool.sql.execute("UPDATE statement SET queued_ms = queued_ms - 3 * 3600 * 1000 WHERE state = 'waiting'")
    causes_now = {one["code"]: one["nl"] for one in asked(made.bridge, "/health").json()["causes"]}
    assert "uren achter" in causes_now["journal-behind"]
    page = asked(made.bridge, "/metrics").text
    assert 'getuige_bridge_cause{code="journal-behind"} 1.0' in page
    assert float(re.findall(r"getuige_bridge_journal_behind_seconds ([0-9.]+)", page)[0]) >= 3 * 3600
    made.restart_bridge()
    until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "it has caught up")
    assert "journal-behind" not in named(made.bridge)


def test_a_server_that_listens_is_nobody_until_a_person_has_begun_a_shift(made: World) -> None:
    async def look() -> None:
        token = made.settings.token_file
        address = f"http://127.0.0.1:{made.bridge.feed_port}"
        feed = BridgeFeed(Settings.model_validate({"bridge_feed_url": address, "bridge_feed_token_file": token}))
        following = asyncio.ensure_future(feed.follow())
        try:
            await settle(lambda: made.bridge.feed.listeners == 1, "the server listens")
            assert "nobody-watches" in await asyncio.to_thread(named, made.bridge)
            console, who = object(), ids.KeyId("a" * 32)
            feed.opened(console, who)
            feed.signed(who, on_shift=False)
            await settle(lambda: made.bridge.consoles() == 1, "the bridge hears of an open console")
            assert "nobody-watches" in await asyncio.to_thread(named, made.bridge)
            feed.signed(who, on_shift=True)
            await settle(lambda: "nobody-watches" not in named(made.bridge), "somebody watches")
            feed.gone(console)
            await settle(lambda: "nobody-watches" in named(made.bridge), "the console is gone")
        finally:
            following.cancel()
            await feed.close()

    asyncio.run(look())


async def settle(question: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(until, question, what)


def test_a_console_that_sleeps_watches_no_more_though_its_connection_stands(tmp_path: Path) -> None:
    now = [0.0]
    feed = BridgeFeed(Settings.model_validate({"data": tmp_path}), lambda: now[0])
    console, who = object(), ids.KeyId("a" * 32)
    feed.opened(console, who)
    feed.signed(who, on_shift=True)
    now[0] = DARK_S - 1
    assert feed.awake() == [who], "a page in the background may be let to speak once a minute only"
    now[0] = DARK_S + 1
    assert feed.awake() == []
    feed.signed(who, on_shift=True)
    assert feed.awake() == [who], "it woke up"
    feed.gone(console)
    assert feed.awake() == []


def test_what_a_server_said_a_while_ago_is_not_believed() -> None:
    now = [0.0]
    watchers = Watchers(lambda: now[0])
    one, other = ids.KeyId("a" * 32), ids.KeyId("b" * 32)
    assert watchers.note(Watching("a", 2, (one,)))
    assert not watchers.note(Watching("b", 1, (one,)))
    assert watchers.note(Watching("b", 1, (one, other))), "which of them watches is news too"
    assert (watchers.consoles, watchers.on_shift) == (3, (one, other))
    now[0] = BELIEVED_S + 0.1
    assert (watchers.consoles, watchers.on_shift) == (0, ())


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"consoles":1,"on_shift":2,"server":"a"}', b'{"consoles":-1,"on_shift":[],"server":"a"}', b"[1]"],
)
def test_odd_words_about_consoles_are_refused(body: bytes) -> None:
    with pytest.raises(FormatError):
        Watching.parse(body)


def stamp(at: datetime) -> str:
    return at.strftime("_%H:%M:%S,%m-%d-%Y")


def route(port: int) -> Dc09Route:
    return Dc09Route("dc09-c", Line("127.0.0.1", port, "the alarm centre"), dc09_frames.Line(None))


def test_a_centre_that_refuses_our_polls_is_not_well() -> None:
    with receiver(lambda _frame: framed(f'"NAK"0000R0L0A0[]{stamp(datetime.now(UTC))}')) as (port, heard):
        centre = route(port)
        with pytest.raises(RouteError, match="refuses our polls"):
            centre._poll()
        assert len(heard) == 1, "its clock is ours: once more would be refused as well"
        centre.watch.start()
        until(lambda: "NAK" in (centre.watch.trouble or ""), "health has it without any press")
        centre.watch.stop()


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-2, seconds=7)])
def test_a_centre_with_another_clock_is_given_its_own_time(off: timedelta) -> None:
    def answer(frame: str) -> bytes:
        theirs = datetime.now(UTC) + off
        said = datetime.strptime(frame[frame.rindex("_") :].rstrip("\r"), "_%H:%M:%S,%m-%d-%Y").replace(tzinfo=UTC)
        if abs(said - theirs) > timedelta(seconds=20):
            return framed(f'"NAK"0000R0L0A0[]{stamp(theirs)}')
        sequence = frame[frame.index('"', 10) + 1 :][:4]
        return framed(f'"ACK"{sequence}L0#00000000[]')

    with receiver(answer) as (port, heard):
        centre = route(port)
        centre._poll()
        assert len(heard) == 2, "refused, and then taken with the receiver's time"
        what = Dispatch(
            ids.AlarmId("a" * 32), ids.DeviceId("b" * 32), "press", ids.now(), None, accounts={"dc09-c": "123"}
        )
        assert centre.send(what).code == "dc09-ack"
        assert len(heard) == 3, "from then on at once"


def test_the_doctor_names_causes_in_both_languages_and_bridges_that_are_away(made: World) -> None:
    address = f"http://127.0.0.1:{made.bridge.feed_port}"
    given: dict[str, Any] = {"bridge_feed_url": address, "bridge_feed_token_file": made.settings.token_file}
    found = doctor.check_bridges(Settings.model_validate(given))
    assert found.state is State.LOOK
    assert "Niemand kijkt" in found.seen
    assert "nobody watches" in found.seen
    made.bridge.feed_server.stop()
    found = doctor.check_bridges(Settings.model_validate(given))
    assert "does not answer" in found.seen

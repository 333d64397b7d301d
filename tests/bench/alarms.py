"""From a push of the button to everyone who must hear of it, beside bare peers in the same run, turn by turn.

Run by `make bench-alarms`, or a part of it (PART="signed or work"). Writes `var/bench/alarms.json`. A figure short of
its goal is printed as SHORT with what would be tried next; a test fails only when one is so far off that something must
be broken. GETUIGE_ROUNDS=100 measures fewer presses than 200.
"""

import asyncio
import os
import socket
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from device_bridge.lane.arrivals import Arrival, received_now
from device_bridge.lane.loop import PressLane
from device_bridge.lane.verifier import Verifier
from device_bridge.mqtt.connection import BrokerAddress, Connection, Delivered, Login
from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.routes import dc09_frames
from device_bridge.settings import BridgeSettings
from device_bridge.spool.inbox import Inbox
from device_bridge.wire import cose, message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, Told, UpTopic
from evidence import ids, keyfile, keys
from tests.bench.alarm_figures import Figures, figures, p99
from tests.bench.alarm_setting import Setting, flushes, paho_echo, raw_echo, setting
from tests.support.alarm_centre import KEY, alarm_centre
from tests.support.bridge_world import start_bridge, world
from tests.support.chromium import browser, pictures
from tests.support.visitor import visit
from tests.support.waiting import until
from tests.support.whole import Running, running

ROUNDS = int(os.environ.get("GETUIGE_ROUNDS", "200"))
HISTORY = 20
"""Rounds before it counts: the device then has as many closed alarms."""

CPU_ROUNDS = 200
CENTRE_ROUNDS = 30
CONSOLE_ROUNDS = 10
BURST = 3000
BURST_DEVICES = 50
HERE = Location(51.9244, 4.4777, 12, 3, "gps")
FIXTURES = (browser, figures, pictures, running)
"""A Chromium and a whole running Getuige, as the browser tests have them."""

NATS = pytest.param("nats", marks=pytest.mark.need("nats-server"))
MOSQUITTO = pytest.param("mosquitto", marks=pytest.mark.need("mosquitto"))
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.need("postgres", "initdb"))


# ------------------------------------------------------------------------------------------------- press → stored
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [NATS, MOSQUITTO])
@pytest.mark.parametrize("journal", ["sqlite", POSTGRESQL])
def test_press_until_signed_stored(tmp_path: Path, figures: Figures, kind: str, journal: str) -> None:
    """A raise and a repeat are two things: each round opens an alarm, repeats, and closes it; twenty came before."""
    with (
        setting(tmp_path, kind, journal) as made,
        raw_echo() as raw,
        paho_echo(*made.address()) as paho,
        flushes(tmp_path / "flushed") as disk,
    ):
        device = ReferenceDevice(made.device("button"))
        device.start()
        until(lambda: device.connected() == 2, "device connects", 60)
        took: dict[str, list[float]] = {name: [] for name in ("raw", "paho", "disk", "raise", "repeat")}

        def press() -> float:
            heard = device.wait(device.press(Kind.PRESS, HERE), Told.STORED, 30)
            assert heard is not None
            return heard

        turns = [("raw", raw), ("paho", paho), ("raise", press), ("repeat", press), ("disk", disk)]
        try:
            for number in range(ROUNDS + HISTORY):
                # Peers change their place; a raise comes before its repeat.
                for name, turn in (turns, [*turns[2:], *turns[:2]], [turns[1], *turns[2:], turns[0]])[number % 3]:
                    ms = turn()
                    if number >= HISTORY:
                        took[name].append(ms)
                made.close_all()
        finally:
            device.stop()
    median = statistics.median
    why = "two brokers and the lane flush each press to one disk: a disk for each; verify and a signature are ours"
    for what in ("raise", "repeat"):
        label = f"Press until signed stored, {what}, {kind}, journal in {journal}"
        figures.at_most(f"{label}: p50", "ms", median(took[what]), ("raw sockets", median(took["raw"])), 10, why)
        figures.at_most(f"{label}: p50 by paho", "ms", median(took[what]), ("bare paho", median(took["paho"])), 10, why)
        figures.at_most(f"{label}: p99", "ms", p99(took[what]), ("the design's limit", 5), 1, why)
        peer = ("p99 of an fdatasync between the presses", p99(took["disk"]))
        figures.at_most(f"{label}: p99 by the disk", "ms", p99(took[what]), peer, 10, why)


def test_work_before_stored(tmp_path: Path, figures: Figures) -> None:
    """CPU of the thread that stores: ours beside the bare work (verify, insert, commit FULL, sign), turn by turn."""
    ours: dict[str, list[float]] = {"raise": [], "repeat": []}
    bare: list[float] = []
    with world(tmp_path, count=0) as made, _bare_spool(tmp_path / "bare.db") as store:
        devices = [(ids.DeviceId(ids.new_id()), keys.Identity.generate()) for _ in range(CPU_ROUNDS)]
        made.organisation.append(*(made.organisation.enrol(name, who.sign_public) for name, who in devices))
        until(lambda: made.bridge.registry.device_count >= CPU_ROUNDS, "the bridge knows them", 60)
        lane = PressLane(Inbox(tmp_path / "lane.db").add, Verifier(made.bridge.registry, made.bridge.identity))

        def take(arrival: Arrival) -> None:
            assert lane.submit(arrival, lambda _taken: None)
            assert lane.work()

        for number, (name, who) in enumerate(devices):
            turns: list[tuple[list[float], Callable[[], object]]] = [(bare, partial(store, who))]
            for counter, what in enumerate(("raise", "repeat")):
                topic, payload = _sealed(name, who, counter)
                arrival = Arrival(topic, payload, received_now("a"))
                turns.append((ours[what], partial(take, arrival)))
            for into, turn in turns if number % 2 else [*turns[1:], turns[0]]:
                begun = time.thread_time()
                turn()
                into.append((time.thread_time() - begun) * 1000)
    median, why = statistics.median, "the spool's statements in Python; the alarm as JSON: columns instead"
    for what, spent in ours.items():
        peer = ("verify, insert, commit FULL, sign", median(bare))
        figures.at_most(f"CPU before stored, {what}: p50", "ms", median(spent), peer, 2.2, why)


@contextmanager
def _bare_spool(path: Path) -> Iterator[Callable[[keys.Identity], None]]:
    """Yield what a press costs at least: one signature checked, one row durable, one signature made."""
    bridge = keys.SigningKey.generate()
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        sql.execute("PRAGMA journal_mode = WAL")
        sql.execute("PRAGMA synchronous = FULL")
        sql.execute("CREATE TABLE press (id BLOB PRIMARY KEY, raw BLOB)")
        sql.execute("CREATE TABLE outbox (n INTEGER PRIMARY KEY, press BLOB)")

        def store(who: keys.Identity) -> None:
            body = os.urandom(180)
            keys.verify(who.sign_public, body, who.sign(body))
            sql.execute("BEGIN IMMEDIATE")
            sql.execute("INSERT INTO press VALUES (?, ?)", (body[:32], body))
            sql.execute("INSERT INTO outbox (press) VALUES (?)", (body[:32],))
            sql.execute("COMMIT")
            bridge.sign(body)

        yield store


# --------------------------------------------------------------------------------------------- press → alarm centre
@pytest.mark.need("nats-server")
def test_press_until_the_alarm_centre_has_acknowledged(tmp_path: Path, figures: Figures) -> None:
    keyfile.load_or_create(tmp_path / "secrets" / "alarm-centre-c.key", lambda: KEY.hex().encode())
    with alarm_centre() as (port, _), world(tmp_path) as made:
        memory = made.new_device()
        made.bridge.stop()
        made.settings = BridgeSettings(**{**made.settings.model_dump(), "alarm_centres": (f"c=127.0.0.1:{port}",)})
        made.bridge = start_bridge(made.settings)
        acknowledged = threading.Event()
        reached: list[float] = []

        def look(_alarms: frozenset[ids.AlarmId]) -> None:
            routes = [one.route for alarm in made.bridge.spool.read().newest_alarms(0) for one in alarm.routes]
            if "dc09-c" in routes and not acknowledged.is_set():
                reached.append(time.perf_counter())
                acknowledged.set()

        made.bridge.board.listen(look)
        ours, bare = [], []
        with made.switched_on(memory) as device:
            for number in range(CENTRE_ROUNDS):
                bare.append(_bare_frame(port, number + 1))
                acknowledged.clear()
                begun = time.perf_counter()
                device.press(Kind.PRESS, HERE)
                assert acknowledged.wait(10)
                ours.append((reached[-1] - begun) * 1000)
                (alarm,) = made.bridge.spool.read().newest_alarms(0)
                for act, reason in (("accept", None), ("close", "test")):
                    signed = made.organisation.act(made.organisation.dispatcher, act, alarm.alarm, reason)  # type: ignore[arg-type] # a reason
                    made.bridge.acts.carry_out(alarm.alarm, signed)
    why = "the outbox is read after the commit: hand the frame to the route's thread in memory as well"
    peer = ("bare socket, same frame", statistics.median(bare))
    figures.at_most("Press until the alarm centre's ACK (DC-09): p50", "ms", statistics.median(ours), peer, 5, why)
    figures.at_most("Press until the alarm centre's ACK (DC-09): p99", "ms", p99(ours), ("ten seconds", 10_000), 1, why)


def _bare_frame(port: int, sequence: int) -> float:
    line = dc09_frames.Line(KEY)
    frame = dc09_frames.alarm_frame(line, "SIA-DCS", sequence, "00C0FFEE", "press", HERE, datetime.now(UTC))
    begun = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(frame)
        assert b"ACK" in connection.recv(1024)
    return (time.perf_counter() - begun) * 1000


# ------------------------------------------------------------------------------------------------ presses a second
@pytest.mark.parametrize("kind", [NATS, MOSQUITTO])
def test_presses_a_second(tmp_path: Path, figures: Figures, kind: str) -> None:
    with setting(tmp_path / "one", kind, count=1) as made:
        presses = _presses(made)
        address, login = made.address()
        peer = BURST / _bare_burst(address, login, presses)
        one = _rate(made, presses)
    why = "sealing and statements of those before share the cores: a second core for the lane"
    name = f"Presses a second, stored and answered, one bridge, {kind}"
    figures.at_least(name, "presses/s", one, ("bare paho, nothing stored", peer), 0.1, why)
    with setting(tmp_path / "two", kind, count=1, bridges=2) as made:
        two = _rate(made, _presses(made))
    why = "every bridge takes every press, and two cores run both, the broker and the sender: cores of their own"
    name = f"Presses a second, stored and answered, two bridges that each take all, {kind}"
    figures.at_least(name, "presses/s", two, ("one bridge", one), 0.5, why)


def _presses(made: Setting) -> list[tuple[str, bytes]]:
    """Enrol some devices and return a burst of their presses, as topics and bytes."""
    people = [keys.Identity.generate() for _ in range(BURST_DEVICES)]
    names = [ids.DeviceId(ids.new_id()) for _ in people]
    made.append(*(made.organisation.enrol(n, who.sign_public) for n, who in zip(names, people, strict=True)))
    for port in made.feed_ports:
        until(lambda port=port: made.enrolled(port) >= BURST_DEVICES, "the bridge knows them", 60)  # type: ignore[misc] # the port of now
    return [_sealed(names[n % BURST_DEVICES], people[n % BURST_DEVICES], n) for n in range(BURST)]


def _rate(made: Setting, presses: Sequence[tuple[str, bytes]]) -> float:
    """Send a burst and return how many a second are answered with a signed *stored*, by whichever bridge is first."""
    address, login = made.address()
    heard: set[tuple[str, PressId]] = set()

    def hear(connection: Connection, delivered: Delivered) -> None:
        # The press that an answer names; its signature is the devices' business.
        named = PressId(*cose.decode(cose.parse(delivered.payload).payload)["press"])
        heard.add((delivered.topic, named))
        connection.acknowledge(delivered)

    sender = Connection(address, "sender", _ignore, filters=(), login=login, durable=False)
    ear = Connection(address, "ear", hear, filters=(("dn/+", 0),), login=login, durable=False)
    for one in (sender, ear):
        one.start()
        until(one.connected.is_set, "client connects")
    begun = time.perf_counter()
    for topic, payload in presses:
        while not sender.publish(topic, payload):  # a busy machine may cost it its connection
            until(sender.connected.is_set, "client connects")
    until(lambda: len(heard) >= len(presses), "each press is answered", 170)
    rate = len(presses) / (time.perf_counter() - begun)
    ear.stop()
    sender.stop()
    return rate


def _sealed(device: ids.DeviceId, who: keys.Identity, number: int) -> tuple[str, bytes]:
    topic = str(UpTopic(device, Lane.ALARM))
    said = DeviceMessage(device, PressId(1, number), 0, None, 0, Kind.PRESS, 90, "bench", HERE)
    return topic, message.seal(said, who, topic)


def _ignore(connection: Connection, delivered: Delivered) -> None:
    connection.acknowledge(delivered)


def _bare_burst(address: BrokerAddress, login: Login | None, presses: Sequence[tuple[str, bytes]]) -> float:
    """Send the same bytes on another topic from one bare client to another; return the seconds until all came."""
    count, done = 0, threading.Event()

    def heard(connection: Connection, delivered: Delivered) -> None:
        nonlocal count
        connection.acknowledge(delivered)
        count += 1
        if count == len(presses):
            done.set()

    far = Connection(address, "bare-far", heard, filters=(("bench/burst", 1),), login=login, durable=False)
    near = Connection(address, "bare-near", _ignore, filters=(), login=login, durable=False)
    for one in (far, near):
        one.start()
        until(one.connected.is_set, "client connects")
    begun = time.perf_counter()
    for _, payload in presses:
        near.publish("bench/burst", payload)
    assert done.wait(120)
    took = time.perf_counter() - begun
    for one in (far, near):
        one.stop()
    return took


# ------------------------------------------------------------------------------------------------ press → the console
APPEARED = """() => new Promise((done) => {
  const known = document.querySelectorAll("button.alarm").length;
  const look = () => {
    if (document.querySelectorAll("button.alarm").length > known) done(Date.now());
    else requestAnimationFrame(look);
  };
  look();
})"""


@pytest.mark.need("chromium")
@pytest.mark.timeout(400)
@pytest.mark.asyncio(loop_scope="session")
async def test_press_until_it_stands_in_the_console(browser: Browser, running: Running, figures: Figures) -> None:
    folder = running.data / "people" / "alarm-device"
    device = ReferenceDevice(DeviceMemory(folder))
    device.start()
    shown, stored = [], []
    try:
        async with visit(browser, running.url) as daan:
            page = daan.page
            await daan.sign_in("/console", "daan", running.phrases["daan"])
            await page.wait_for_selector(".freshness.live", timeout=15_000)
            await asyncio.to_thread(until, lambda: device.connected() == 2, "device connects")
            for _ in range(CONSOLE_ROUNDS):
                seen = asyncio.create_task(page.evaluate(APPEARED))
                await asyncio.sleep(0.2)  # the page looks now
                begun_ms = time.time() * 1000
                press = device.press(Kind.PRESS, HERE)
                shown.append(await asyncio.wait_for(seen, 20) - begun_ms)
                waited = await asyncio.to_thread(device.wait, press, Told.STORED, 10)
                assert waited is not None
                stored.append(waited)
                await _close(page)
    finally:
        device.stop()
    why = "the feed, the server's stream and a frame of the page come on top"
    peer = ("the same press until stored", statistics.median(stored))
    figures.at_most("Press until it stands in the console's page: p50", "ms", statistics.median(shown), peer, 20, why)
    figures.at_most("Press until it stands in the console's page: worst", "ms", max(shown), ("a second", 1000), 1, why)


async def _close(page: Page) -> None:
    """Accept and close the newest alarm, so that the next press opens another."""
    await page.locator("button.alarm").first.click()
    await page.keyboard.press("a")
    await page.wait_for_selector("article.alarm-view[data-state=accepted]")
    await page.keyboard.press("c")
    await page.locator("[data-reason=test]").click()
    await page.wait_for_selector("article.alarm-view[data-state=closed]")

"""What must never hold up a press: a journal that is gone, a storm of heartbeats, a route that hangs."""

import base64
import sqlite3
import statistics
import struct
import threading
import time
from pathlib import Path

import pytest

from device_bridge.lane.arrivals import Arrival, received_now
from device_bridge.lane.verifier import Verifier
from device_bridge.mqtt.connection import BrokerAddress, Connection
from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.supervision import positions
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, Told, UpTopic
from evidence import ids, keys
from tests.support.bridge_world import bridge_login, world
from tests.support.lane_threads import new_bridge, reading_of
from tests.support.waiting import patience, until

pytestmark = pytest.mark.need("nats-server")

LAT, LON = 51.924437, 4.477712
HERE = Location(LAT, LON, 12, 3, "gps")
STORM_PER_S = 2000
SAMPLES = 40


def test_a_locked_journal_delays_no_press_and_gets_everything_once(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        blocker = sqlite3.connect(tmp_path / "getuige.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with made.switched_on(memory) as device:
            for _ in range(10):
                assert device.wait(device.press(Kind.PRESS, HERE), Told.STORED, patience(5)) is not None
            until(lambda: made.bridge.forwarder.trouble, "the trouble is named")
            blocker.execute("ROLLBACK")
            blocker.close()
            until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "all is forwarded", 40)
        kinds = [statement.type for statement in made.organisation.journal()]
        assert (kinds.count("alarm.raise"), kinds.count("alarm.repeat"), kinds.count("item.seal")) == (1, 9, 10)
        until(lambda: made.bridge.forwarder.trouble is None, "the trouble is over")


def test_a_bridge_that_starts_without_its_journal_stores_presses_from_its_own_copy_of_the_keys(
    tmp_path: Path,
) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        made.bridge.stop()
        database = tmp_path / "getuige.db"
        for suffix in ("", "-wal", "-shm"):
            part = Path(f"{database}{suffix}")
            if part.exists():
                part.rename(f"{part}.away")
        database.mkdir()
        made.bridge = new_bridge(made.settings)
        made.bridge.start()
        with made.switched_on(memory) as device:
            assert device.wait(device.press(), Told.STORED, patience(10)) is not None
        assert made.bridge.forwarder.trouble
        database.rmdir()
        for part in tmp_path.glob("getuige.db*.away"):
            part.rename(str(part).removesuffix(".away"))
        until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "all is forwarded", 60)
        assert [one.type for one in made.organisation.journal()].count("alarm.raise") == 1


def test_no_position_stands_in_clear_in_the_spool(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        memory = made.new_device()
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS, HERE), Told.STORED, patience(5)) is not None
        made.sealed()
        (alarm,) = reading_of(made.bridge).newest_alarms(5)
        poison = message.seal(_press(memory.device, HERE), keys.Identity.generate(), _topic(memory.device))
        with made.bridge.spool.write() as spool:
            spool.count("control-string-x7q")
        arrival = Arrival(_topic(memory.device), poison, received_now("a"))
        made.bridge.intake.take([Verifier(made.bridge.registry, made.bridge.identity).read(arrival).row])
        stored = b"".join(path.read_bytes() for path in (tmp_path / "bridge").iterdir() if path.is_file())
        item = reading_of(made.bridge).newest_item(alarm.alarm)
        assert item is not None
        opened = made.organisation.open_item(base64.b64encode(item.container).decode())
        assert opened.position is not None
        assert opened.position.lat == "51.924437", "it is there for the desk"
    assert b"control-string-x7q" in stored, "the search finds what is in clear"
    assert alarm.alarm.encode() in stored
    for needle in (b"51.92", b"4.4777", struct.pack(">d", LAT), struct.pack(">d", LON), b'"lat"'):
        assert needle not in stored


def _topic(device: str) -> str:
    return str(UpTopic(ids.DeviceId(device), Lane.ALARM))


def _press(device: str, location: Location | None) -> DeviceMessage:
    return DeviceMessage(ids.DeviceId(device), PressId(9, 9), 0, None, 0, Kind.PRESS, None, "", location)


@pytest.mark.parametrize("kind", [Kind.HEARTBEAT, Kind.POSITION])
def test_a_storm_of_life_signs_does_not_delay_presses(
    tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative and generous: the median with the storm stays within ten times the quiet one plus 20 ms.

    The positions are of an open alarm, and as many of them are stored as are read.
    """
    monkeypatch.setattr(positions, "MIN_GAP_S", 0.0)
    with world(tmp_path) as made:
        memory = made.new_device()
        noisy = made.new_device("noisy")
        with made.switched_on(noisy) as other:
            assert other.wait(other.press(), Told.STORED, patience(10)) is not None
        with made.switched_on(memory) as device:
            quiet = _median(device)
            stop = threading.Event()
            storm = threading.Thread(target=_storm, args=(made.urls[0], tmp_path, noisy, kind, stop))
            storm.start()
            until(lambda: made.bridge.telemetry.skipped + made.bridge.telemetry.read > STORM_PER_S, "storm is on")
            loud = _median(device)
            stop.set()
            storm.join()
        stored = made.bridge.telemetry.positions.stored
        assert (stored > 0) is (kind is Kind.POSITION)
        assert loud < quiet * 10 + 20, f"quiet {quiet:.1f} ms, in the storm {loud:.1f} ms"


def _median(device: ReferenceDevice) -> float:
    elapsed = [device.wait(device.press(), Told.STORED, patience(10)) for _ in range(SAMPLES)]
    return statistics.median(one for one in elapsed if one is not None)


def _storm(url: str, folder: Path, noisy: DeviceMemory, kind: Kind, stop: threading.Event) -> None:
    """Publish one device's life signs, all authentic, at STORM_PER_S until told to stop."""
    login = bridge_login(folder)
    sender = Connection(
        BrokerAddress.parse(url, "a"), "storm", lambda _c, _d: None, filters=(), login=login, durable=False
    )
    sender.start()
    until(sender.connected.is_set, "storm connects")
    topic = str(UpTopic(noisy.device, Lane.TELEMETRY))
    where = HERE if kind is Kind.POSITION else None
    beats = [
        message.seal(
            DeviceMessage(noisy.device, PressId(9, n), 0, None, 0, kind, None, "", where),
            noisy.identity,
            topic,
        )
        for n in range(STORM_PER_S)
    ]
    started, sent = time.monotonic(), 0
    while not stop.is_set():
        sender.publish(topic, beats[sent % len(beats)], qos=0)
        sent += 1
        ahead_s = sent / STORM_PER_S - (time.monotonic() - started)
        if ahead_s > 0.01:
            time.sleep(ahead_s)
    sender.stop()

"""What a bridge stands on gives way: its disk is full or fails, its clock is years off, the shared database is gone.

Two bridges as processes. Each time the device hears *stored* from whoever did store it, and afterwards both bridges and
the journal know everything once.
"""

import io
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from device_bridge.routes.development_centre import DevelopmentAlarmCentre, JsonLines, load_or_create_key
from device_bridge.wire.message import Kind, Told
from evidence.statements import bodies
from evidence.store.database import migrating
from evidence.store.database.engine import connect
from tests.support.bridge_processes import Network
from tests.support.chaos import HERE, Chaos, chaos, presses_in_journal
from tests.support.clock import Clock
from tests.support.disk import Disk
from tests.support.ports import free_port
from tests.support.postgres_world import postgres_server
from tests.support.programs import need
from tests.support.sizes import sizes
from tests.support.small_disk import fill, small_disk
from tests.support.waiting import patience, until

pytestmark = [pytest.mark.need("nats-server"), pytest.mark.timeout(300)]
DOWN_S = float(os.environ.get("GETUIGE_SOAK_S", "12"))
"""How long the database is away: ten minutes in `make soak`, in which alarms are escalated as well."""

PRESS_EVERY_S = 0.5


def agree(made: Chaos) -> list[dict[str, object]]:
    """Wait until both bridges tell the same of every alarm, and return it."""
    names = ("alarm", "state", "revision", "repeats")

    def told(index: int) -> list[str]:
        return sorted(str([alarm[name] for name in names]) for alarm in made.bridges[index].alarms())

    until(lambda: told(0) == told(1) != [], "the bridges agree", 30)
    return made.bridges[0].alarms()


def troubles(made: Chaos, index: int) -> str:
    return str(made.bridges[index].health().get("troubles"))


def test_a_full_disk_stores_nothing_says_nothing_and_catches_up(tmp_path: Path) -> None:
    with small_disk(tmp_path / "bridge") as where, chaos(tmp_path, "nats", devices=1) as made:
        device = made.devices[0]
        assert device.wait(device.press(Kind.PRESS, HERE), Told.STORED, patience(10)) is not None
        agree(made)
        junk = fill(where)
        made.bridges[1].switch_off()
        press = device.press(Kind.PRESS, HERE)
        assert device.wait(press, Told.STORED, 2.5) is None, "the only bridge cannot store it, and says nothing"
        assert "could not be written" in troubles(made, 0)
        made.bridges[1].start()
        assert device.wait(press, Told.STORED, patience(20)) is not None, "the device went on repeating it"
        more = [device.press(Kind.PRESS, HERE) for _ in range(5)]
        assert all(device.wait(one, Told.STORED, patience(10)) is not None for one in more), "by the other bridge alone"
        junk.unlink()
        (alarm,) = agree(made)
        assert alarm["repeats"] == 6
        until(lambda: "could not be written" not in troubles(made, 0), "the trouble is over")


@pytest.mark.faults
@pytest.mark.need("gcc")
def test_a_disk_that_fails_is_not_believed(tmp_path: Path) -> None:
    """The flush of bridge 1's spool answers EIO: what was not flushed was not stored."""
    disk = Disk.build(tmp_path)
    with chaos(tmp_path, "nats", devices=1, more=(disk.variables, {})) as made:
        device = made.devices[0]
        assert device.wait(device.press(Kind.PRESS, HERE), Told.STORED, patience(10)) is not None
        agree(made)
        disk.fails()
        made.bridges[1].kill()
        press = device.press(Kind.PRESS, HERE)
        assert device.wait(press, Told.STORED, 2.5) is None, "nobody stored it, and nobody says so"
        made.bridges[1].start()
        assert device.wait(press, Told.STORED, patience(20)) is not None
        disk.is_well()
        (alarm,) = agree(made)
        assert alarm["repeats"] == 1


@pytest.mark.faults
@pytest.mark.need("gcc")
@pytest.mark.parametrize("off_days", [1200, -1200])
def test_a_bridge_whose_clock_is_years_off_takes_presses_and_says_so(tmp_path: Path, off_days: int) -> None:
    clock = Clock.build(tmp_path)
    clock.set_off(off_days * 24 * 3600)
    with chaos(tmp_path, "nats", devices=1, more=(clock.variables, {})) as made:
        device = made.devices[0]
        until(lambda: "clock" in troubles(made, 1), "the other bridge sees it")
        presses = [device.press(Kind.PRESS, HERE) for _ in range(3)]
        assert all(device.wait(one, Told.STORED, patience(10)) is not None for one in presses)
        made.bridges[1].kill()
        alone = device.press(Kind.PRESS, HERE)
        assert device.wait(alone, Told.STORED, patience(10)) is not None, "the bridge with the wrong clock alone"
        made.bridges[1].start()
        (alarm,) = agree(made)
        assert alarm["repeats"] == 3
        act = made.organisation.act(made.organisation.dispatcher, "accept", str(alarm["alarm"]))
        assert made.bridges[1].act(alarm["alarm"], act) == 200
        assert device.wait(presses[0], Told.ACCEPTED, patience(10)) is not None
        (alarm,) = agree(made)
        assert alarm["state"] == "accepted"


@pytest.mark.faults
@pytest.mark.need("ip")
def test_a_bridge_that_the_network_cut_off_catches_up(tmp_path: Path) -> None:
    """Bridge 1 lives in a network namespace of its own; the cable is pulled while it holds an open alarm."""
    with cable() as network, chaos(tmp_path, "nats", devices=1, network=network) as made:
        device = made.devices[0]
        first = device.press(Kind.PRESS, HERE)
        assert device.wait(first, Told.STORED, patience(10)) is not None
        (alarm,) = agree(made)
        network.pull()
        more = [device.press(Kind.PRESS, HERE) for _ in range(5)]
        took = [device.wait(one, Told.STORED, patience(10)) for one in more]
        assert all(ms is not None and ms < 1000 for ms in took), took
        act = made.organisation.act(made.organisation.dispatcher, "accept", str(alarm["alarm"]))
        assert made.bridges[1].act(alarm["alarm"], act) == 200
        assert device.wait(first, Told.ACCEPTED, patience(10)) is not None
        until(lambda: "is not heard" in troubles(made, 1), "it is said that bridge 1 is not heard", 30)
        network.plug_in()
        (alarm,) = agree(made)
        assert (alarm["state"], alarm["repeats"]) == ("accepted", 5)
        until(lambda: made.bridges[0].count("journal").get("waiting") == 0, "all is forwarded", 60)
        assert {len(said) for said in presses_in_journal(made.organisation).values()} == {1}


@contextmanager
def cable() -> Iterator[Network]:
    """Make a network namespace with a cable to it; root only."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: only root may make a network namespace")
    number = os.getpid() % 200 + 20
    network = Network(f"getuige{number}", f"gt{number}a", f"10.213.{number}.1", f"10.213.{number}.2")
    inner = f"gt{number}b"
    run("netns", "add", network.namespace)
    try:
        run("link", "add", network.link, "type", "veth", "peer", "name", inner, "netns", network.namespace)
        run("addr", "add", f"{network.outside}/24", "dev", network.link)
        run("link", "set", network.link, "up")
        for more in (("addr", "add", f"{network.inside}/24", "dev", inner), ("link", "set", inner, "up")):
            run("-n", network.namespace, *more)
        run("-n", network.namespace, "link", "set", "lo", "up")
        yield network
    finally:
        run("netns", "del", network.namespace)


def run(*arguments: str) -> None:
    subprocess.run([need("ip"), *arguments], check=True)


@pytest.mark.timeout(300 + round(DOWN_S))
@pytest.mark.parametrize("down_s", sizes(4.0, DOWN_S))
def test_with_the_database_gone_presses_are_stored_sent_and_claimed_and_the_journal_has_each_once(
    tmp_path: Path, down_s: float
) -> None:
    need("postgres")
    port = free_port()
    centre_file = tmp_path / "centre.jsonl"
    key = load_or_create_key(tmp_path / "secrets" / "alarm-centre-c1.key")
    centre = DevelopmentAlarmCentre(port, key, JsonLines(io.StringIO(), centre_file))
    route = {"GETUIGE_BRIDGE_ALARM_CENTRES": f"c1=127.0.0.1:{port}"}
    centre.start()
    try:
        with postgres_server() as postgres:
            database = migrated(postgres.database())
            with chaos(tmp_path, "nats", devices=2, database=database, more=(route, route)) as made:
                first, second = made.devices
                assert first.wait(first.press(Kind.PRESS, HERE), Told.STORED, patience(10)) is not None
                until(lambda: frames(centre_file) == 1, "the alarm centre has it")
                postgres.stop()
                began = time.monotonic()
                until(lambda: all("journal" in troubles(made, of) for of in (0, 1)), "both say so")
                press = second.press(Kind.PRESS, HERE)
                assert second.wait(press, Told.STORED, patience(10)) is not None, "it does not wait for the database"
                until(lambda: frames(centre_file) >= 2, "it is sent meanwhile, by one bridge or by both")
                alarm = next(one for one in made.bridges[0].alarms() if one["device"] == made.pressed[1].memory.device)
                who = made.organisation.dispatcher
                for act in ("claim", "accept"):
                    made_act = made.organisation.act(who, act, str(alarm["alarm"]))
                    assert made.bridges[1].act(alarm["alarm"], made_act) == 200
                assert second.wait(press, Told.ACCEPTED, patience(10)) is not None
                agree(made)
                took = [first.wait(first.press(Kind.PRESS, HERE), Told.STORED, patience(10)) for _ in range(20)]
                while time.monotonic() - began < down_s:
                    time.sleep(PRESS_EVERY_S)
                    took.append(first.wait(first.press(Kind.PRESS, HERE), Told.STORED, patience(10)))
                assert None not in took, "none waits for the database, and none is lost, however long it takes"
                assert frames(centre_file) <= 3
                postgres.start()
                until(lambda: all(one.count("journal").get("waiting") == 0 for one in made.bridges), "forwarded", 120)
                check_once(made, presses=2 + len(took))
    finally:
        centre.stop()


def check_once(made: Chaos, presses: int) -> None:
    """Every statement that the bridges made stands in the journal once, and the presses are all there."""
    known = presses_in_journal(made.organisation)
    assert len(known) == presses
    assert {len(said) for said in known.values()} == {1}
    journal = made.organisation.journal()
    assert len({one.id for one in journal}) == len(journal)
    said = [one.body for one in journal]
    kinds = [one.type for one in journal]
    assert (kinds.count("alarm.claim"), kinds.count("alarm.accept"), kinds.count("item.seal")) == (1, 1, presses)
    assert len([one for one in said if isinstance(one, bodies.AlarmRaise)]) == 2


def frames(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def migrated(url: str) -> str:
    """Make the tables, as the server's `getuige migrate` does."""
    engine = connect(url)
    migrating.migrate(engine)
    engine.dispose()
    return url

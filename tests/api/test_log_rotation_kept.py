"""A data folder whose log was rotated is backed up, restored and examined; a backup from before leads nowhere."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from evidence import ids, keys
from evidence.bundle.checking import trust
from evidence.statements import bodies
from server.doctor.checks import check_log
from server.doctor.finding import State
from server.keeping.backup import make
from server.keeping.restore import FaultsError, restore
from server.layout import Layout
from server.rotation import rotating
from server.settings import Settings
from tests.support.running_log import add, proof
from tests.support.server_world import Person, World, running, settings_in
from tests.support.waiting import until


@pytest.fixture(name="rotated")
def make_rotated(tmp_path: Path) -> Iterator[tuple[World, Path, keys.Identity]]:
    """A server, a folder with a backup from before the rotation that was brought up to date after it."""
    settings = settings_in(tmp_path / "data")
    backup = tmp_path / "backup"
    with running(settings) as root:
        world = World(settings, Person(settings.public_url, identity=root))
        proof(world, add(world))
        make(settings, backup, with_secrets=True)
        shutil.copytree(backup, tmp_path / "older")
        rotating.rotate(settings, root)
        proof(world, add(world))
        make(settings, backup, with_secrets=True)
        yield world, backup, root


def elsewhere(world: World, folder: Path) -> Settings:
    return settings_in(folder, log_origin=world.settings.log_origin)


def test_a_restored_server_goes_on_in_the_new_log(rotated: tuple[World, Path, keys.Identity], tmp_path: Path) -> None:
    world, backup, root = rotated
    settings = elsewhere(world, tmp_path / "restored")
    done = restore(settings, backup, world.settings.data / "trust")
    assert (done.unproven, done.missing, done.secrets_missing) == (0, (), ())
    assert trust.load(settings.data / "trust").line() == rotating.plan(world.settings).line
    with running(settings, root):
        again = Person(settings.public_url, identity=root)
        again.act("team.open", bodies.TeamOpen(ids.TeamId(ids.new_id()), "Team"))
        restored = rotating.plan(settings)
        assert restored.events == done.events + 1
        for index in range(restored.events):
            where = f"/api/v1/receipts/{index}/proof"
            until(lambda where=where: again.http.get(where).status_code == 200, f"event {index} is proven")  # type: ignore[misc]
        assert httpx.get(f"{settings.public_url}/health/ready").json()["trouble"] == {}


def test_the_new_key_is_missed_when_it_is_not_there(rotated: tuple[World, Path, keys.Identity], tmp_path: Path) -> None:
    world, backup, _ = rotated
    (backup / "secrets" / "log-2.key").unlink()
    assert restore(elsewhere(world, tmp_path / "restored"), backup).secrets_missing == ("log-2.key",)


def test_a_backup_from_before_the_rotation_would_lead_back_to_the_old_key(
    rotated: tuple[World, Path, keys.Identity], tmp_path: Path
) -> None:
    world, _, _ = rotated
    with pytest.raises(FaultsError, match=r"from before .* ended"):
        restore(elsewhere(world, tmp_path / "a"), tmp_path / "older", world.settings.data / "trust")
    assert restore(elsewhere(world, tmp_path / "b"), tmp_path / "older").missing == (), "its own anchors know no better"


@pytest.mark.parametrize("number", [1, 2])
def test_a_damaged_tile_of_either_log_is_named(
    rotated: tuple[World, Path, keys.Identity], tmp_path: Path, number: int
) -> None:
    world, backup, _ = rotated
    tiles = Layout(backup).log_of(number) / "tile" / "0"
    newest = max((path for path in tiles.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    newest.write_bytes(bytes(len(newest.read_bytes())))
    with pytest.raises(FaultsError, match=f"tiles of the log .*{'' if number == 1 else '/2'}: "):
        restore(elsewhere(world, tmp_path / "restored"), backup)


def test_the_doctor_sees_the_logs(rotated: tuple[World, Path, keys.Identity]) -> None:
    world, _, root = rotated
    layout = Layout(world.settings.data)
    good = check_log(world.settings)
    assert (good.state, "log 2" in good.seen) == (State.GOOD, True)
    signed = layout.trust / trust.ROTATIONS
    kept = signed.read_bytes()
    signed.write_bytes(b"[]")
    assert (check_log(world.settings).state, rotating.plan(world.settings).unfinished) == (State.BAD, True)
    rotating.rotate(world.settings, root)
    assert (signed.read_bytes(), check_log(world.settings).state) == (kept, State.GOOD)
    shown = layout.log / "checkpoint"
    honest = shown.read_bytes()
    shown.write_bytes((layout.log_of(2) / "checkpoint").read_bytes())
    assert check_log(world.settings).state is State.BAD
    shown.write_bytes(honest)
    layout.log_key_of(2).rename(layout.secrets / "away")
    lost = check_log(world.settings)
    assert (lost.state, "log-2.key" in lost.seen) == (State.BAD, True)
    (layout.secrets / "away").rename(layout.log_key_of(2))

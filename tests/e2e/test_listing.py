"""Every command that lists says what it lists to a program too: `--json` prints one array, whole ids in it."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import typer.main
from typer import Context

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements.statement import FIRST_PREV, Chain
from server import cli
from tests.support import starter
from tests.support.phone_owner import new_case
from tests.support.server_process import variables
from tests.support.server_world import Person, World

PHRASE = "bado kemi luro sita povu nezi"
CHEAP = keys.Kdf.fresh(keys.MIN_OPSLIMIT, keys.MIN_MEMLIMIT)
NO_LISTS = {"codes", "press", "renew-tokens", "set-readers", "status", "witness"}
"""Names that end as those of lists do."""

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""A command leaves its connections to the end of its process, and here that goes on."""


def run(*words: object, **environment: str) -> str:
    """Return what a command printed; doctor may find something, every other one must hold."""
    ended = starter.run(*map(str, words), environment={**os.environ, **environment})
    assert ended.returncode == 0 or words[0] == "doctor", ended.stderr
    return ended.stdout


def commands(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], typer.core.TyperCommand]]:
    if isinstance(group, typer.core.TyperGroup):
        for name in group.list_commands(Context(group)):
            yield from commands(group.get_command(Context(group), name), (*path, name))
    elif isinstance(group, typer.core.TyperCommand):
        yield path, group


ALL = dict(commands(typer.main.get_command(cli.build_app())))
LISTS = [path for path, command in ALL.items() if (command.help or "").startswith("List")]


def test_what_is_named_like_a_list_says_that_it_lists() -> None:
    named = {path for path in ALL if path[-1] == "list" or path[-1].endswith("s")}
    assert {path for path in named if path[-1] not in NO_LISTS} - set(LISTS) == set()


@pytest.fixture(scope="module")
def words(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], tuple[object, ...]]:
    """Fill a case with one of everything, and return what each listing command wants to hear beside its name."""
    folder = tmp_path_factory.mktemp("listing")
    (folder / "phrase").write_text(f"{PHRASE}\n")
    with new_case(world) as hers:
        phone = hers.enrol(folder / "phone")
        run("phone", "add", "--title", "Aan de deur", "--folder", phone)
        run("phone", "sync", "--folder", phone)
        item = ids.ItemId(json.loads(run("phone", "status", "--folder", phone, "--json"))[0]["item"])
        vault = Person(world.url, chain=Chain(0, FIRST_PREV), identity=hers.identity)
        vault.act("erase.request", bodies.EraseRequest(ids.ErasureId(ids.new_id()), (item,)), hers.case)
        hers.vault.set_readers({world.caseworker.kid: None})
    case, device = hers.case, ids.DeviceId(ids.new_id())
    sign = ids.PublicKey(keys.Identity.generate().sign_public.hex())
    world.caseworker.act("alarm_device.enrol", bodies.AlarmDeviceEnrol(device, sign, "3min", "AWARE 12"), case)
    review = ids.time_of(datetime.now(UTC) + timedelta(days=30))
    world.caseworker.act("alarm_device.lend", bodies.DeviceLend(device, "client", "AWARE 12", review), case)
    world.dispatcher.act("shift.begin", bodies.ShiftMark(ids.ShiftId(ids.new_id())))
    people = {"hers": hers.identity, "marit": world.caseworker.identity, "daan": world.dispatcher.identity}
    for name, identity in people.items():
        (folder / name).write_bytes(keys.lock(identity, name, PHRASE, CHEAP).to_bytes())

    def by(name: str, *more: object) -> tuple[object, ...]:
        common = ("--trust", world.settings.data / "trust", "--url", world.url, "--phrase-file", folder / "phrase")
        return (*more, "--key", folder / name, *common)

    own = ("--folder", phone)
    return {
        ("doctor",): (),
        ("log", "list"): (),
        ("phone", "receipts"): own,
        ("phone", "status"): own,
        ("staff", "list"): by("marit"),
        ("staff", "caseworker", "devices"): by("marit", case),
        ("staff", "caseworker", "erasures"): by("marit", "--case", case),
        ("staff", "caseworker", "cases"): by("marit"),
        ("staff", "caseworker", "readers-now"): by("marit", "--case", case),
        ("staff", "caseworker", "lendings"): by("marit"),
        ("staff", "dispatcher", "shifts"): by("daan"),
        ("vault", "devices"): by("hers", case),
        ("vault", "erasures"): by("hers", "--case", case),
        ("vault", "grants"): by("hers", "--case", case),
        ("vault", "items"): by("hers", "--case", case),
        ("vault", "readers"): by("hers", "--case", case),
        ("vault", "readers-now"): by("hers", "--case", case),
    }


@pytest.mark.parametrize("path", LISTS, ids=" ".join)
def test_a_list_is_one_array_for_a_program(
    world: World, words: dict[tuple[str, ...], tuple[object, ...]], path: tuple[str, ...]
) -> None:
    rows = json.loads(run(*path, *words[path], "--json", **variables(world.settings)))
    assert isinstance(rows, list)
    assert all(isinstance(row, dict) for row in rows)
    assert rows or path == ("vault", "grants"), "one of everything is there"
    assert run(*path, *words[path], **variables(world.settings)).strip()

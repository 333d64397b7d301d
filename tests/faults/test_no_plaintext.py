"""Nothing that she writes is readable at the server: not on its disk, in its logs, its temporary folder or its memory.

A real `getuige serve` process gets a canary in every text field that an item can have, in file names and in files,
from the reference phone. Then everything is searched, the process's memory (a core dump) included. A control text that
is known to be readable must be found in each place, or the search proves nothing.
"""

import dataclasses
import os
import shutil
import subprocess
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from evidence import canonical, ids
from evidence.edtf import Edtf
from evidence.envelope.meta import KINDS, Incident, Media
from server.clients import phone_folder
from server.clients.outbox import Source
from server.demo import canary
from tests.support.journey import Journey
from tests.support.server_process import serving
from tests.support.server_world import settings_in
from tests.support.waiting import patience, until

pytestmark = [pytest.mark.need("gcore", "grep")]

CONTROL = "Cornelia Controlewoord"
"""The label of a professional, which stands in a statement and is readable by design."""


@dataclass
class Planter:
    """Fills every field of a description with words that occur nowhere else, and remembers them."""

    words: list[str]

    def word(self, field: str) -> str:
        degrees = field.endswith((".lat", ".lon"))  # a phone seals no place that there is not
        nine_digits = f"{int.from_bytes(os.urandom(4)) % 10**9:09}"
        self.words.append(f"51.{nine_digits}" if degrees else f"kanarie-{field}-{os.urandom(6).hex()}")
        return self.words[-1]

    def fill(self, hint: Any, field: str) -> Any:  # noqa: ANN401 - a type form has no common type
        """Return a value of the type `hint`, with a canary wherever text fits."""
        simple = {
            str: lambda: self.word(field),
            int: lambda: 1,
            bool: lambda: False,  # also *only mine*: what is hers alone would be wrapped to nobody else
            ids.Time: ids.now,
            ids.Commitment: lambda: ids.Commitment(os.urandom(32).hex()),
            Edtf: lambda: Edtf("2026-05-12"),  # a time is no word: it cannot be told from another
            ids.Base64: lambda: canonical.b64(self.word(field).encode()),
        }
        if hint in simple:
            return simple[hint]()  # type: ignore[no-untyped-call]
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is Literal:
            return arguments[0]
        if origin in {typing.Union, types.UnionType}:
            return self.fill(next(one for one in arguments if one is not type(None)), field)
        if origin is tuple:
            return tuple(self.fill(arguments[0], field) for _ in range(2))
        if dataclasses.is_dataclass(hint):
            hints = typing.get_type_hints(hint)
            made = {name: self.fill(inner, f"{field}.{name}") for name, inner in hints.items() if name != "file"}
            return typing.cast("type[Any]", hint)(**made)
        return ids.new_id()  # the identifiers: random, and no words


class CutOffError(Exception):
    """The connection broke."""


@dataclass(frozen=True)
class Places:
    """Where was searched: the control text must be found in each of them but those that are new and empty."""

    disk: Path
    log: Path
    temporary: Path
    core: Path


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Places, list[bytes]]]:
    """Tell the story with canaries; yield where to search, and for what."""
    folder = tmp_path_factory.mktemp("planted")
    journey = Journey(settings_in(folder / "data"), folder)
    journey.found()
    planter = Planter([])
    temporary = folder / "temporary"
    temporary.mkdir()
    photo = folder / "photo.jpg"
    photo.write_bytes(f"{planter.word('content')} ".encode() * 200_000 + os.urandom(100_000))
    with journey, serving(journey.settings, TMPDIR=str(temporary), TMP=str(temporary)) as process:
        journey.intake((CONTROL, f"{CONTROL} 2"))
        others = [planter.fill(kind, "other") for kind in {*KINDS.values()} - {Incident, Media}]
        journey.tell(planter.fill(Incident, "item"), photo, f"{planter.word('name')}.jpg", *others)
        cut_off(journey, planter, photo)
        bundle = journey.export()
        shutil.copytree(
            journey.settings.data, folder / "disk"
        )  # with the write-ahead log, which an orderly end folds in
        subprocess.run(
            ["gcore", "-o", folder / "core", str(process.pid)], check=True, capture_output=True, timeout=patience(60)
        )
    bundle.rename(folder / "disk" / "bundle.zip")  # what the investigator took is sealed, too
    (core,) = folder.glob("core.*")
    needles = [form for word in planter.words for form in canary.forms(word)]
    needles += [
        canary.slice_of(photo),
        journey.vault.xwing_seed,
        journey.vault.sign_seed,
        journey.investigator.xwing_seed,
    ]
    yield Places(folder / "disk", journey.settings.data.with_suffix(".log"), temporary, core), needles
    core.unlink()


def cut_off(journey: Journey, planter: Planter, photo: Path) -> None:
    """Leave an upload behind that broke off."""

    def broken(_item: ids.ItemId, sent: int, _size: int) -> None:
        if sent > 5_000_000:  # in its second piece of 4 MiB: one that was cut off counts for nothing
            raise CutOffError

    with phone_folder.open_phone(journey.folder / "phone") as phone:
        source = Source(photo, f"{planter.word('cut')}.jpg", "image/jpeg")
        phone.add(planter.fill(Media, "cut"), source)
        with pytest.raises(CutOffError):
            phone.sync(broken)
    parts = journey.settings.data / "uploads"
    until(lambda: any(path.stat().st_size for path in parts.glob("*.part")), "some of it is at the server")


def found(needles: list[bytes], where: Path) -> set[str]:
    """Return the names of files at or below `where` that hold one of the byte strings, in content or name (grep)."""
    files = [path for path in (where, *where.rglob("*")) if path.is_file()]
    if not files:
        return set()
    patterns = b"\n".join(needle for needle in needles if b"\n" not in needle)
    command = ["grep", "--text", "--files-with-matches", "--fixed-strings", "--file=-", "--", *map(str, files)]
    done = subprocess.run(
        command, input=patterns, capture_output=True, env={"LC_ALL": "C"}, timeout=patience(120), check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    broken = [needle for needle in needles if b"\n" in needle]  # grep searches line by line
    others = {str(path) for path in files if any(needle in path.read_bytes() for needle in broken)}
    named = {str(path) for path in files if any(needle in path.name.encode() for needle in needles)}
    return named | others | set(done.stdout.decode().splitlines())


def test_every_field_gets_a_canary() -> None:
    planter = Planter([])
    for kind in {*KINDS.values()}:
        planter.fill(kind, kind.__name__)
    assert len(planter.words) > 35
    assert any("Card.card.known_places.label" in word for word in planter.words)


def test_the_search_finds_what_is_there(planted: tuple[Places, list[bytes]], tmp_path: Path) -> None:
    places, needles = planted
    control = list(canary.forms(CONTROL))
    assert found(control, places.disk) >= {str(places.disk / "getuige.db-wal")}
    assert found([CONTROL.encode()], places.core) == {str(places.core)}
    assert found([b"/api/v1/statements"], places.log) == {str(places.log)}
    for number, needle in enumerate(needles[:60]):
        (tmp_path / f"{number}").write_bytes(b"\xff\x00" + needle + b"\x00")
    assert len(found(needles, tmp_path)) == 60


@pytest.mark.parametrize("place", ["disk", "log", "temporary", "core"])
def test_nothing_of_hers_is_readable(planted: tuple[Places, list[bytes]], place: str) -> None:
    places, needles = planted
    where: Path = getattr(places, place)
    assert where.exists()
    assert found(needles, where) == set()

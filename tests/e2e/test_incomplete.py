"""A recording that was cut is evidence: what arrived opens, is granted, exported, verified, and called incomplete.

THREATS.md: "destroys the phone, also in the middle of a recording". The uploader is killed (kill -9) at random bytes. A
phone that survives goes on where the server stopped, sealing a large file again from the original, in flat memory.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence import canonical, ids, keys, schema
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.opening.opened import open_bundle
from evidence.statements import bodies
from server.clients import memory
from server.clients.attachments import describe
from server.clients.investigator import Investigator
from server.clients.outbox import OriginalError, Outbox, Source
from server.clients.phone_folder import open_phone
from server.clients.timeline import Moment
from server.uploads.begun import MAX_BEGUN_BY_ONE_KEY
from tests.support import starter
from tests.support.incidents import incident
from tests.support.phone_owner import PhoneOwner, new_case, prove
from tests.support.server_world import TUS, Person, World, problem
from tests.support.waiting import until

SIZE = 3_000_000
SEED = 20261122
IN_FLIGHT_BYTES = 900_000
"""What a socket still held on either side when the phone died."""

CHILD = """
import os, signal, sys
from pathlib import Path
from server.clients.phone_folder import open_phone

limit = int(sys.argv[2])

def tell(_item, sent, _size):
    if sent >= limit:
        os.kill(os.getpid(), signal.SIGKILL)

with open_phone(Path(sys.argv[1])) as phone:
    phone.sync(tell)
"""


@pytest.fixture
def her(world: World) -> Iterator[PhoneOwner]:
    with new_case(world) as her:
        yield her


def film(folder: Path, size: int = SIZE) -> Path:
    path = folder / "film.mp4"
    path.write_bytes(random.Random(SEED).randbytes(size))
    return path


def filmed(her: PhoneOwner, tmp_path: Path) -> tuple[Path, Path, ids.ItemId]:
    """A phone that keeps a film; returns its folder, the film and the item."""
    path = film(tmp_path)
    with open_phone(her.enrol(tmp_path / "phone")) as phone:
        item = phone.add(
            describe(path, "video/mp4", "Hij trapt tegen de deur", "", None), Source(path, "film.mp4", "video/mp4")
        )
    return tmp_path / "phone", path, item


def cut(phone: Path, at: int) -> None:
    """Send until `at` bytes were handed over, and die."""
    result = starter.run(phone, at, code=CHILD)
    assert result.returncode == -signal.SIGKILL, result.stderr


def one_of(her: PhoneOwner, item: ids.ItemId) -> Moment | None:
    found = [moment for moment in her.vault.items() if moment.item == item]
    assert len(found) <= 1
    return found[0] if found else None


def note_of(her: PhoneOwner, item: ids.ItemId) -> Path:
    """Where the server wrote down the upload of an item."""
    notes = (her.world.settings.data / "uploads").glob("*.open")
    return next(one for one in notes if json.loads(one.read_bytes())["item"] == item)


def export(her: PhoneOwner, target: Path) -> Path:
    police = Investigator(her.connect(her.world.investigator.identity))
    taken = police.order(her.case, "artikel 126nd Sv")
    police.wait(taken.export)
    police.download(taken.export, target)
    return target


@pytest.mark.parametrize("part", [0.45, random.Random(SEED).uniform(0.4, 0.99)])
def test_what_arrived_of_a_cut_film_opens_and_the_rest_completes_it(
    her: PhoneOwner, tmp_path: Path, part: float
) -> None:
    phone, path, item = filmed(her, tmp_path)
    cut(phone, int(SIZE * part))
    part_file = note_of(her, item).with_suffix(".part")
    until(lambda: part_file.stat().st_size > SIZE * part - IN_FLIGHT_BYTES, "the server wrote down what arrived")
    moment = one_of(her, item)
    assert moment
    assert moment.opened
    assert moment.opened.meta.title == "Hij trapt tegen de deur"
    assert moment.begun
    assert SIZE * part - IN_FLIGHT_BYTES < moment.begun.here < moment.begun.whole

    her.vault.grant(her.world.investigator.kid, "aangifte", 7)
    (seen,) = (one for one in Investigator(her.connect(her.world.investigator.identity)).timeline(her.case) if one.item)
    assert seen.begun
    bundle = export(her, tmp_path / "cut.zip")
    anchors = trust.load(her.world.settings.data / "trust")
    report = verify(bundle, anchors)
    assert not report.failed
    (said,) = (claim for claim in report.claims if claim.code == "item-incomplete")
    assert (said.about, int(said.values["here"])) == (item, moment.begun.here)
    opened = open_bundle(bundle, her.world.investigator.identity, tmp_path / "cut")
    (entry,) = opened.items
    assert entry.original
    assert "ONVOLLEDIG" in entry.original
    piece = (tmp_path / "cut" / entry.original).read_bytes()
    assert path.read_bytes().startswith(piece)
    assert len(piece) > moment.begun.here - 100_000
    report = verify(tmp_path / "cut", anchors)
    assert not report.failed
    assert [claim.about for claim in report.claims if claim.code == "original-incomplete"] == [item]

    with open_phone(phone) as survivor:
        assert survivor.sync() == 1
        prove(survivor)
    whole = one_of(her, item)
    assert whole
    assert whole.begun is None
    bundle = export(her, tmp_path / "whole.zip")  # the grant of the beginning covers the whole
    open_bundle(bundle, her.world.investigator.identity, tmp_path / "whole")
    codes = {claim.code for claim in verify(tmp_path / "whole", anchors).claims}
    assert "original-proven" in codes
    assert "original-incomplete" not in codes
    assert not verify(tmp_path / "cut.zip", anchors).failed  # what was released before still proves what it proved


def test_a_changed_byte_in_what_arrived_is_found(her: PhoneOwner, tmp_path: Path) -> None:
    phone, _, item = filmed(her, tmp_path)
    cut(phone, SIZE // 2)
    her.vault.grant(her.world.investigator.kid, "aangifte", 7)
    part = note_of(her, item).with_suffix(".part")
    until(lambda: part.stat().st_size > 500_000, "the server wrote down what arrived")
    data = bytearray(part.read_bytes())
    data[-50_000] ^= 1
    part.write_bytes(data)
    bundle = export(her, tmp_path / "bundle.zip")  # a disk that rots before the export: the ciphertext proves itself
    opened = open_bundle(bundle, her.world.investigator.identity, tmp_path / "opened")
    assert [(one.item, one.part) for one in opened.unopened] == [(item, "content")]
    assert not (tmp_path / "opened/data/originals").exists() or not list((tmp_path / "opened/data/originals").iterdir())


def test_what_arrived_neither_expires_nor_is_called_off(her: PhoneOwner, tmp_path: Path) -> None:
    phone, _, item = filmed(her, tmp_path)
    cut(phone, SIZE // 2)
    note = note_of(her, item)
    past = {**json.loads(note.read_bytes()), "expires_at": "2020-01-01T00:00:00.000Z"}
    note.write_bytes(canonical.encode(past))
    seeds = memory.read_json(phone / "identity.json")
    thief = Person(her.world.url, her.case)
    thief.identity = keys.Identity(bytes.fromhex(seeds["sign"]), bytes(32))
    where = f"/api/v1/uploads/{note.stem}"
    assert problem(thief.http.delete(where, headers=TUS)) == "upload-begun"
    assert thief.head(where).status_code == 200
    other = thief.create(5000, "ab" * 32).headers["location"]
    stale = note.parent / f"{other.rsplit('/', 1)[1]}.open"
    stale.write_bytes(canonical.encode({**json.loads(stale.read_bytes()), "expires_at": past["expires_at"]}))
    assert thief.head(other).status_code == 404
    with open_phone(phone) as survivor:
        assert survivor.sync() == 1


def test_a_flood_of_beginnings_ends_and_her_items_arrive_all_the_same(her: PhoneOwner, tmp_path: Path) -> None:
    path = film(tmp_path, 1_200_000)
    with open_phone(her.enrol(tmp_path / "phone")) as phone:
        for _ in range(MAX_BEGUN_BY_ONE_KEY):
            item = phone.add(incident("Ruis"))
            (entry,) = phone.outbox.entries()
            body = entry.seal_body()
            phone._upload(entry, None, announce=False)
            phone.chain.announce(entry, bodies.ItemOpen(item, body.head))
            phone.outbox.forget(entry)  # he begins, and never seals
        item = phone.add(describe(path, "video/mp4", "Echt", "", None), Source(path, "film.mp4", "video/mp4"))
        assert phone.sync() == 1
        names = {kept.name for kept in phone.receipts}
        assert item in names
        assert f"open-{item}" not in names
    moment = one_of(her, item)
    assert moment
    assert moment.begun is None


def test_a_large_file_goes_on_from_its_original_in_flat_memory(her: PhoneOwner, tmp_path: Path) -> None:
    """No second copy is kept; killed twice in the middle, it arrives once, whole."""
    size = 40_000_000
    path = film(tmp_path, size)
    folder = her.enrol(tmp_path / "phone")
    with open_phone(folder) as phone:
        phone.outbox = Outbox(folder / "outbox", stream_above_bytes=1_000_000)
        item = phone.add(describe(path, "video/mp4", "Lang", "", None), Source(path, "film.mp4", "video/mp4"))
        (entry,) = phone.outbox.entries()
        assert entry.needs_original
        assert sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) < 100_000
    for limit in (size // 3, 2 * size // 3):
        cut(folder, limit)
    code = CHILD.replace(
        "    phone.sync(tell)",
        "    import resource\n    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n    phone.sync(None)\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)",
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder), "0"], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 32 * 1024, "kilobytes more than before: the film is not held in memory"
    moment = one_of(her, item)
    assert moment
    assert moment.begun is None
    body = moment.act
    assert isinstance(body, bodies.ItemSeal)
    whole = her.connect(her.identity).api.get_bytes(f"/api/v1/items/{item}/container")
    assert hashlib.sha256(whole).hexdigest() == body.container.sha256
    assert not list(Outbox(folder / "outbox").entries())


@pytest.mark.parametrize("change", ["removed", "changed"])
def test_a_large_file_that_is_gone_blocks_nothing_and_leaves_what_arrived(
    her: PhoneOwner, tmp_path: Path, change: str
) -> None:
    path = film(tmp_path)
    folder = her.enrol(tmp_path / "phone")
    with open_phone(folder) as phone:
        phone.outbox = Outbox(folder / "outbox", stream_above_bytes=1_000_000)
        item = phone.add(describe(path, "video/mp4", "Lang", "", None), Source(path, "film.mp4", "video/mp4"))
    cut(folder, SIZE // 2)
    if change == "removed":
        path.unlink()
    else:
        path.write_bytes(os.urandom(SIZE))
    with open_phone(folder) as phone:
        later = phone.add(incident("Daarna"))
        with pytest.raises(OriginalError):
            phone.sync()
        states = {one.item: one for one in phone.states()}
        assert states[later].state == "arrived"
        assert states[item].state == "kept here"
        assert "incomplete" in str(states[item].why)
    moment = one_of(her, item)
    assert moment
    assert moment.begun
    assert schema.encode(moment.act)["item"] == item

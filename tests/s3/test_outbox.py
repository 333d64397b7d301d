"""Proves that what waits for S3 arrives once whoever is killed, and that copies are dropped, read and mended."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, update

from evidence import ids
from evidence.store.blobs import scrubbing
from evidence.store.blobs.copies import LeaseLostError, SqlCopies
from evidence.store.blobs.copy_rows import Copy
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import Place, S3Blobs
from evidence.store.blobs.scrubbing import Kind, Pace, S3Spare
from evidence.store.blobs.shipping import PART_BYTES
from evidence.store.blobs.tiers import TieredBlobs
from evidence.store.database.engine import WRITE
from evidence.store.database.schema import blob_copies
from evidence.store.errors import BlobAwayError, BlobError
from server.keeping.figures import StorageFigures
from server.keeping.local_copies import LocalCopies, Policy
from server.keeping.shipper import Shipment, Shipper, StoppingError, delay_s
from tests.s3.shipping_child import in_a_day
from tests.support.blob_outbox import LONG_AGO, open_outbox, queue
from tests.support.s3_world import KEY, SECRET, S3Server
from tests.support.waiting import until


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine, _ = open_outbox(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def copies(engine: Engine) -> SqlCopies:
    return SqlCopies(engine)


@pytest.fixture
def figures() -> StorageFigures:
    return StorageFigures(CollectorRegistry())


def shipper_of(copies: SqlCopies, local: DirectoryBlobs, s3: S3Blobs) -> Shipper:
    figures = StorageFigures(CollectorRegistry())
    return Shipper(copies, local, s3, in_a_day, figures, lease_s=2.0, idle_s=0.02)


@contextmanager
def shipping(copies: SqlCopies, local: DirectoryBlobs, s3: S3Blobs) -> Iterator[None]:
    shipper = shipper_of(copies, local, s3)
    shipper.start()
    try:
        yield
    finally:
        shipper.close()


def child(folder: Path, place: Place) -> subprocess.Popen[bytes]:
    arguments = [str(folder), place.bucket, str(place.endpoint), place.prefix, KEY, SECRET]
    return subprocess.Popen([sys.executable, "-m", "tests.s3.shipping_child", *arguments])


def test_a_process_killed_in_a_multipart_leaves_work_that_the_next_one_goes_on_with(
    engine: Engine,
    copies: SqlCopies,
    local: DirectoryBlobs,
    server: S3Server,
    place: Place,
    s3: S3Blobs,
    tmp_path: Path,
) -> None:
    data = os.urandom(4 * PART_BYTES + 77)
    name = queue(engine, local, 1, data)
    process = child(tmp_path, place)
    sent: list[int] = []

    def under_way() -> bool:
        copy = copies.any_state(name)
        assert copy is not None
        if copy.upload_id is None:
            return copy.state == "stored"
        sent[:] = s3.parts(name, copy.upload_id)
        return len(sent) >= 2

    until(under_way, "two parts are there")
    process.send_signal(signal.SIGKILL)
    process.wait()
    with shipping(copies, local, s3):
        until(lambda: copies.find(name), "the blob is stored")
    copy = copies.find(name)
    assert copy is not None
    assert server.versions(place) == [(name, copy.version_id)]
    assert server.unfinished(place) == []
    assert b"".join(TieredBlobs(DirectoryBlobs(tmp_path / "none"), copies, s3).pieces(name, 0, len(data) - 1)) == data


def arrived(copies: SqlCopies, more_than: int) -> bool:
    return copies.totals().stored > more_than


def test_kill_after_kill_everything_arrives_once(
    engine: Engine,
    copies: SqlCopies,
    local: DirectoryBlobs,
    server: S3Server,
    place: Place,
    s3: S3Blobs,
    tmp_path: Path,
) -> None:
    chance = random.Random()
    names = [queue(engine, local, index, os.urandom(20_000 + index)) for index in range(40)]
    for seen in (0, 15):
        process = child(tmp_path, place)
        until(partial(arrived, copies, seen), "something arrives")
        time.sleep(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
    with shipping(copies, local, s3):
        until(lambda: copies.backlog().waiting == 0, "everything arrives")
    assert [name for name, _ in server.versions(place)] == sorted(names)


def test_two_that_ship_at_once_share_the_work(
    engine: Engine, copies: SqlCopies, local: DirectoryBlobs, server: S3Server, place: Place, s3: S3Blobs
) -> None:
    names = [queue(engine, local, index, os.urandom(1000 + index)) for index in range(30)]
    with shipping(copies, local, s3), shipping(copies, local, s3):
        until(lambda: copies.backlog().waiting == 0, "everything arrives")
    assert [name for name, _ in server.versions(place)] == sorted(names)


def test_a_stop_gives_the_lease_back_and_a_lost_lease_says_nothing(
    engine: Engine, copies: SqlCopies, local: DirectoryBlobs
) -> None:
    queue(engine, local, 1, b"sealed")
    now = ids.now()
    later = ids.time_of(ids.moment_of(now) + timedelta(minutes=1))
    mine, other = ids.new_id(), ids.new_id()
    copy = copies.lease(mine, now, later)
    assert copy is not None
    assert copies.lease(other, now, later) is None
    with pytest.raises(LeaseLostError):
        copies.stored(copy, other, "v", later, now)
    with pytest.raises(LeaseLostError):
        copies.failed(copy, other, "because", now)
    with pytest.raises(LeaseLostError):
        copies.renew(copy, other, later)
    copies.let_go(copy, mine)
    again = copies.lease(other, now, later)
    assert again is not None
    copies.failed(again, other, "S3 refuses: 403 AccessDenied", later)
    assert copies.lease(mine, now, later) is None
    backlog = copies.backlog()
    assert (backlog.waiting, backlog.failing, backlog.last_trouble) == (1, 1, "S3 refuses: 403 AccessDenied")
    assert backlog.oldest == LONG_AGO


def test_a_long_shipment_keeps_its_lease_and_stops_when_it_lost_it(
    engine: Engine, copies: SqlCopies, local: DirectoryBlobs
) -> None:
    queue(engine, local, 1, b"sealed")
    owner, stop = ids.new_id(), threading.Event()
    begun = ids.now()
    copy = copies.lease(owner, begun, begun)  # it has run out already, and nobody has noticed yet
    assert copy is not None
    shipment = Shipment(copies, copy, owner, 3600.0, stop)
    shipment.renewed -= 3600.0
    shipment.went_on(1)
    later = ids.time_of(ids.moment_of(ids.now()) + timedelta(minutes=30))
    assert copies.lease(ids.new_id(), later, later) is None
    much_later = ids.time_of(ids.moment_of(ids.now()) + timedelta(hours=2))
    assert copies.lease(ids.new_id(), much_later, much_later) is not None
    shipment.renewed -= 3600.0
    with pytest.raises(LeaseLostError):
        shipment.went_on(1)
    stop.set()
    with pytest.raises(StoppingError):
        shipment.went_on(1)


def test_patience_grows_has_an_end_and_spreads() -> None:
    assert [delay_s(attempts, 1, 60, lambda: 1.0) for attempts in (0, 1, 2, 5, 6, 500)] == [1, 2, 4, 32, 60, 60]
    assert delay_s(3, 1, 60, lambda: 0.0) == 4


def change(engine: Engine, index: int, **values: object) -> None:
    with engine.execution_options(**WRITE).begin() as connection:
        connection.execute(update(blob_copies).where(blob_copies.c.idx == index).values(values))


def stored(engine: Engine, copies: SqlCopies, local: DirectoryBlobs, s3: S3Blobs, *data: bytes) -> list[ids.Sha256]:
    names = [queue(engine, local, index, one) for index, one in enumerate(data)]
    with shipping(copies, local, s3):
        until(lambda: copies.backlog().waiting == 0, "everything arrives")
    return names


def test_a_local_copy_goes_only_for_a_good_one_in_s3(
    engine: Engine, copies: SqlCopies, local: DirectoryBlobs, s3: S3Blobs, figures: StorageFigures
) -> None:
    first, second = stored(engine, copies, local, s3, os.urandom(5000), os.urandom(6000))
    kept = LocalCopies(local, copies, s3, figures)
    never, days, full = Policy(), Policy(after=timedelta(days=10)), Policy(above_percent=50)
    assert kept.drop_due(never, lambda: 99.0, lambda: False) == 0
    assert kept.drop_due(full, lambda: 49.0, lambda: False) == 0
    fullness = iter([80.0, 80.0, 40.0, 40.0])
    assert kept.drop_due(full, lambda: next(fullness), lambda: False) == 1
    assert (local.size(first), local.size(second)) == (None, 6000)
    # Whoever has the bucket's keys waits until the lock ends, deletes, and hopes that the local copy goes next.
    copy = copies.find(second)
    assert copy is not None
    assert copy.version_id is not None
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE blob_copies SET version_id = 'ffffffffffffffffffffffffffffffff' WHERE idx = 1"
        )
    assert kept.drop_due(days, lambda: 0.0, lambda: False) == 0
    assert local.size(second) == 6000
    assert copies.backlog().waiting == 1  # it is sent again


def test_what_was_dropped_is_read_from_s3_and_comes_back_for_an_export(
    engine: Engine, copies: SqlCopies, local: DirectoryBlobs, s3: S3Blobs, figures: StorageFigures
) -> None:
    data = os.urandom(2_500_000)
    (name,) = stored(engine, copies, local, s3, data)
    assert LocalCopies(local, copies, s3, figures).drop_due(Policy(timedelta(days=1)), lambda: 0.0, lambda: False) == 1
    blobs = TieredBlobs(local, copies, s3)
    assert blobs.size(name) == len(data)
    assert b"".join(blobs.pieces(name, 1_000_000, 2_499_999)) == data[1_000_000:]
    with blobs.open(name) as file:
        assert file.read(100) == data[:100]
        file.seek(2_000_000)
        assert file.read() == data[2_000_000:]
    without = TieredBlobs(local, copies, None)
    with pytest.raises(BlobAwayError):
        without.pieces(name, 0, 1)
    with pytest.raises(BlobError):
        blobs.pieces(ids.Sha256("0" * 64), 0, 1)
    assert blobs.local_path(name).read_bytes() == data
    found = copies.find(name)
    assert found is not None
    assert found.local_since is not None
    assert copies.longest_here(LONG_AGO, 10) == []  # it counts as new here


def test_a_scrub_mends_both_ways(
    engine: Engine, copies: SqlCopies, local: DirectoryBlobs, s3: S3Blobs, server: S3Server, place: Place
) -> None:
    rotten, gone, lost, good = stored(engine, copies, local, s3, *(os.urandom(3000 + number) for number in range(4)))
    local.local_path(rotten).write_bytes(b"rot")
    local.drop(gone)
    sealed = {name: size for name, (size, _) in copies.sealed().items()}
    report = scrubbing.scrub(local, sealed, Pace(None), spare=S3Spare(copies, s3))
    assert {(one.kind, one.sha256, one.mended) for one in report.findings} == {
        (Kind.ROTTEN, rotten, True),
        (Kind.MISSING, gone, True),
    }
    assert scrubbing.scrub(local, sealed, Pace(None)).findings == ()
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE blob_copies SET version_id = 'ffffffffffffffffffffffffffffffff' WHERE idx = 2"
        )
    looked = scrubbing.scrub_copies(local, copies, s3, Pace(None), every_byte=True)
    assert [(one.kind, one.sha256, one.mended) for one in looked.findings] == [(Kind.MISSING_COPY, lost, True)]
    assert looked.blobs == 4
    with shipping(copies, local, s3):
        until(lambda: copies.backlog().waiting == 0, "it is stored again")
    assert scrubbing.scrub_copies(local, copies, s3, Pace(None), every_byte=True).findings == ()
    assert [name for name, _ in server.versions(place)] == sorted([rotten, gone, lost, good])


def test_other_bytes_under_our_version_are_rot(
    engine: Engine, copies: SqlCopies, local: DirectoryBlobs, s3: S3Blobs, server: S3Server, place: Place
) -> None:
    (name,) = stored(engine, copies, local, s3, b"sealed")
    planted = server.client().put_object(Bucket=place.bucket, Key=f"{place.prefix}{name[:2]}/{name}", Body=b"PLANTS")
    change(engine, 0, version_id=planted["VersionId"])
    assert scrubbing.scrub_copies(local, copies, s3, Pace(None)).findings == ()  # it has the size: not read
    (finding,) = scrubbing.scrub_copies(local, copies, s3, Pace(None), every_byte=True).findings
    assert (finding.kind, finding.mended) == (Kind.ROTTEN_COPY, True)


def test_locks_are_renewed_while_the_item_lives_and_an_erased_copy_goes_when_its_lock_ends(
    engine: Engine,
    copies: SqlCopies,
    local: DirectoryBlobs,
    s3: S3Blobs,
    server: S3Server,
    place: Place,
    figures: StorageFigures,
) -> None:
    def in_seconds(_copy: Copy, now: ids.Time) -> ids.Time:
        return ids.time_of(ids.moment_of(now) + timedelta(seconds=3))

    name = queue(engine, local, 1, b"sealed")
    shipper = Shipper(copies, local, s3, in_seconds, figures, lease_s=2.0, idle_s=0.02)
    assert shipper.ship_one(ids.new_id())
    kept = LocalCopies(local, copies, s3, figures)
    before = copies.find(name)
    assert kept.renew_locks(in_a_day, lambda: False) == 1
    after = copies.find(name)
    assert before is not None
    assert after is not None
    assert after.version_id is not None
    assert before.locked_until is not None
    found = s3.look(name, after.version_id)
    assert found is not None
    assert found.locked_until is not None
    assert found.locked_until > before.locked_until

    other = queue(engine, local, 2, b"to be erased")
    assert shipper.ship_one(ids.new_id())
    change(engine, 2, state="released", due_at=LONG_AGO)  # as `rows.bury` does
    assert kept.delete_released() == 0  # locked
    until(lambda: kept.delete_released() == 1, "the lock ends")
    assert [one for one, _ in server.versions(place)] == [name]
    assert copies.find(other) is None
    assert copies.released_due(ids.now(), 10) == []

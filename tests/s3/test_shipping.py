"""Proves what one shipment to a real S3 server promises: locked, read back, resumed, never laid over what is there."""

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence import ids
from evidence.store.blobs import shipping
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.lock_trial import try_lock
from evidence.store.blobs.s3 import Place, S3Blobs, S3RefusedError, S3TakenError
from evidence.store.blobs.shipping import PART_BYTES, RottenError
from evidence.store.errors import BlobAwayError, BlobError
from server.doctor import checks as doctor
from server.doctor.finding import State
from server.settings import Settings
from tests.support.ports import free_port
from tests.support.s3_world import S3Server

LATER = ids.time_of(datetime.now(UTC) + timedelta(days=1))
SOONER = ids.time_of(datetime.now(UTC) + timedelta(hours=1))


class StoppedError(Exception):
    """What a test stops a shipment with, as a kill would."""


@dataclass
class Watched:
    """Hears how far a shipment is, and stops it after so many bytes."""

    stop_after: int | None = None
    done: int = 0
    uploads: list[str | None] = field(default_factory=list)

    def went_on(self, size_bytes: int) -> None:
        self.done += size_bytes
        if self.stop_after is not None and self.done >= self.stop_after:
            raise StoppedError

    def began(self, upload_id: str | None) -> None:
        self.uploads.append(upload_id)


def body(s3: S3Blobs, name: ids.Sha256, version: str, size: int) -> bytes:
    return b"".join(s3.read(name, version, 0, size - 1))


@pytest.mark.parametrize("size", [1, 100_000, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 12_345], ids=str)
def test_a_blob_arrives_whole_locked_and_only_once(
    size: int, server: S3Server, place: Place, s3: S3Blobs, local: DirectoryBlobs
) -> None:
    data = os.urandom(size)
    name = local.put(data)
    shipped = shipping.ship(s3, local, name, LATER, Watched())
    assert body(s3, name, shipped.version_id, size) == data
    head = server.client().head_object(Bucket=place.bucket, Key=f"{place.prefix}{name[:2]}/{name}")
    assert (head["ObjectLockMode"], head["Metadata"]) == ("COMPLIANCE", {"sha256": name})
    assert ids.time_of(head["ObjectLockRetainUntilDate"])[:19] == shipped.locked_until[:19] == LATER[:19]
    again = shipping.ship(s3, local, name, LATER, Watched())
    assert (again.version_id, again.sent_bytes) == (shipped.version_id, 0)
    assert server.versions(place) == [(name, shipped.version_id)]


def test_nobody_deletes_or_shortens_before_the_time(
    server: S3Server, place: Place, s3: S3Blobs, local: DirectoryBlobs
) -> None:
    name = local.put(b"sealed")
    version = shipping.ship(s3, local, name, LATER, Watched()).version_id
    with pytest.raises(S3RefusedError):
        s3.delete(name, version)
    with pytest.raises(S3RefusedError):
        s3.lock(name, version, SOONER)
    with pytest.raises(S3TakenError):
        s3.put(name, b"other", SOONER)
    client, key = server.client(), f"{place.prefix}{name[:2]}/{name}"
    client.put_object(Bucket=place.bucket, Key=key, Body=b"laid over it")  # what a thief of the keys can do
    client.delete_object(Bucket=place.bucket, Key=key)
    assert body(s3, name, version, 6) == b"sealed"


def test_a_lock_only_grows(s3: S3Blobs, local: DirectoryBlobs) -> None:
    name = local.put(b"sealed")
    shipped = shipping.ship(s3, local, name, SOONER, Watched())
    assert shipping.ensure_lock(s3, name, shipped.version_id, LATER)[:19] == LATER[:19]
    assert shipping.ensure_lock(s3, name, shipped.version_id, SOONER)[:19] == LATER[:19]


def test_a_multipart_upload_that_was_cut_goes_on_where_it_was(
    server: S3Server, place: Place, s3: S3Blobs, local: DirectoryBlobs
) -> None:
    data = os.urandom(4 * PART_BYTES + 5)
    name = local.put(data)
    cut = Watched(stop_after=3 * PART_BYTES)
    with pytest.raises(StoppedError):
        shipping.ship(s3, local, name, LATER, cut)
    (upload,) = cut.uploads
    shipped = shipping.ship(s3, local, name, LATER, Watched(), upload)
    assert shipped.sent_bytes == PART_BYTES + 5
    assert body(s3, name, shipped.version_id, len(data)) == data
    assert server.versions(place) == [(name, shipped.version_id)]
    assert server.unfinished(place) == []


def test_an_upload_that_s3_forgot_begins_again(s3: S3Blobs, local: DirectoryBlobs) -> None:
    data = os.urandom(PART_BYTES + 5)
    name = local.put(data)
    cut = Watched(stop_after=PART_BYTES)
    with pytest.raises(StoppedError):
        shipping.ship(s3, local, name, LATER, cut)
    (upload,) = cut.uploads
    assert upload is not None
    s3.call_off(name, upload)
    shipped = shipping.ship(s3, local, name, LATER, Watched(), upload)
    assert shipped.sent_bytes == len(data)


@pytest.mark.parametrize("size", [100, PART_BYTES + 100], ids=str)
def test_a_rotten_file_is_not_shipped(
    size: int, server: S3Server, place: Place, s3: S3Blobs, local: DirectoryBlobs
) -> None:
    name = local.put(os.urandom(size))
    with local.local_path(name).open("r+b") as file:
        file.write(b"rot")
    with pytest.raises(RottenError):
        shipping.ship(s3, local, name, LATER, Watched())
    assert server.versions(place) == []
    assert server.unfinished(place) == []


def test_something_else_under_the_name_stays_and_ours_lies_beside_it(
    server: S3Server, place: Place, s3: S3Blobs, local: DirectoryBlobs
) -> None:
    name = local.put(b"sealed")
    planted = server.client().put_object(Bucket=place.bucket, Key=f"{place.prefix}{name[:2]}/{name}", Body=b"planted")
    shipped = shipping.ship(s3, local, name, LATER, Watched())
    assert body(s3, name, shipped.version_id, 6) == b"sealed"
    assert sorted(version for _, version in server.versions(place)) == sorted(
        [planted["VersionId"], shipped.version_id]
    )


def test_a_range_is_exact_and_never_short(s3: S3Blobs, local: DirectoryBlobs) -> None:
    data = os.urandom(700_000)
    name = local.put(data)
    version = shipping.ship(s3, local, name, LATER, Watched()).version_id
    for first, last in ((0, 0), (1, 300_000), (699_999, 699_999), (0, 699_999)):
        assert b"".join(s3.read(name, version, first, last)) == data[first : last + 1]
    with pytest.raises(BlobError):
        list(s3.read(name, version, 0, 700_000))
    with pytest.raises(BlobError):
        s3.read(ids.Sha256("0" * 64), version, 0, 1)


def test_what_is_wrong_with_a_bucket_is_said(server: S3Server, s3: S3Blobs) -> None:
    assert s3.check_bucket() is None
    open_bucket = server.bucket(locks=False)
    assert "versions" in str(S3Blobs(open_bucket).check_bucket())
    with pytest.raises(S3RefusedError, match="NoSuchBucket"):
        S3Blobs(Place("not-here", server.endpoint, key_id="getuige", secret="only-in-tests")).check_bucket()
    with pytest.raises(S3RefusedError, match="403"):
        S3Blobs(Place(s3.place.bucket, server.endpoint, key_id="getuige", secret="guessed")).check_bucket()
    nobody = S3Blobs(Place(s3.place.bucket, f"http://127.0.0.1:{free_port()}", key_id="x", secret="x"))
    with pytest.raises(BlobAwayError):
        nobody.look(ids.Sha256("0" * 64))
    assert "only-in-tests" not in repr(s3.place)


def test_the_doctor_tries_the_real_bucket(server: S3Server, place: Place, tmp_path: Path) -> None:
    good = doctor.check_s3(Settings(data=tmp_path, **server.settings(place, tmp_path)))
    assert (good.state, place.bucket in good.seen) == (State.GOOD, True)
    assert try_lock(place) == []
    unlocked = doctor.check_s3(Settings(data=tmp_path, **server.settings(server.bucket(locks=False), tmp_path)))
    assert (unlocked.state, unlocked.mend != "") == (State.BAD, True)
    elsewhere = Settings(data=tmp_path, **server.settings(replace(place, bucket="not-here"), tmp_path))
    assert "NoSuchBucket" in doctor.check_s3(elsewhere).seen
    half = Settings(data=tmp_path, s3_bucket="evidence", s3_key_id="getuige")
    assert "GETUIGE_S3_SECRET_FILE" in doctor.check_s3(half).seen
    assert doctor.check_s3(Settings(data=tmp_path)).state is State.GOOD


def test_a_store_that_keeps_no_lock_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that takes the headers and keeps to none: the same server without the headers of the lock."""
    monkeypatch.setattr("evidence.store.blobs.s3._lock", lambda _until: {})
    assert try_lock(place) == ["it stores without the lock that was asked for", "it deletes a locked version"]

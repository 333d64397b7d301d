"""Proves that an S3 that errs, stalls, cuts or lies is noticed, and costs neither a wrong copy nor a short read."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence import ids
from evidence.store.blobs import shipping
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import Place, S3Blobs
from evidence.store.blobs.shipping import NotReadBackError
from evidence.store.errors import BlobAwayError
from tests.support.s3_world import S3Server
from tests.support.tcp_proxy import TcpProxy, proxied

LATER = ids.time_of(datetime.now(UTC) + timedelta(days=1))


class Unwatched:
    def went_on(self, size_bytes: int) -> None: ...

    def began(self, upload_id: str | None) -> None: ...


@pytest.fixture
def proxy(server: S3Server) -> Iterator[TcpProxy]:
    with proxied(server.ports["s3"]) as running:
        yield running


@pytest.fixture
def through(place: Place, proxy: TcpProxy) -> S3Blobs:
    return S3Blobs(replace(place, endpoint=proxy.endpoint, read_timeout_s=3.0))


@pytest.mark.parametrize("mode", ["500", "503", "stall"])
def test_an_s3_that_gives_no_answer_is_away_while_it_gives_none(
    mode: str, proxy: TcpProxy, through: S3Blobs, local: DirectoryBlobs
) -> None:
    name = local.put(b"sealed")
    proxy.mode = mode
    with pytest.raises(BlobAwayError):
        shipping.ship(through, local, name, LATER, Unwatched())
    proxy.mode = "pass"
    assert shipping.ship(through, local, name, LATER, Unwatched()).version_id


def test_wrong_bytes_that_come_back_are_never_taken_for_a_copy(
    proxy: TcpProxy, through: S3Blobs, s3: S3Blobs, local: DirectoryBlobs
) -> None:
    name = local.put(os.urandom(200_000))
    found = shipping.ship(s3, local, name, LATER, Unwatched())
    proxy.mode = "flip"
    assert not shipping.is_whole(through, name, found.version_id)
    other = local.put(os.urandom(200_000))
    with pytest.raises(NotReadBackError):
        shipping.ship(through, local, other, LATER, Unwatched())


def test_a_read_that_is_cut_goes_on_at_the_byte(
    proxy: TcpProxy, through: S3Blobs, s3: S3Blobs, local: DirectoryBlobs
) -> None:
    data = os.urandom(800_000)
    name = local.put(data)
    version = shipping.ship(s3, local, name, LATER, Unwatched()).version_id
    proxy.mode = "cut"
    assert b"".join(through.read(name, version, 0, 799_999)) == data
    assert proxy.requests > 1


def test_a_read_that_breaks_for_good_fails_and_is_never_short(
    proxy: TcpProxy, through: S3Blobs, s3: S3Blobs, local: DirectoryBlobs, tmp_path: Path
) -> None:
    data = os.urandom(900_000)
    name = local.put(data)
    version = shipping.ship(s3, local, name, LATER, Unwatched()).version_id
    proxy.mode = "cut"
    pieces = through.read(name, version, 0, 899_999)
    got = next(pieces)
    proxy.mode = "500"
    with pytest.raises(BlobAwayError):
        got += b"".join(pieces)
    assert data.startswith(got)
    taken = DirectoryBlobs(tmp_path / "taken")
    with pytest.raises(BlobAwayError):
        taken.take_in(through.read(name, version, 0, 899_999), name)
    assert [path for path in (tmp_path / "taken").rglob("*") if path.is_file()] == []

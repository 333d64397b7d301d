"""One S3 server for these tests; each test makes a bucket of its own in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.store.blobs import DirectoryBlobs
from evidence.store.s3 import Place, S3Blobs
from tests.conftest import need
from tests.s3_world import S3Server, s3_server


@pytest.fixture(scope="session")
def server() -> Iterator[S3Server]:
    need("weed")
    with s3_server() as running:
        yield running


@pytest.fixture
def place(server: S3Server) -> Place:
    return server.bucket()


@pytest.fixture
def s3(place: Place) -> S3Blobs:
    return S3Blobs(place)


@pytest.fixture
def local(tmp_path: Path) -> DirectoryBlobs:
    return DirectoryBlobs(tmp_path / "blobs")

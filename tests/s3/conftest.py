"""One S3 server for these tests; each test makes a bucket of its own in it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evidence import ids
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import Place, S3Blobs
from tests.support.programs import need
from tests.support.s3_world import S3Server, s3_server


@pytest.fixture(scope="session")
def server() -> Iterator[S3Server]:
    need("weed")
    with s3_server() as running:
        yield running


@pytest.fixture(scope="session")
def bucket(server: S3Server) -> Place:
    made = server.bucket()
    server.client().put_object(Bucket=made.bucket, Key="first", Body=b"first")  # the first one takes seconds
    return made


@pytest.fixture
def place(bucket: Place) -> Place:
    """A place of the test's own in the one bucket: a new bucket costs SeaweedFS seconds."""
    return replace(bucket, prefix=f"{ids.new_id()}/")


@pytest.fixture
def s3(place: Place) -> S3Blobs:
    return S3Blobs(place)


@pytest.fixture
def local(tmp_path: Path) -> DirectoryBlobs:
    return DirectoryBlobs(tmp_path / "blobs")

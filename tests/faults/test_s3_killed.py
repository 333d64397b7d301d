"""Proves that a kill of the S3 server itself, in the middle of shipments, costs no receipt and copies only time."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from evidence import ids
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.s3 import S3Blobs
from evidence.store.blobs.shipping import PART_BYTES, is_whole
from evidence.store.database.engine import open_engine
from tests.support.programs import need
from tests.support.s3_world import s3_server
from tests.support.server_world import Person, World, running, settings_in
from tests.support.tcp_proxy import proxied
from tests.support.waiting import until

DEADLINE_S = 90.0


@pytest.mark.faults  # tests/s3/test_server.py has an S3 that refuses and stalls
def test_s3_is_killed_during_uploads_comes_back_and_everything_arrives_once(tmp_path: Path) -> None:
    need("weed")
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with s3_server() as server, proxied(server.ports["s3"]) as between:
        place = server.bucket()
        through = replace(place, endpoint=between.endpoint)
        settings = settings_in(tmp_path / "data", **server.settings(through, tmp_path))
        with running(settings) as root:
            world = World(settings, Person(settings.public_url, identity=root))
            case = world.open_case()
            phone = case.phone()
            items = [case.sealed(phone, content=os.urandom(2 * PART_BYTES + 1000))]
            server.kill()
            # Receipts come while there is no S3 at all.
            items += [case.sealed(phone, content=os.urandom(40_000 + number)) for number in range(3)]
            server.start()
            between.upstream = server.ports["s3"]
            engine = open_engine(settings.database_url)
            copies = SqlCopies(engine)
            until(lambda: copies.totals().stored == len(items), "everything arrives", DEADLINE_S)
            names = sorted(item.body.container.sha256 for item in items)
            assert [name for name, _ in server.versions(place)] == names
            s3 = S3Blobs(replace(place, endpoint=server.endpoint))
            assert all(is_whole(s3, ids.Sha256(name), version) for name, version in server.versions(place))
            engine.dispose()

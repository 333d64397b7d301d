"""Proves that tus clients of other people upload to us and go on after a cut line: aiotus, tus-js-client in Node.

They sign each request by a hook of their own; protocol, offsets and resuming are theirs. The line between is a real TCP
connection that is reset in the middle of a body. tus-js-client also speaks the IETF's draft (interop version 6 of it),
which differs from ours (8) only in what a client may ignore.
"""

import base64
import hashlib
import io
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import aiotus
import pytest

from evidence import http_signature, ids
from evidence.http_signature import RequestTarget
from evidence.store.blobs.directory import DirectoryBlobs
from server.upload_addresses import RESUMABLE, UPLOADS
from tests.support.cut_line import CutLine
from tests.support.foreign_clients import FOREIGN, key_of
from tests.support.ports import free_port
from tests.support.programs import need
from tests.support.server_world import Person, World, running, settings_in
from tests.support.waiting import patience

MIB = 1024 * 1024
CONTENT = os.urandom(3 * MIB + 17)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def line() -> Iterator[CutLine]:
    cut_line = CutLine(free_port())
    yield cut_line
    cut_line.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, line: CutLine) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("foreign")
    settings = settings_in(folder, public_url=f"http://127.0.0.1:{line.port}").model_copy(update={"port": line.target})
    with running(settings) as root:
        yield World(settings, Person(settings.public_url, identity=root))


@pytest.fixture
def phone(world: World, line: CutLine) -> Person:
    person = world.open_case().phone()
    line.passed, line.cuts, line.cut_at = 0, 0, []
    return person


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film"
    path.write_bytes(CONTENT)
    return path


def forget(world: World) -> None:
    """Remove the blob, so that the next test proves its own."""
    (world.settings.data / "blobs" / SHA256[:2] / SHA256).unlink()


def stored(world: World) -> bool:
    return DirectoryBlobs(world.settings.data / "blobs").size(ids.Sha256(SHA256)) == len(CONTENT)


# ----------------------------------------------------------------------------------------------------------- aiotus


def session_of(phone: Person) -> aiohttp.ClientSession:
    """Return an aiohttp session that signs each request."""

    async def sign(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        offset = request.headers.get("Upload-Offset")
        request.headers.update(
            http_signature.sign_request(
                phone.identity.sign,
                phone.kid,
                RequestTarget.of_url(request.method, str(request.url)),
                created=int(time.time()),
                upload_offset=None if offset is None else int(offset),
            )
        )
        return await handler(request)

    return aiohttp.ClientSession(middlewares=(sign,))


async def test_aiotus_goes_on_after_two_cuts(world: World, phone: Person, line: CutLine) -> None:
    metadata: dict[str, bytes | None] = {"item": ids.new_id().encode(), "sha256": SHA256.encode()}
    retry = aiotus.RetryConfiguration(retry_attempts=5, max_retry_period_seconds=0.1)
    line.cut_at = [MIB, 2 * MIB]
    async with session_of(phone) as session:
        where = await aiotus.upload(
            phone.url + UPLOADS, io.BytesIO(CONTENT), metadata, session, config=retry, chunksize=MIB // 2
        )
        assert where is not None
        told = await aiotus.metadata(where, session)
    assert line.cuts == 2
    assert told == metadata
    assert stored(world)
    forget(world)


# ---------------------------------------------------------------------------------------------------- tus-js-client


def tus_js_client(who: Person, path: Path, **job: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Run tus-js-client in Node; return what it saw."""
    node = need("node")
    assert (FOREIGN / "node_modules").is_dir(), "run `npm --prefix tests/interop/foreign ci --ignore-scripts`"
    given = {"key": key_of(who), "kid": who.kid, "file": str(path), "size": path.stat().st_size, **job}
    done = subprocess.run(
        [node, "upload.mjs"],
        cwd=FOREIGN,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=patience(60),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def tus_job(who: Person) -> dict[str, Any]:
    return {"endpoint": who.url + UPLOADS, "metadata": {"item": ids.new_id(), "sha256": SHA256}}


def draft_job(who: Person) -> dict[str, Any]:
    digest = base64.b64encode(bytes.fromhex(SHA256)).decode()
    return {
        "endpoint": f"{who.url}{RESUMABLE}?item={ids.new_id()}",
        "protocol": "ietf-draft-05",
        "headers": {"Repr-Digest": f"sha-256=:{digest}:", "Upload-Length": str(len(CONTENT))},
    }


def asked(answer: dict[str, Any]) -> list[tuple[str, int]]:
    return [(one["method"], one["status"]) for one in answer["seen"]]


@pytest.mark.parametrize("job", [tus_job, draft_job], ids=["tus", "draft"])
def test_tus_js_client_uploads_in_parts(world: World, phone: Person, content: Path, job: Any) -> None:  # noqa: ANN401
    answer = tus_js_client(phone, content, chunk=MIB, **job(phone))
    assert answer["done"], answer
    assert asked(answer) == [("POST", 201), *[("PATCH", 204)] * 4]
    assert stored(world)
    forget(world)


@pytest.mark.parametrize("job", [tus_job, draft_job], ids=["tus", "draft"])
def test_tus_js_client_goes_on_after_a_cut(
    world: World,
    phone: Person,
    content: Path,
    line: CutLine,
    job: Any,  # noqa: ANN401
) -> None:
    line.cut_at = [2 * MIB]
    answer = tus_js_client(phone, content, **job(phone))
    assert answer["done"], answer
    assert line.cuts == 1
    assert [method for method, _ in asked(answer)] == ["POST", "HEAD", "PATCH"]
    assert 0 < int(answer["seen"][1]["offset"]) < len(CONTENT)
    assert stored(world)
    forget(world)


def test_tus_js_client_that_lost_the_address_finds_its_upload(
    world: World, phone: Person, content: Path, line: CutLine
) -> None:
    job = tus_job(phone)
    line.cut_at = [2 * MIB]
    first = tus_js_client(phone, content, retries=[], **job)
    assert not first["done"]
    again = tus_js_client(phone, content, **job)  # it announces anew, from nothing
    assert again["done"], again
    assert again["url"] == first["url"]
    assert asked(again) == [("POST", 201), ("PATCH", 409), ("HEAD", 200), ("PATCH", 204)]
    assert stored(world)
    forget(world)

"""Proves that a tus client of other people (tuspy) can upload, be cut off, and go on.

tuspy cannot sign requests, so it speaks to a small proxy here that signs each one and passes it on, unchanged
otherwise; protocol, offsets, checksums and resuming are tuspy's own.
"""

import hashlib
import io
import os
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from tusclient.uploader.uploader import Uploader

from evidence import ids, keys
from evidence.store.blobs.directory import DirectoryBlobs
from tests.support.ports import free_port
from tests.support.server_world import Person, World, running, settings_in
from tests.support.waiting import patience, until

CHUNK = 256 * 1024
PASSED_ON = ("tus-resumable", "content-type", "location", "retry-after")


class Sha256Uploader(Uploader):
    """tuspy with the checksum that our server speaks; its default is SHA-1."""

    CHECKSUM_ALGORITHM_PAIR = ("sha256", hashlib.sha256)


class SigningProxy:
    """Signs what passes; it loses the PATCH number `fail_at`, and flips a bit in number `damage_at`."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/v1/uploads"
        self.patches: list[int] = []
        self.fail_at: int | None = None
        self.damage_at: int | None = None

    async def pass_on(self, request: Request) -> Response:
        body = await request.body()
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.startswith(("tus-", "upload-")) or name == "content-type"
        }
        if request.method == "PATCH":
            self.patches.append(int(headers["upload-offset"]))
            if len(self.patches) - 1 == self.fail_at:
                return Response(status_code=502)
            if len(self.patches) - 1 == self.damage_at:
                body = bytes([body[0] ^ 1]) + body[1:]
        answer = await run_in_threadpool(
            self.person.http.request, request.method, request.url.path, content=body, headers=headers
        )
        kept = {
            name: value for name, value in answer.headers.items() if name.startswith("upload-") or name in PASSED_ON
        }
        if "location" in kept:  # our server names itself; tuspy must come back to this proxy
            kept["location"] = urlsplit(kept["location"]).path
        return Response(answer.content, answer.status_code, kept)

    def serve(self) -> Iterator[None]:
        methods = ["OPTIONS", "POST", "HEAD", "PATCH", "DELETE"]
        app = Starlette(routes=[Route("/{path:path}", self.pass_on, methods=methods)])
        server = uvicorn.Server(uvicorn.Config(app, port=self.port, log_config=None))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        until(lambda: server.started, "the proxy starts")
        yield
        server.should_exit = True
        thread.join(patience(10))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = settings_in(tmp_path_factory.mktemp("tuspy"))
    with running(settings) as root:
        yield World(settings, Person(settings.public_url, identity=root))


@pytest.fixture
def proxy(world: World) -> Iterator[SigningProxy]:
    proxy = SigningProxy(world.open_case().phone())
    serving = proxy.serve()
    next(serving)
    yield proxy
    next(serving, None)


def uploader(proxy: SigningProxy, content: bytes, url: str | None = None) -> Any:  # noqa: ANN401 - tuspy ships no types
    """Return tuspy's uploader."""
    metadata = {"item": ids.new_id(), "sha256": hashlib.sha256(content).hexdigest()}
    return Sha256Uploader(
        file_stream=io.BytesIO(content),
        client=TusClient(proxy.url),
        url=url,
        chunk_size=CHUNK,
        metadata=metadata,
        upload_checksum=True,
    )


def stored(world: World, content: bytes) -> bool:
    blobs = DirectoryBlobs(world.settings.data / "blobs")
    return blobs.size(ids.Sha256(hashlib.sha256(content).hexdigest())) == len(content)


def test_tuspy_uploads_in_chunks_with_checksums(world: World, proxy: SigningProxy) -> None:
    content = os.urandom(3 * CHUNK + 17)
    uploader(proxy, content).upload()
    assert proxy.patches == [0, CHUNK, 2 * CHUNK, 3 * CHUNK]
    assert stored(world, content)


def test_tuspy_goes_on_where_it_was_cut_off(world: World, proxy: SigningProxy) -> None:
    content = os.urandom(4 * CHUNK)
    first = uploader(proxy, content)
    proxy.fail_at = 2
    with pytest.raises((TusUploadFailed, TusCommunicationError)):
        first.upload()
    again = uploader(proxy, content, first.url)
    assert again.offset == 2 * CHUNK  # tuspy asked by HEAD
    again.upload()
    assert proxy.patches == [0, CHUNK, 2 * CHUNK, 2 * CHUNK, 3 * CHUNK]
    assert stored(world, content)


def test_tuspy_hears_of_a_damaged_chunk(world: World, proxy: SigningProxy) -> None:
    content = os.urandom(2 * CHUNK)
    damaging = uploader(proxy, content)
    proxy.damage_at = 1
    with pytest.raises((TusUploadFailed, TusCommunicationError)) as refused:
        damaging.upload()
    assert getattr(refused.value, "status_code", None) == 460
    again = uploader(proxy, content, damaging.url)
    assert again.offset == CHUNK
    again.upload()
    assert stored(world, content)


def test_the_proxy_adds_nothing_but_the_signature(proxy: SigningProxy) -> None:
    stranger = SigningProxy(Person(proxy.person.url, identity=keys.Identity.generate()))
    serving = stranger.serve()
    next(serving)
    with pytest.raises((TusUploadFailed, TusCommunicationError)):
        uploader(stranger, b"x" * 10).upload()
    next(serving, None)

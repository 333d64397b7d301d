"""A witness behind HTTP (c2sp.org/tlog-witness): a thin edge around `evidence.custody.witnessing.witness.Witness`.

    POST /add-checkpoint           cosign a head that extends the last one
    GET  /<origin hash>/checkpoint the newest cosigned head, for monitors
    GET  /                         the witness's name and public key
    GET  /health/live              200 while the process answers

Nobody signs in: a request is worth what the log's signature in it is worth. What a witness sees is an origin, a size
and hashes.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from evidence.custody.errors import CustodyError, ForkError, StaleSizeError
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.witnessing.witness import Witness
from evidence.custody.witnessing.witness_request import (
    MAX_REQUEST_BYTES,
    SIZE_TYPE,
    AddCheckpoint,
    size_body,
    status_of,
)
from evidence.errors import EvidenceError, StorageError
from server.witness.folder import WitnessFolder

BODY_TIMEOUT_S: Final = 10.0
"""For a whole request, which is a few kilobytes: slower is a connection that is held open on purpose."""

CHECKPOINT_MAX_AGE_S: Final = 5
"""How long a monitor's cache may keep a head; tlog-witness allows an hour."""

_log = structlog.get_logger(__name__)


def create_app(
    witness: Witness, folder: WitnessFolder, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Starlette:
    """Return the app of one witness."""
    edge = _Edge(witness, folder, clock)
    return Starlette(
        routes=[
            Route("/", edge.say_who, methods=["GET"]),
            Route("/health/live", edge.live, methods=["GET"]),
            Route("/add-checkpoint", edge.add_checkpoint, methods=["POST"]),
            Route("/{origin_hash}/checkpoint", edge.newest, methods=["GET"]),
        ]
    )


class _Edge:
    """The routes of one witness."""

    def __init__(self, witness: Witness, folder: WitnessFolder, clock: Callable[[], datetime]) -> None:
        self._witness = witness
        self._folder = folder
        self._clock = clock

    async def say_who(self, _request: Request) -> Response:
        """Return the public key, for people who set up a log."""
        return PlainTextResponse(f"{self._witness.verifier.vkey}\n")

    async def live(self, _request: Request) -> Response:
        """Say that the process answers."""
        return PlainTextResponse("ok\n")

    async def newest(self, request: Request) -> Response:
        """Return the newest cosigned head of a log."""
        try:
            note = await run_in_threadpool(self._witness.newest, request.path_params["origin_hash"])
        except (CustodyError, StorageError) as error:
            _log.error("the memory cannot be read", error=type(error).__name__)
            return _say(500)
        if note is None:
            return _say(404)
        caching = {"cache-control": f"public, max-age={CHECKPOINT_MAX_AGE_S}"}
        return Response(note, media_type="text/plain; charset=utf-8", headers=caching)

    async def add_checkpoint(self, request: Request) -> Response:
        """Answer one request; see `Witness.add_checkpoint` for the rules."""
        begun = time.perf_counter()
        facts: dict[str, str | int] = {}
        body = await _body(request)
        if isinstance(body, int):
            answer = _say(body)
        else:
            answer, facts = await run_in_threadpool(self._decide, body)
        speak = _log.info if answer.status_code in {200, 409} else _log.warning
        speak(
            "answered",
            status=answer.status_code,
            milliseconds=round((time.perf_counter() - begun) * 1000, 2),
            **facts,
        )
        return answer

    def _decide(self, body: bytes) -> tuple[Response, dict[str, str | int]]:
        """Return the answer, and what may be logged of it."""
        try:
            asked = AddCheckpoint.parse(body)
            line = self._witness.add_checkpoint(asked.old_size, asked.proof, asked.note, self._clock())
        except (CustodyError, StorageError) as error:
            return self._refuse(error, body), {"error": type(error).__name__}
        head = SignedCheckpoint.parse(asked.note).checkpoint
        answer = Response(line.encode(), media_type="text/plain; charset=utf-8")
        return answer, {"origin": head.origin, "size": head.size}

    def _refuse(self, error: EvidenceError, body: bytes) -> Response:
        if isinstance(error, StaleSizeError):
            # Not by media_type, to which a charset would be added.
            return Response(size_body(error.known_size), 409, headers={"content-type": SIZE_TYPE})
        status = status_of(error)
        if status is None:
            _log.error("the witness cannot work", error=type(error).__name__)
            return _say(500)
        if isinstance(error, ForkError):
            self._keep_refused(AddCheckpoint.parse(body).note)
        return PlainTextResponse(f"{error}\n", status)

    def _keep_refused(self, note: bytes) -> None:
        try:
            self._folder.keep_refused(SignedCheckpoint.parse(note).checkpoint.origin, note)
        except (CustodyError, StorageError) as error:
            _log.error("a refused head could not be kept", error=type(error).__name__)


async def _body(request: Request) -> bytes | int:
    """Return the body, or the status to refuse it with, as soon as that is clear."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_REQUEST_BYTES:
                    return 413
    except TimeoutError:
        return 408
    except ClientDisconnect:
        return 400
    return bytes(body)


def _say(status: int) -> Response:
    # An answer before the end of the body leaves bytes on the line that are no request.
    headers = {"connection": "close"} if status in {408, 413} else None
    words = {404: "not here", 408: "too slow", 413: "too large", 500: "this witness is not well"}
    return PlainTextResponse(f"{words.get(status, 'refused')}\n", status, headers=headers)

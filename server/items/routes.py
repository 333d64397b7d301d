"""GET /items/{item}/container: the sealed bytes of one item, in ranges if asked."""

import re
from collections.abc import Iterator
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from server.api import PROVEN, V1, WRITING, problems
from server.auth.dependencies import ReaderAsking
from server.auth.door import DoorRoute
from server.items import service
from server.items.begun import Readable, find_begun
from server.items.parts import ItemsGiven, ReadsGiven
from server.items.reads import Reads
from server.principals import Reader
from server.problems import ProblemError, domains, general

router = APIRouter(route_class=DoorRoute, prefix=f"{V1}/items", tags=["items"])

_RANGE: Final = re.compile(r"^bytes=(\d{0,16})-(\d{0,16})$")


def parse_range(value: str | None, size: int) -> tuple[int, int] | None:
    """Return (first, last) of a single byte range (RFC 9110, 14.1.2); None when the whole is wanted.

    Several ranges, and other units, are answered with the whole, as the RFC allows. Raises ProblemError RANGE when the
    range begins behind the end.
    """
    match = _RANGE.match(value or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        begin, end = max(0, size - int(last)), size - 1
    else:
        begin, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and first and int(last) < int(first):
        return None
    if begin > end:
        raise ProblemError(domains.RANGE, {"content-range": f"bytes */{size}"})
    return begin, end


@router.get(
    "/{item}/container",
    operation_id="get_item_container",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The whole sealed container"},
        206: {"content": {"application/octet-stream": {}}, "description": "The range that was asked for"},
        **problems(*PROVEN, *WRITING, domains.RANGE, domains.BLOB_MISSING, domains.BLOB_AWAY, domains.ERASED),
    },
)
async def get_container(
    request: Request, item: str, who: ReaderAsking, items: ItemsGiven, reads: ReadsGiven
) -> StreamingResponse:
    """Hand out an item's ciphertext to a reader who holds a key wrap of it. The reading is logged first."""
    begun = await run_in_threadpool(find_begun, items, item, who)
    if begun is not None:
        return await _begun(request, who, reads, begun)
    case, body = await run_in_threadpool(service.find_item, items, item, who)
    wanted = parse_range(request.headers.get("range"), body.container.size)
    name = body.container.sha256
    if await run_in_threadpool(items.blobs.size, name) is None:
        raise ProblemError(domains.BLOB_MISSING)  # before the reading is written down
    still_given = service.still_given(who, case, body.item)
    if not await run_in_threadpool(items.journal.ask, still_given):
        raise ProblemError(general.NOT_FOUND)
    await reads.note_content(who.kid, case, body.item, still_given)
    first, last = wanted or (0, body.container.size - 1)
    pieces = await run_in_threadpool(items.blobs.pieces, name, first, last)
    return _answer(pieces, wanted, body.container.size, name)


async def _begun(request: Request, who: Reader, reads: Reads, begun: Readable) -> StreamingResponse:
    """Hand out what arrived of an item that was announced and never sealed; its reading is logged like any other."""
    size = begun.found.size
    wanted = parse_range(request.headers.get("range"), size)
    still_given = service.still_given(who, begun.case, begun.item)
    await reads.note_content(who.kid, begun.case, begun.item, still_given)
    return _answer(begun.pieces(*(wanted or (0, size - 1))), wanted, size, begun.etag)


def _answer(pieces: Iterator[bytes], wanted: tuple[int, int] | None, size: int, etag: str) -> StreamingResponse:
    first, last = wanted or (0, size - 1)
    headers = {
        "accept-ranges": "bytes",
        "content-length": str(last - first + 1),
        "etag": f'"{etag}"',
        "cache-control": "private, no-store",
    }
    if wanted is not None:
        headers["content-range"] = f"bytes {first}-{last}/{size}"
    return StreamingResponse(
        pieces,
        status_code=200 if wanted is None else 206,
        headers=headers,
        media_type="application/octet-stream",
    )

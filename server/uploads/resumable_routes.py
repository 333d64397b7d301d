"""Uploads over HTTP as the IETF draft speaks them. Headers are read by `resumable`, the work is in `service`.

The upload resources are those of tus under another address. Two things differ from tus: a creation may bring the whole
file, of any size, and interim responses (104) tell where to go on and what is durable already.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from server import upload_addresses
from server.api import PROVEN, WRITING, AddressGiven, problems
from server.auth.dependencies import PasserByAsking, UploaderAsking
from server.auth.door import DoorRoute
from server.interim import Interim
from server.problems import ProblemError, domains, general, resuming
from server.uploads import resumable
from server.uploads.intake import Body, body_of
from server.uploads.parts import UploadsGiven
from server.uploads.resumable import Append
from server.uploads.service import Uploads
from server.uploads.storage import Progress

router = APIRouter(route_class=DoorRoute, prefix=upload_addresses.RESUMABLE, tags=["uploads"])

_ASKING: Final = (*PROVEN, *WRITING, domains.UPLOAD_LOCKED, resuming.FILE_DIGEST)
_WRITING: Final = (
    *_ASKING,
    general.MALFORMED,
    resuming.MISMATCHING_OFFSET,
    resuming.UPLOAD_LENGTH,
    resuming.PART_DIGEST,
)
_CONTENT: Final = {"type": "string", "format": "binary"}
ITEM_EXAMPLE: Final = "f00dbabef00dbabef00dbabef00dbabe"
DIGEST_EXAMPLE: Final = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"


def _extra(media_type: str, *headers: tuple[str, bool, str]) -> dict[str, Any]:
    """Return what OpenAPI should know of headers and content that the dialect reads itself."""
    return {
        "requestBody": {"content": {media_type: {"schema": _CONTENT}}},
        "parameters": [
            {"name": name, "in": "header", "required": required, "schema": {"type": "string"}, "example": example}
            for name, required, example in headers
        ],
    }


@contextmanager
def _in_the_drafts_words(provided: int | None = None) -> Iterator[None]:
    try:
        yield
    except ProblemError as error:
        raise resumable.in_the_drafts_words(error, provided) from error


@router.options("", operation_id="describe_resumable_uploads", status_code=204, responses=problems())
async def describe(_who: PasserByAsking) -> Response:
    """Say which limits hold (section 4.1.4)."""
    return Response(status_code=204, headers={"upload-limit": resumable.limits()})


@router.post(
    "",
    operation_id="create_resumable_upload",
    status_code=201,
    responses=problems(*_WRITING, domains.QUOTA, domains.ERASED, general.VALIDATION),
    openapi_extra=_extra(
        "application/octet-stream",
        ("Upload-Complete", True, "?0"),
        ("Upload-Length", False, "20971520"),
        ("Repr-Digest", True, DIGEST_EXAMPLE),
        ("Content-Digest", False, DIGEST_EXAMPLE),
    ),
)
async def create(
    request: Request,
    item: Annotated[str, Query(examples=[ITEM_EXAMPLE], max_length=32)],
    who: UploaderAsking,
    uploads: UploadsGiven,
    address: AddressGiven,
) -> Response:
    """Announce a sealed file. The body may bring its first bytes, or all of them; it may have any size."""
    interim = Interim.of(request, resumable.INTEROP_VERSION)
    with _in_the_drafts_words():
        opening = resumable.parse_creation(request.headers, item)
        admitted = await uploads.create(who, opening.creation)
        upload = admitted.upload
        location = {"location": address.of(request, f"{upload_addresses.RESUMABLE}/{upload.id}")}
        interim.tell({**location, "upload-limit": resumable.limits(upload.expires_at)})
        progress = await uploads.begin(who, admitted)
        if progress.offset == 0 and opening.part.length != 0:
            append = Append(opening.part, opening.ends)
            progress = await _written(uploads, who, upload.id, append, partial(body_of, request), interim)
    return Response(status_code=201, headers={**location, **_told(progress)})


async def _look(upload: str, who: UploaderAsking, uploads: UploadsGiven) -> Response:
    """Say how many bytes are durable. A request that still writes this upload steps aside first."""
    with _in_the_drafts_words():
        at = await uploads.look(who, upload)
    return Response(status_code=204, headers={**resumable.state_of(at.upload, at.offset), "cache-control": "no-store"})


for _method in ("HEAD", "GET"):
    router.add_api_route(
        "/{upload}",
        _look,
        methods=[_method],
        operation_id={"HEAD": "look_at_resumable_upload", "GET": "get_resumable_upload"}[_method],
        status_code=204,
        responses=problems(*_ASKING),
    )


@router.patch(
    "/{upload}",
    operation_id="append_to_resumable_upload",
    status_code=204,
    responses=problems(*_WRITING, resuming.PART_TYPE),
    openapi_extra=_extra(
        resumable.MEDIA_TYPE,
        ("Upload-Offset", True, "0"),
        ("Upload-Complete", True, "?1"),
        ("Upload-Length", False, "20971520"),
        ("Content-Digest", False, DIGEST_EXAMPLE),
    ),
)
async def append(request: Request, upload: str, who: UploaderAsking, uploads: UploadsGiven) -> Response:
    """Append bytes at the offset. The offset that is answered is on the disk."""
    asked = resumable.parse_append(request.headers)
    interim = Interim.of(request, resumable.INTEROP_VERSION)
    with _in_the_drafts_words(asked.part.offset):
        at = await _written(uploads, who, upload, asked, partial(body_of, request), interim)
    return Response(status_code=204, headers=_told(at))


async def _written(
    uploads: Uploads,
    who: UploaderAsking,
    upload_id: str,
    append: Append,
    open_body: Callable[[], Body],
    interim: Interim,
) -> Progress:
    """Write a part; UPLOAD_LENGTH when it was called the last and the file is not whole after it."""

    def durable(offset: int) -> None:
        interim.tell({"upload-offset": str(offset)})

    # Under a checksum the part may be cut off again, and an offset that was told must never go back.
    tell = durable if append.part.checksum is None else None
    at = await uploads.write(who, upload_id, append.part, open_body, tell)
    if append.ends and not at.upload.complete:
        raise ProblemError(resuming.UPLOAD_LENGTH, {"upload-offset": str(at.offset)}, upload_offset=at.offset)
    return at


def _told(at: Progress) -> dict[str, str]:
    state = resumable.state_of(at.upload, at.offset)
    return {**state, "repr-digest": resumable.digest_of(at.upload)} if at.upload.complete else state


@router.delete(
    "/{upload}",
    operation_id="cancel_resumable_upload",
    status_code=204,
    responses=problems(*PROVEN, domains.UPLOAD_COMPLETE, domains.UPLOAD_BEGUN, domains.UPLOAD_LOCKED, *WRITING),
)
async def cancel(upload: str, who: UploaderAsking, uploads: UploadsGiven) -> Response:
    """Call off an upload that is not complete."""
    with _in_the_drafts_words():
        await uploads.remove(who, upload)
    return Response(status_code=204)

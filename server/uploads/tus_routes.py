"""Uploads over HTTP in tus 1.0. Headers are read by `tus`, the rules are in `core`, the work is in `service`."""

from collections.abc import AsyncIterator
from datetime import UTC
from email.utils import format_datetime
from functools import partial
from typing import Final

from fastapi import APIRouter, Request, Response

from evidence import ids
from server import upload_addresses
from server.api import PROVEN, WRITING, AddressGiven, problems
from server.auth.dependencies import PasserByAsking, UploaderAsking
from server.auth.door import DoorRoute
from server.principals import Uploader
from server.problems import ProblemError, domains, general
from server.uploads import core, tus
from server.uploads.core import Patch, Upload
from server.uploads.intake import AsgiBody, body_of
from server.uploads.parts import UploadsGiven
from server.uploads.service import Uploads
from server.uploads.storage import Progress

router = APIRouter(route_class=DoorRoute, prefix=upload_addresses.UPLOADS, tags=["uploads"])
METADATA_EXAMPLE: Final = (
    "item ZjAwZGJhYmVmMDBkYmFiZWYwMGRiYWJlZjAwZGJhYmU=,"
    "sha256 ZTNiMGM0NDJlM2IwYzQ0MmUzYjBjNDQyZTNiMGM0NDJlM2IwYzQ0MmUzYjBjNDQyZTNiMGM0NDJlM2IwYzQ0Mg=="
)

_TUS: Final = (*PROVEN, *WRITING, domains.TUS_VERSION, general.MALFORMED)
_WRITING: Final = (
    domains.UPLOAD_OFFSET,
    domains.UPLOAD_CHECKSUM,
    domains.UPLOAD_HASH,
    domains.UPLOAD_LOCKED,
)


def _headers(upload: Upload, offset: int) -> dict[str, str]:
    headers = {"tus-resumable": tus.VERSION, "upload-offset": str(offset)}
    if not upload.complete:
        expires = ids.moment_of(upload.expires_at).astimezone(UTC)
        headers["upload-expires"] = format_datetime(expires, usegmt=True)
    return headers


@router.options("", operation_id="describe_uploads", status_code=204, responses=problems())
async def describe(_who: PasserByAsking) -> Response:
    """Say what this server speaks (tus core, OPTIONS)."""
    headers = {
        "tus-resumable": tus.VERSION,
        "tus-version": tus.VERSION,
        "tus-extension": tus.EXTENSIONS,
        "tus-max-size": str(core.MAX_UPLOAD_BYTES),
        "tus-checksum-algorithm": tus.CHECKSUM_ALGORITHM,
    }
    return Response(status_code=204, headers=headers)


@router.post(
    "",
    operation_id="create_upload",
    status_code=201,
    responses=problems(*_TUS, *_WRITING, domains.QUOTA, domains.ERASED),
    openapi_extra={
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": required,
                "schema": {"type": "string"},
                "example": example,
            }
            for name, required, example in (
                ("Tus-Resumable", True, tus.VERSION),
                ("Upload-Length", True, "20971520"),
                ("Upload-Metadata", True, METADATA_EXAMPLE),
                ("Upload-Checksum", False, "sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            )
        ]
    },
)
async def create(request: Request, who: UploaderAsking, uploads: UploadsGiven, address: AddressGiven) -> Response:
    """Announce a sealed file: its size, its item, its SHA-256. The body may bring its first bytes."""
    tus.check_version(request.headers)
    creation = tus.parse_creation(request.headers)
    body = await request.body()
    checksum = tus.parse_checksum(request.headers)
    if len(body) > creation.length:
        raise ProblemError(general.TOO_LARGE)
    admitted = await uploads.create(who, creation)
    location = {"location": address.of(request, f"{upload_addresses.UPLOADS}/{admitted.upload.id}")}
    progress = await uploads.begin(who, admitted)
    if body and progress.offset == 0:
        progress = await _first_bytes(uploads, who, admitted.upload, body, checksum)
    return Response(status_code=201, headers={**location, **_headers(progress.upload, progress.offset)})


async def _first_bytes(
    uploads: Uploads, who: Uploader, upload: Upload, body: bytes, checksum: bytes | None
) -> Progress:
    """Write what came with the creation (creation-with-upload); a refusal leaves no upload behind."""

    async def once() -> AsyncIterator[bytes]:
        yield body

    try:
        return await uploads.write(who, upload.id, Patch(0, len(body), checksum), lambda: AsgiBody(once()))
    except ProblemError as error:
        if error.kind is not domains.UPLOAD_HASH:
            await uploads.remove(who, upload.id)
        raise


@router.head("/{upload}", operation_id="look_at_upload", responses=problems(*_TUS, *_WRITING))
async def look(request: Request, upload: str, who: UploaderAsking, uploads: UploadsGiven) -> Response:
    """Say how many bytes are durable. A request that still writes this upload steps aside first."""
    tus.check_version(request.headers)
    at = await uploads.look(who, upload)
    about = {"upload-length": str(at.upload.length), "upload-metadata": tus.metadata_of(at.upload)}
    headers = {**_headers(at.upload, at.offset), **about}
    return Response(status_code=200, headers=headers)


@router.patch(
    "/{upload}",
    operation_id="continue_upload",
    status_code=204,
    responses=problems(*_TUS, *_WRITING),
    openapi_extra={
        "requestBody": {"content": {tus.OFFSET_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}},
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": required,
                "schema": {"type": "string"},
                "example": example,
            }
            for name, required, example in (
                ("Tus-Resumable", True, tus.VERSION),
                ("Upload-Offset", True, "0"),
                ("Upload-Checksum", False, "sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            )
        ],
    },
)
async def go_on(request: Request, upload: str, who: UploaderAsking, uploads: UploadsGiven) -> Response:
    """Append bytes at the offset. The offset that is answered is on the disk."""
    tus.check_version(request.headers)
    patch = tus.parse_patch(request.headers)
    at = await uploads.write(who, upload, patch, partial(body_of, request))
    return Response(status_code=204, headers=_headers(at.upload, at.offset))


@router.delete(
    "/{upload}",
    operation_id="terminate_upload",
    status_code=204,
    responses=problems(*_TUS, domains.UPLOAD_COMPLETE, domains.UPLOAD_BEGUN, domains.UPLOAD_LOCKED),
)
async def terminate(request: Request, upload: str, who: UploaderAsking, uploads: UploadsGiven) -> Response:
    """Call off an upload that is not complete."""
    tus.check_version(request.headers)
    await uploads.remove(who, upload)
    return Response(status_code=204, headers={"tus-resumable": tus.VERSION})

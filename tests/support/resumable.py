"""Requests of the IETF's resumable uploads, one by one."""

import base64
import hashlib
from collections.abc import Iterator

import httpx

from evidence import ids
from server import upload_addresses
from server.uploads import resumable
from tests.support.server_world import Person


def digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def announced(content: bytes, **more: str) -> dict[str, str]:
    return {"upload-complete": "?0", "upload-length": str(len(content)), "repr-digest": digest(content), **more}


def create(
    phone: Person, content: bytes, body: "bytes | Iterator[bytes]" = b"", item: str | None = None, **more: str
) -> httpx.Response:
    where = f"{upload_addresses.RESUMABLE}?item={item or ids.new_id()}"
    return phone.http.post(where, content=body, headers=announced(content, **more))


def append(phone: Person, where: str, offset: int, body: "bytes | Iterator[bytes]", **more: str) -> httpx.Response:
    headers = {"content-type": resumable.MEDIA_TYPE, "upload-offset": str(offset), "upload-complete": "?0", **more}
    return phone.http.patch(where, content=body, headers=headers)

"""A time stamping authority over HTTP (RFC 3161, 3.4), and the choice between it and the development one."""

import secrets
from dataclasses import dataclass
from typing import Final

import httpx

from evidence import durable
from evidence.custody.development_tsa import DevelopmentTsa
from evidence.custody.errors import TimestampError
from evidence.custody.timestamp import DIGEST_BYTES, MAX_TOKEN_BYTES, TimestampAuthority
from server.layout import Layout
from server.settings import DEVELOPMENT, Settings

TIMEOUT_S: Final = 15.0
"""Qualified authorities answer within a second; later answers are asked for again at the next round."""

_SHA256_IMPRINT: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""DER of MessageImprint up to the 32 bytes of a SHA-256 digest."""


def request_der(digest: bytes, nonce: int) -> bytes:
    """Return a TimeStampReq (RFC 3161, 2.4.1): version 1, the digest, a nonce, certificates wanted."""
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1)
    body = b"\x02\x01\x01" + _SHA256_IMPRINT + digest + b"\x02" + bytes([len(number)]) + number + b"\x01\x01\xff"
    return b"\x30" + bytes([len(body)]) + body


@dataclass(frozen=True)
class HttpTsa:
    """A TSA at an address; its token is checked against pinned roots by whoever uses it."""

    url: str
    development: bool = False

    @property
    def name(self) -> str:
        """The address, by which messages speak of it."""
        return self.url

    def stamp(self, digest: bytes) -> bytes:
        """Return a TimeStampResp (DER); TimestampError when there is none to be had."""
        if len(digest) != DIGEST_BYTES:
            raise TimestampError("timestamps are over SHA-256 digests")
        headers = {"content-type": "application/timestamp-query"}
        try:
            content = request_der(digest, secrets.randbits(63))
            answer = httpx.post(self.url, content=content, headers=headers, timeout=TIMEOUT_S)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise TimestampError(f"the time stamping authority gave no token ({type(error).__name__})") from error
        if len(answer.content) > MAX_TOKEN_BYTES:
            raise TimestampError("the time stamping authority's answer is too long")
        return answer.content


def choose(settings: Settings, layout: Layout) -> TimestampAuthority:
    """Return the authority of the settings."""
    if settings.tsa != DEVELOPMENT:
        return HttpTsa(settings.tsa)
    durable.make_folder(layout.tsa)
    return DevelopmentTsa.in_folder(layout.tsa)

"""HTTP message signatures (RFC 9421) with Ed25519: the pure rules of both sides, no I/O.

A phone has no token that could be stolen: it signs every request. Covered are the method, the authority, the path and
the query; and the body through `Content-Digest` (RFC 9530). A file that is streamed is not read before the signature
is checked: covered is where it goes on (`Upload-Offset`, PATCH) or what the whole will be (`Repr-Digest`, POST).
`created` bounds how old a request may be. Only the profile of `docs/formats/request-signature.md` is spoken; anything
else is refused by name.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from evidence.errors import EvidenceError

CLOCK_TOLERANCE_S: Final = 300
"""A phone's clock is often minutes off; more would let an old request be used again for longer."""

MAX_HEADER_CHARS: Final = 2048
"""A signature header of ours has about 250 characters; this leaves room for other labels and no more."""

ALGORITHM: Final = "ed25519"
SIGNATURE_SIZE: Final = 64
_BASE_COMPONENTS: Final = ("@method", "@authority", "@path", "@query")
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_INPUT: Final = re.compile(
    r'^(?P<label>[a-z*][a-z0-9_\-.*]*)=\((?P<items>[^()]*)\)(?P<params>(?:;[a-z]+=(?:\d+|"[^"\\]*"))*)$'
)
_PARAM: Final = re.compile(r';([a-z]+)=(?:(\d+)|"([^"\\]*)")')
_ITEM: Final = re.compile(r'^"([a-z@][a-z0-9\-]*)"$')
_KEYID: Final = re.compile(r"^[0-9a-f]{32}$")


class SignatureFormatError(EvidenceError):
    """The signature headers are missing, malformed, or outside the profile that we speak."""


class DigestError(EvidenceError):
    """The body is not the one that `Content-Digest` names."""


class ClockError(EvidenceError):
    """`created` is further from the server's time than `CLOCK_TOLERANCE_S`."""


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """What a signature says about where a request goes; `path` and `query` as they are on the wire."""

    method: str
    authority: str
    path: str
    query: str

    @classmethod
    def of_url(cls, method: str, url: str) -> "RequestTarget":
        """Take apart an absolute URL (RFC 9421, 2.2: authority in lower case without the default port)."""
        parts = urlsplit(url)
        authority = parts.netloc.rsplit("@", 1)[-1].lower().removesuffix(_DEFAULT_PORTS.get(parts.scheme, "\0"))
        return cls(method.upper(), authority, parts.path or "/", parts.query)


@dataclass(frozen=True, slots=True)
class SignatureInput:
    """A parsed `Signature-Input` of our profile; `text` is the exact value behind the label."""

    label: str
    components: tuple[str, ...]
    created: int
    keyid: str
    text: str


def content_digest(body: bytes) -> str:
    """Return the `Content-Digest` of a body (RFC 9530, sha-256)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signature_base(
    components: tuple[str, ...], target: RequestTarget, headers: Mapping[str, str], params: str
) -> bytes:
    """Return the bytes that are signed (RFC 9421, 2.5).

    `headers` has lower-case names; `params` is the value of `@signature-params`. Raises SignatureFormatError when a
    covered header is absent.
    """
    derived = {
        "@method": target.method.upper(),
        "@authority": target.authority,
        "@path": target.path,
        "@query": f"?{target.query}",
    }
    lines = []
    for name in components:
        value = derived.get(name) if name.startswith("@") else headers.get(name)
        if value is None:
            raise SignatureFormatError(f"the signature covers {name}, which the request does not have")
        lines.append(f'"{name}": {value.strip()}')
    lines.append(f'"@signature-params": {params}')
    return "\n".join(lines).encode()


def required_components(method: str, *, has_body: bool, streamed: bool) -> tuple[str, ...]:
    """Name what a request of this kind must cover at least; `streamed`: its body is not read before it is verified."""
    if streamed:
        return (*_BASE_COMPONENTS, "upload-offset" if method.upper() == "PATCH" else "repr-digest")
    return (*_BASE_COMPONENTS, "content-digest") if has_body else _BASE_COMPONENTS


def sign_request(
    sign: Callable[[bytes], bytes],
    keyid: str,
    target: RequestTarget,
    *,
    created: int,
    body: bytes | None = None,
    upload_offset: int | None = None,
    streamed: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the headers that authenticate one request.

    `sign` makes a 64-byte Ed25519 signature, `keyid` is the kid (32 hex), `created` is in seconds since 1970 UTC.
    `upload_offset` marks a tus PATCH, `streamed` any other upload (headers to cover, names in lower case): the body is
    not covered itself. Otherwise a body that is not empty is covered by
    `Content-Digest`, which is among the headers returned (as is `Upload-Offset`).
    """
    headers: dict[str, str] = {}
    if streamed is not None:
        headers.update(streamed)
    elif upload_offset is not None:
        headers["upload-offset"] = str(upload_offset)
    elif body:
        headers["content-digest"] = content_digest(body)
    components = (*_BASE_COMPONENTS, *headers)
    listed = " ".join(f'"{name}"' for name in components)
    params = f'({listed});created={created};keyid="{keyid}";alg="{ALGORITHM}"'
    signature = sign(signature_base(components, target, headers, params))
    encoded = base64.b64encode(signature).decode()
    return {**headers, "signature-input": f"sig1={params}", "signature": f"sig1=:{encoded}:"}


def parse_signature_input(value: str) -> SignatureInput:
    """Parse `Signature-Input`; raises SignatureFormatError on anything outside the profile."""
    if len(value) > MAX_HEADER_CHARS:
        raise SignatureFormatError("Signature-Input is too long")
    match = _INPUT.match(value.strip())
    if match is None:
        raise SignatureFormatError("Signature-Input is not one signature of our profile")
    components = []
    for item in match["items"].split():
        name = _ITEM.match(item)
        if name is None:
            raise SignatureFormatError("Signature-Input covers something that we do not speak")
        components.append(name[1])
    if len(set(components)) != len(components):
        raise SignatureFormatError("Signature-Input covers something twice")
    params = {name: number or text for name, number, text in _PARAM.findall(match["params"])}
    if params.get("alg", ALGORITHM) != ALGORITHM:
        raise SignatureFormatError("the signature algorithm must be ed25519")
    if not params.get("created", "").isdigit() or len(params["created"]) > len("9999999999"):
        raise SignatureFormatError("the signature says no time of creation")
    if not _KEYID.match(params.get("keyid", "")):
        raise SignatureFormatError("the signature names no key")
    text = value.strip()[len(match["label"]) + 1 :]
    return SignatureInput(match["label"], tuple(components), int(params["created"]), params["keyid"], text)


def parse_signature(value: str, label: str) -> bytes:
    """Return the 64 signature bytes under `label`; raises SignatureFormatError."""
    prefix = f"{label}=:"
    text = value.strip()
    if len(text) > MAX_HEADER_CHARS or not text.startswith(prefix) or not text.endswith(":"):
        raise SignatureFormatError("Signature does not belong to Signature-Input")
    try:
        signature = base64.b64decode(text[len(prefix) : -1], validate=True)
    except (ValueError, binascii.Error) as error:
        raise SignatureFormatError("Signature is not base64") from error
    if len(signature) != SIGNATURE_SIZE:
        raise SignatureFormatError("an Ed25519 signature has 64 bytes")
    return signature


def check_digest(headers: Mapping[str, str], body: bytes) -> None:
    """Compare `Content-Digest` with the body; raises DigestError."""
    if headers.get("content-digest", "").strip() != content_digest(body):
        raise DigestError("the body is not the one that Content-Digest names")


def check_created(created: int, now: float) -> None:
    """Raise ClockError when a request was signed too long ago or in the future."""
    if abs(now - created) > CLOCK_TOLERANCE_S:
        raise ClockError(f"signed {round(now - created)} s from now")


def verify_request(
    verify: Callable[[str, bytes, bytes], bool],
    target: RequestTarget,
    headers: Mapping[str, str],
    *,
    now: float,
    has_body: bool,
    streamed: bool = False,
) -> SignatureInput | None:
    """Verify the signature of one request.

    `verify(keyid, message, signature)` looks up the key and checks; `headers` has lower-case names. Returns the
    signature's input, or None when the key is unknown or the signature wrong (the two look alike on purpose). Raises
    SignatureFormatError, and ClockError only for a signature that is genuine. The body is compared apart, by
    `check_digest`.
    """
    if "signature-input" not in headers or "signature" not in headers:
        raise SignatureFormatError("the request is not signed")
    parsed = parse_signature_input(headers["signature-input"])
    signature = parse_signature(headers["signature"], parsed.label)
    needed = required_components(target.method, has_body=has_body, streamed=streamed)
    if streamed and "content-digest" in headers:
        needed = (*needed, "content-digest")
    missing = [name for name in needed if name not in parsed.components]
    if missing:
        raise SignatureFormatError(f"the signature does not cover {', '.join(missing)}")
    if not verify(parsed.keyid, signature_base(parsed.components, target, headers, parsed.text), signature):
        return None
    check_created(parsed.created, now)
    return parsed

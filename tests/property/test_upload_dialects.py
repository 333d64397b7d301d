"""Proves, without I/O, that tus and the IETF's draft say the same things to one core and reach the same states.

A history of requests is drawn once and spoken twice, each time in the headers of one dialect; what the core decides,
and what then counts, must be equal after every request. Only the words of a refusal differ, and the length, which tus
cannot repeat and the draft can.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import ids
from server.problems import ProblemError, general, resuming
from server.uploads import core, resumable, tus
from server.uploads.core import Creation, Patch, Upload

Value = TypeVar("Value")
OWNER = ids.KeyId("0" * 32)
CREATIONS = st.builds(
    Creation,
    st.integers(1, core.MAX_UPLOAD_BYTES),
    st.binary(min_size=16, max_size=16).map(lambda name: ids.ItemId(name.hex())),
    st.binary(min_size=32, max_size=32).map(lambda digest: ids.Sha256(digest.hex())),
)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def tus_creation(creation: Creation) -> dict[str, str]:
    metadata = f"item {b64(creation.item.encode())},sha256 {b64(creation.sha256.encode())}"
    return {"tus-resumable": "1.0.0", "upload-length": str(creation.length), "upload-metadata": metadata}


def draft_creation(creation: Creation) -> dict[str, str]:
    digest = f"sha-256=:{b64(bytes.fromhex(creation.sha256))}:"
    return {"upload-complete": "?0", "upload-length": str(creation.length), "repr-digest": digest}


@dataclass(frozen=True)
class Request:
    """A PATCH as drawn: where it says it starts (relative to the truth), its bytes, what becomes of them on the way."""

    shift: int
    size: int
    arriving: int
    checked: bool
    damaged: bool
    length_known: bool


REQUESTS = st.builds(
    Request,
    st.sampled_from([0, 0, 0, 0, -1, 1, 100]),
    st.integers(0, 400),
    st.integers(0, 400),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


def tus_patch(offset: int, body: bytes, request: Request) -> dict[str, str]:
    headers = {"content-type": tus.OFFSET_MEDIA_TYPE, "upload-offset": str(offset)}
    if request.checked:
        headers["upload-checksum"] = f"sha256 {b64(hashlib.sha256(body).digest())}"
    return headers | ({"content-length": str(len(body))} if request.length_known else {})


def draft_patch(offset: int, body: bytes, request: Request) -> dict[str, str]:
    headers = {"content-type": resumable.MEDIA_TYPE, "upload-offset": str(offset), "upload-complete": "?0"}
    if request.checked:
        headers["content-digest"] = f"sha-256=:{b64(hashlib.sha256(body).digest())}:"
    return headers | ({"content-length": str(len(body))} if request.length_known else {})


def parsed_by_the_draft(headers: Mapping[str, str]) -> Patch:
    return resumable.parse_append(headers).part


def counted(upload: Upload, offset: int, patch: Patch, body: bytes, request: Request) -> tuple[int, str]:
    """Return the offset after a request, and the core's word about it, as the writer applies the rules."""
    try:
        room = core.decide_patch(upload, offset, patch)
    except ProblemError as error:
        return offset, error.kind.name
    arrived = body[: request.arriving]
    if len(arrived) > room:
        return offset, "too-large"
    if patch.checksum is not None:
        whole = len(arrived) == len(body) and not request.damaged
        return (offset + len(arrived), "ok") if whole else (offset, "upload-checksum")
    return offset + len(arrived), "ok"


@given(CREATIONS)
def test_both_announce_the_same_upload(creation: Creation) -> None:
    by_tus = tus.parse_creation(tus_creation(creation))
    by_draft = resumable.parse_creation(draft_creation(creation), creation.item).creation
    assert by_tus == by_draft == creation
    assert core.upload_id(OWNER, by_tus) == core.upload_id(OWNER, by_draft)


@given(CREATIONS, CREATIONS)
def test_two_announcements_have_one_name_only_when_they_are_equal(one: Creation, other: Creation) -> None:
    assert (core.upload_id(OWNER, one) == core.upload_id(OWNER, other)) is (one == other)
    assert core.upload_id(OWNER, one) != core.upload_id(ids.KeyId("1" * 32), one)


@given(st.integers(1, 2000), st.lists(REQUESTS, max_size=20))
def test_both_reach_the_same_states(length: int, requests: list[Request]) -> None:
    content = bytes(index % 251 for index in range(length))
    sha256 = ids.Sha256(hashlib.sha256(content).hexdigest())
    expires = ids.Time("2100-01-01T00:00:00.000Z")
    upload = Upload("0" * 32, OWNER, "account", ids.ItemId("0" * 32), sha256, length, expires)
    at_tus = at_draft = 0
    for request in requests:
        start = max(0, at_tus + request.shift)
        body = content[start : start + request.size].ljust(request.size, b"\0")
        by_tus = tus.parse_patch(tus_patch(start, body, request))
        by_draft = parsed_by_the_draft(draft_patch(start, body, request))
        assert by_tus == by_draft
        at_tus, word = counted(upload, at_tus, by_tus, body, request)
        at_draft, same = counted(upload, at_draft, by_draft, body, request)
        assert (at_tus, word) == (at_draft, same)
        assert 0 <= at_tus <= length


@given(st.integers(1, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_a_last_part_must_end_where_the_file_ends(length: int, offset: int, size: int) -> None:
    upload = Upload(
        "0" * 32,
        OWNER,
        "account",
        ids.ItemId("0" * 32),
        ids.Sha256("0" * 64),
        length,
        ids.Time("2100-01-01T00:00:00.000Z"),
    )
    headers = {"content-type": resumable.MEDIA_TYPE, "upload-offset": str(offset), "upload-complete": "?1"}
    append = resumable.parse_append({**headers, "content-length": str(size)})
    assert append.ends
    if offset + size == length:
        assert core.decide_patch(upload, offset, append.part) == size
    else:
        with pytest.raises(ProblemError) as refused:
            core.decide_patch(upload, offset, append.part)
        assert refused.value.kind is resuming.UPLOAD_LENGTH


def read_or_refused(read: Callable[[], Value]) -> Value | ProblemError:
    try:
        return read()
    except ProblemError as error:
        return error


@given(st.text(max_size=40), st.sampled_from(["upload-offset", "upload-complete", "upload-length", "content-digest"]))
def test_whatever_stands_in_a_header_is_a_value_or_a_problem(text: str, name: str) -> None:
    headers = {"content-type": resumable.MEDIA_TYPE, "upload-offset": "0", "upload-complete": "?0", name: text}
    read = read_or_refused(lambda: resumable.parse_append(headers))
    if isinstance(read, ProblemError):
        assert read.kind in {general.MALFORMED, resuming.UPLOAD_LENGTH}
    else:
        assert read.part.offset >= 0


@given(st.text(max_size=40), st.sampled_from(["upload-complete", "upload-length", "repr-digest", "content-length"]))
def test_whatever_is_announced_is_a_creation_or_a_problem(text: str, name: str) -> None:
    creation = Creation(5, ids.ItemId("0" * 32), ids.Sha256("0" * 64))
    headers = {**draft_creation(creation), name: text}
    read = read_or_refused(lambda: resumable.parse_creation(headers, creation.item))
    if isinstance(read, ProblemError):
        assert read.kind in {general.MALFORMED, resuming.UPLOAD_LENGTH}
    else:
        assert read.creation.length >= 1

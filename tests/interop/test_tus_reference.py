"""Proves that our answers are those of `@tus/server`, the tus project's own server, but where this page says why not.

One conversation is held with both; statuses and the headers of the protocol are compared. A difference that is not in
`DIFFERENCES` fails, and so does one that is in it and is no longer there.
"""

import base64
import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from evidence import ids
from server.upload_addresses import UPLOADS
from tests.support.programs import need
from tests.support.server_world import Person, World, running, settings_in
from tests.support.waiting import patience

FOREIGN = Path(__file__).parent / "foreign"
CONTENT = os.urandom(100_000)
TUS = {"tus-resumable": "1.0.0"}
PART = {**TUS, "content-type": "application/offset+octet-stream"}
COMPARED = ("tus-resumable", "tus-version", "tus-max-size", "upload-offset", "upload-length", "upload-metadata")
PRESENT = ("location", "upload-expires")

Ask = Callable[..., httpx.Response]
Answers = dict[str, dict[str, Any]]

WHERE_TO_GO_ON = "beyond tus: a refusal says where to go on, which saves a HEAD"
EXPIRES = "beyond tus: HEAD says it too; a phone that forgot the creation learns when to hurry"
VERSION = "tus core: another version is answered with 412 and Tus-Version; the reference answers 400 without it"
DIFFERENCES: dict[tuple[str, str], str] = {
    ("create without version", "tus-version"): "tus core: 412 names the versions that are spoken",
    ("look without version", "tus-version"): "tus core: 412 names the versions that are spoken",
    ("create with another version", "status"): VERSION,
    ("create with another version", "tus-version"): VERSION,
    ("part without version", "status"): VERSION,
    ("part without version", "tus-version"): VERSION,
    ("create too large", "tus-max-size"): "beyond tus: the refusal names the limit",
    ("create", "upload-offset"): "beyond tus: the same announcement again finds what is there, and this says how much",
    ("look", "upload-expires"): EXPIRES,
    ("look again", "upload-expires"): EXPIRES,
    ("look after too much", "upload-expires"): EXPIRES,
    ("part at a wrong offset", "upload-offset"): WHERE_TO_GO_ON,
    ("too much", "upload-offset"): WHERE_TO_GO_ON,
    ("last part again", "upload-offset"): WHERE_TO_GO_ON,
    ("part without offset", "status"): "a missing header is a malformed request (400); 403 says that it is forbidden",
    ("call off when complete", "status"): "what is complete is evidence: nobody takes it away alone",
}


def said(answer: httpx.Response) -> dict[str, Any]:
    """Return what is compared of an answer."""
    told: dict[str, Any] = {"status": answer.status_code}
    told.update({name: answer.headers.get(name) for name in COMPARED})
    told.update({name: name in answer.headers for name in PRESENT})
    told["no-store"] = answer.headers.get("cache-control") == "no-store"
    return told


def conversation(ask: Ask, endpoint: str) -> Answers:
    """Hold the same conversation with any tus server."""
    answers: Answers = {}

    def say(
        name: str, method: str, where: str, headers: dict[str, str], content: bytes | None = None
    ) -> httpx.Response:
        answer = ask(method, where, headers=headers, content=content)
        answers[name] = said(answer)
        return answer

    def announcement(content: bytes) -> dict[str, str]:
        pairs = {"item": "f0" * 16, "sha256": hashlib.sha256(content).hexdigest()}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
        return {"upload-length": str(len(content)), "upload-metadata": metadata}

    say("options", "OPTIONS", endpoint, {})
    say("create without version", "POST", endpoint, announcement(CONTENT))
    say("create with another version", "POST", endpoint, {"tus-resumable": "0.2.2", **announcement(CONTENT)})
    say("create without length", "POST", endpoint, {**TUS, "upload-metadata": announcement(CONTENT)["upload-metadata"]})
    say("create with a length that is none", "POST", endpoint, {**TUS, **announcement(CONTENT), "upload-length": "x"})
    say("create too large", "POST", endpoint, {**TUS, **announcement(CONTENT), "upload-length": str(9 * 1024**3)})
    where = say("create", "POST", endpoint, {**TUS, **announcement(CONTENT)}).headers["location"]
    say("look at nothing", "HEAD", f"{endpoint}/{ids.new_id()}", TUS)
    say("look", "HEAD", where, TUS)
    say("look without version", "HEAD", where, {})
    say("part", "PATCH", where, {**PART, "upload-offset": "0"}, CONTENT[:1000])
    say("look again", "HEAD", where, TUS)
    say("part at a wrong offset", "PATCH", where, {**PART, "upload-offset": "5"}, CONTENT[5:10])
    say("part without offset", "PATCH", where, PART, CONTENT[1000:1010])
    say("part of another type", "PATCH", where, {**TUS, "upload-offset": "1000", "content-type": "text/plain"}, b"x")
    say("part without version", "PATCH", where, {**PART, "upload-offset": "1000", "tus-resumable": "9"}, b"x")
    say("part of nothing", "PATCH", f"{endpoint}/{ids.new_id()}", {**PART, "upload-offset": "0"}, b"x")
    say("empty part", "PATCH", where, {**PART, "upload-offset": "1000"}, b"")
    say("too much", "PATCH", where, {**PART, "upload-offset": "1000"}, CONTENT)
    say("look after too much", "HEAD", where, TUS)
    say("last part", "PATCH", where, {**PART, "upload-offset": "1000"}, CONTENT[1000:])
    say("look when complete", "HEAD", where, TUS)
    say("last part again", "PATCH", where, {**PART, "upload-offset": "1000"}, CONTENT[1000:])
    say("empty part when complete", "PATCH", where, {**PART, "upload-offset": str(len(CONTENT))}, b"")
    say("call off when complete", "DELETE", where, TUS)
    other = CONTENT[:500]
    early = {**PART, **announcement(other)}
    where = say("create with first bytes", "POST", endpoint, early, other[:100]).headers["location"]
    say("call off", "DELETE", where, TUS)
    say("look when called off", "HEAD", where, TUS)
    say("call off again", "DELETE", where, TUS)
    return answers


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    settings = settings_in(tmp_path_factory.mktemp("ours"))
    with running(settings) as root:
        phone = World(settings, Person(settings.public_url, identity=root)).open_case().phone()

        def ask(method: str, where: str, headers: dict[str, str], content: bytes | None) -> httpx.Response:
            # A PATCH is signed with its offset; one without it is sent as it is and must be refused all the same.
            if method == "PATCH" and "upload-offset" not in headers:
                return phone.http.request(method, where, headers={**headers, "upload-offset": ""}, content=content)
            return phone.http.request(method, where, headers=headers, content=content)

        yield conversation(ask, settings.public_url + UPLOADS)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    command = [str(need("node")), "reference.mjs", str(tmp_path_factory.mktemp("theirs"))]
    with subprocess.Popen(command, cwd=FOREIGN, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            with httpx.Client(timeout=patience(20)) as client:
                yield conversation(client.request, f"http://127.0.0.1:{port}/files")
        finally:
            server.kill()


def test_our_answers_are_the_references_but_where_we_say_why(ours: Answers, theirs: Answers) -> None:
    assert ours.keys() == theirs.keys()
    found = {
        (step, name): (ours[step][name], theirs[step][name])
        for step in ours
        for name in ours[step]
        if ours[step][name] != theirs[step][name] and name != "no-store"
    }
    assert {step: both for step, both in found.items() if step not in DIFFERENCES} == {}, "not explained"
    assert DIFFERENCES.keys() - found.keys() == set(), "explained, and no longer there"


def test_neither_lets_a_cache_keep_an_offset(ours: Answers, theirs: Answers) -> None:
    for answers in (ours, theirs):
        assert all(
            told["no-store"] for step, told in answers.items() if step.startswith("look") and told["upload-offset"]
        )

"""Proves that our request signatures are RFC 9421's: `http-message-signatures` verifies ours, and our server takes its.

Ed25519 is deterministic: for the same parameters both must make the same bytes, whatever stands in the address.
"""

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, algorithms
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from http_message_signatures.resolvers import HTTPSignatureKeyResolver
from hypothesis import given
from hypothesis import strategies as st

from evidence import http_signature, ids, keys
from evidence.http_signature import RequestTarget
from server.upload_addresses import UPLOADS
from tests.support import published
from tests.support.server_world import STATEMENTS, TUS, Person, World, problem, running, settings_in
from tests.support.waiting import patience

ME = keys.Identity.generate()
BASE = ("@method", "@authority", "@path", "@query")
WORDS = st.text("abcXYZ019-._~%20", max_size=12).map(lambda text: text.replace("%", "%41"))
PATHS = st.lists(WORDS, max_size=4).map(lambda parts: "/" + "/".join(parts))


class OneKey(HTTPSignatureKeyResolver):
    """Knows one pair of keys."""

    def __init__(self, identity: keys.Identity) -> None:
        self.identity = identity

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        assert key_id == self.identity.kid
        return Ed25519PrivateKey.from_private_bytes(self.identity.sign_seed)

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        return self.resolve_private_key(key_id).public_key()


def theirs_signs(
    who: keys.Identity,
    request: httpx.Request,
    *more: str,
    created: datetime | None = None,
    body: bytes | None = None,
) -> None:
    """Let the other library sign a request in place; it makes the Content-Digest of `body` itself."""
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=OneKey(who))
    signer.sign(
        request,
        key_id=who.kid,
        created=created or datetime.now(UTC),
        label="sig1",
        covered_component_ids=(*BASE, *more),
        body=body,
    )


def theirs_verifies(who: keys.Identity, request: httpx.Request) -> Any:  # noqa: ANN401 - its own type
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=OneKey(who))
    return verifier.verify(request, max_age=timedelta(minutes=5))


def ours_signs(who: keys.Identity, request: httpx.Request, **more: Any) -> None:  # noqa: ANN401 - as in sign_request
    target = RequestTarget.of_url(request.method, str(request.url))
    created = int(time.time())
    request.headers.update(http_signature.sign_request(who.sign, who.kid, target, created=created, **more))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = settings_in(tmp_path_factory.mktemp("signatures"))
    with running(settings) as root:
        yield World(settings, Person(settings.public_url, identity=root))


@given(st.sampled_from(["GET", "POST", "HEAD", "PATCH", "DELETE"]), PATHS, st.none() | WORDS, st.booleans())
def test_both_make_the_same_signature(method: str, path: str, query: str | None, port: bool) -> None:  # noqa: FBT001 - drawn
    address = f"http://Getuige.Example{':8443' if port else ''}{path}{'' if query is None else f'?{query}'}"
    ours, other = httpx.Request(method, address), httpx.Request(method, address)
    ours_signs(ME, ours)
    created = http_signature.parse_signature_input(ours.headers["signature-input"]).created
    theirs_signs(ME, other, created=datetime.fromtimestamp(created, UTC))
    mine = http_signature.parse_signature(ours.headers["signature"], "sig1")
    # The order of the parameters is each library's own; the base is then rebuilt from what the other one wrote.
    said = http_signature.parse_signature_input(other.headers["signature-input"])
    target = RequestTarget.of_url(method, str(other.url))  # httpx has tidied it, as on the wire
    base = http_signature.signature_base(said.components, target, dict(other.headers), said.text)
    assert http_signature.parse_signature(other.headers["signature"], "sig1") == ME.sign(base)
    assert theirs_verifies(ME, ours)
    assert len(mine) == http_signature.SIGNATURE_SIZE


def test_it_verifies_what_a_phone_sends_and_nothing_that_was_changed() -> None:
    body = b'{"some": "statement"}'
    request = httpx.Request("POST", "https://getuige.example/api/v1/statements", content=body)
    ours_signs(ME, request, body=body)
    (result,) = theirs_verifies(ME, request)
    assert set(result.covered_components) >= {f'"{name}"' for name in (*BASE, "content-digest")}
    for name, value in (
        ("host", "other.example"),
        ("content-digest", http_signature.content_digest(b"another body")),
        ("signature", request.headers["signature"].replace("A", "B").replace("a", "b")),
    ):
        changed = httpx.Request("POST", request.url, content=body, headers=request.headers)
        changed.headers[name] = value
        if name == "host":
            changed.url = httpx.URL("https://other.example/api/v1/statements")
        with pytest.raises(HTTPMessageSignaturesException):
            theirs_verifies(ME, changed)


def test_our_server_takes_what_it_signs(world: World) -> None:
    """A whole visit of a phone that uses the other library: read, upload, state."""
    phone = world.open_case().phone()
    content = b"sealed"
    with httpx.Client(base_url=world.url, timeout=patience(20)) as client:

        def send(request: httpx.Request, *covered: str) -> httpx.Response:
            theirs_signs(phone.identity, request, *covered)
            return client.send(request)

        me = send(client.build_request("GET", "/api/v1/alarms", params={"limit": "3"}))
        assert me.status_code == 404  # known, and not for phones
        created = phone.create(len(content), hashlib.sha256(content).hexdigest()).headers["location"]
        part = {**TUS, "upload-offset": "0", "content-type": "application/offset+octet-stream"}
        patch = client.build_request("PATCH", created, content=content, headers=part)
        assert send(patch, "upload-offset").status_code == 204
        head = client.build_request("HEAD", created, headers=TUS)
        assert send(head).headers["upload-offset"] == str(len(content))


def test_our_server_takes_a_statement_under_its_content_digest(world: World) -> None:
    case = world.open_case()
    later = ids.time_of(datetime.now(UTC) + timedelta(hours=1))
    invitation = published.invitation(case.vault.identity, keys.SigningKey.generate(), later)
    body = world.caseworker.sign("device.invite", invitation, case.case).envelope.to_bytes()
    with httpx.Client(base_url=world.url, timeout=patience(20)) as client:
        request = client.build_request("POST", STATEMENTS, content=body)
        theirs_signs(world.caseworker.identity, request, "content-digest", body=body)
        assert client.send(request).status_code == 201
        changed = client.build_request("POST", STATEMENTS, content=body + b" ", headers=request.headers)
        changed.headers["content-length"] = str(len(body) + 1)
        assert problem(client.send(changed)) == "digest"


def test_our_server_refuses_what_it_signs_with_too_little_covered(world: World) -> None:
    phone = world.open_case().phone()
    content = b"sealed"
    where = phone.create(len(content), hashlib.sha256(content).hexdigest()).headers["location"]
    part = {**TUS, "upload-offset": "0", "content-type": "application/offset+octet-stream"}
    with httpx.Client(base_url=world.url, timeout=patience(20)) as client:
        patch = client.build_request("PATCH", where, content=content, headers=part)
        theirs_signs(phone.identity, patch)
        answer = client.send(patch)
    assert (answer.status_code, problem(answer)) == (401, "unauthenticated")
    assert "upload-offset" in answer.json()["reason"]
    assert where.startswith(world.url + UPLOADS)

"""Proves with schemathesis that the API is what its OpenAPI says: no 5xx, no undocumented status, type or body.

Requests are drawn from the document for every operation, well-formed and malformed ones, and asked by real people with
real keys who sign them; names in addresses are often those of things that exist. GETUIGE_SCHEMATHESIS=200 draws more
for each operation than the default.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from requests.auth import AuthBase
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from evidence import http_signature, ids
from evidence.envelope import rings
from evidence.http_signature import RequestTarget
from server.upload_addresses import is_streamed
from server.uploads import resumable, tus
from server.uploads.core import UPLOAD_ID_BYTES
from tests.support import documented
from tests.support.server_world import Person, World, running, settings_in
from tests.support.waiting import patience, until

EXAMPLES = int(os.environ.get("GETUIGE_SCHEMATHESIS", "8"))
DOCUMENT = documented.document()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
STREAMS = {"/api/v1/alarms/stream"}
"""Answers without an end; nothing can be asked of them."""

BRIDGE = {"urn:getuige:problem:bridge"}
"""The one 5xx that is right here: these tests run no bridge, and the API says so (documented with the operation)."""

FOUND = [result.ok() for result in SCHEMA.get_all_operations() if isinstance(result, Ok)]
OPERATIONS = [operation for operation in FOUND if operation.path not in STREAMS]
PEOPLE = ("root", "caseworker", "dispatcher", "investigator", "vault", "phone", "nobody")


@schemathesis.serializer(tus.OFFSET_MEDIA_TYPE, resumable.MEDIA_TYPE, rings.MEDIA_TYPE)
def as_bytes(_ctx: schemathesis.SerializationContext, value: object) -> bytes:
    """Send a part of a file, or a ring, as it was drawn."""
    return value if isinstance(value, bytes) else str(value).encode()


class Signing(AuthBase):
    """Signs a request of the `requests` library."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        assert request.method is not None
        assert request.url is not None
        target = RequestTarget.of_url(request.method, request.url)
        streamed = None
        body = request.body.encode() if isinstance(request.body, str) else request.body
        if is_streamed(request.method, target.path):
            covered = ("upload-offset", "repr-digest", "content-digest")
            streamed = {name: str(request.headers[name]) for name in covered if name in request.headers}
        assert body is None or isinstance(body, bytes)
        identity, now = self.person.identity, int(time.time())
        request.headers.update(
            http_signature.sign_request(
                identity.sign,
                identity.kid,
                target,
                created=now,
                body=body if streamed is None else None,
                streamed=streamed,
            )
        )
        return request


@dataclass
class Asked:
    """A running server, the people, and names of things that are there."""

    url: str
    people: dict[str, Person | None]
    names: dict[str, list[str]]
    session: requests.Session


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    settings = settings_in(tmp_path_factory.mktemp("schemathesis"))
    with running(settings) as root, requests.Session() as session:
        world = World(settings, Person(settings.public_url, identity=root))
        case = world.open_case()
        phone = case.phone()
        sealed = case.sealed(phone)
        people: dict[str, Person | None] = {
            "root": world.root,
            "caseworker": world.caseworker,
            "dispatcher": world.dispatcher,
            "investigator": world.investigator,
            "vault": case.vault,
            "phone": phone,
            "nobody": None,
        }
        upload = phone.create(100, "ab" * 32).headers["location"].rsplit("/", 1)[1]
        names: dict[str, list[str]] = {
            "case": [case.case],
            "item": [sealed.body.item],
            "kid": [phone.kid, case.vault.kid],
            "index": ["0", "3", "99999", str(2**53 - 1), str(2**63)],
            "upload": [upload],
        }
        until(lambda: world.caseworker.http.get("/api/v1/receipts/0/proof").status_code == 200, "the log took it in")
        yield Asked(settings.public_url, people, names, session)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method.upper()} {one.path}")
def test_it_answers_what_is_documented(asked: Asked, operation: schemathesis.APIOperation[Any, Any, Any, Any]) -> None:
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), who=st.sampled_from(PEOPLE), known=st.booleans(), pick=st.integers(0, 9))
    def ask(case: schemathesis.Case[Any], who: str, known: bool, pick: int) -> None:  # noqa: FBT001 - drawn
        for name in case.path_parameters if known else ():
            if name in asked.names:
                case.path_parameters[name] = asked.names[name][pick % len(asked.names[name])]
        person = asked.people[who]
        # Names of keys and sessions that schemathesis draws for itself would only be refused.
        case.headers.pop("Signature", None)
        case.cookies.clear()
        answer = case.call(
            base_url=asked.url, session=asked.session, auth=None if person is None else Signing(person), timeout=20
        )
        checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
        case.validate_response(answer, checks=checks)
        assert answer.status_code < 500 or answer.json()["type"] in BRIDGE, answer.text

    ask()


def test_nothing_is_left_out() -> None:
    assert len(FOUND) == sum(len(methods) for methods in DOCUMENT["paths"].values())


def test_everyone_is_known_to_the_server(asked: Asked) -> None:
    """A test whose signatures are refused would prove nothing."""
    for name, person in asked.people.items():
        if person is None:
            continue
        answer = asked.session.get(f"{asked.url}/api/v1/cases", auth=Signing(person), timeout=patience(20))
        assert answer.status_code in {200, 404}, (name, answer.text)
    assert ids.hex_text(asked.names["upload"][0], UPLOAD_ID_BYTES)

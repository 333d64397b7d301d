"""Suite 2 between Python (OpenSSL, `cryptography`'s HPKE) and the page (libsodium's X-Wing, our key schedule).

Both open what the other wrapped, both agree with the published vectors, and the page refuses a wrap of another item, of
another reader, or that is called by another suite.
"""

import base64
import json
import secrets
from typing import Any

import pytest

from evidence import canonical, ids, keys, xwing
from evidence.envelope import container, opening, sealing, wraps
from evidence.envelope.wraps import Reader
from tests.support.node_peer import CASE, ask, b64, rich_incident, signer
from tests.vectors import operations

pytestmark = pytest.mark.need("node")

READER, PHONE, OTHER = (keys.Identity.generate() for _ in range(3))


def published(name: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((operations.FOLDER / name).read_text())["vectors"]
    return vectors


def test_the_pages_x_wing_is_the_drafts() -> None:
    for vector in published("xwing.json"):
        answer = ask("decapsulate", seed=vector["sk"], encapsulated=b64(bytes.fromhex(vector["ct"])))
        assert answer == {"public": vector["pk"], "shared": vector["ss"]}


def test_the_pages_hpke_is_the_working_groups() -> None:
    (vector,) = published("hpke_xwing.json")
    first = vector["encryptions"][0]
    answer = ask(
        "unseal",
        seed=vector["skRm"],
        info=b64(bytes.fromhex(vector["info"])),
        sealed=b64(bytes.fromhex(vector["enc"] + first["ct"])),
        additional=b64(bytes.fromhex(first["aad"])),
    )
    assert answer == {"plaintext": first["pt"]}


def open_item(blob: bytes, who: keys.Identity, **more: object) -> dict[str, Any]:
    return ask(
        "open_item", bytes=b64(blob), seed=b64(who.box_seed), signing=b64(who.sign_seed), signer=signer(PHONE), **more
    )


def test_node_opens_what_python_wrapped() -> None:
    source = sealing.Content.of_bytes(b"photograph", "foto.jpg", "image/jpeg")
    prepared = sealing.prepare(PHONE, CASE, rich_incident(), [Reader.of(READER, hybrid=True)], source)
    blob = b"".join(prepared.stream(source))

    assert base64.b64decode(open_item(blob, READER)["content"]) == b"photograph"
    assert open_item(blob, OTHER)["error"] == "Error"
    without_hybrid_key = ask("open_item", bytes=b64(blob), seed=b64(READER.box_seed), signer=signer(PHONE))
    assert without_hybrid_key["error"] == "LockError"


def test_node_opens_a_grant_in_suite_two_and_refuses_it_elsewhere() -> None:
    prepared = sealing.prepare(PHONE, CASE, rich_incident(), [OTHER.box_public])
    head = container.parse_prefix(prepared.prefix).head

    def given(item: ids.ItemId, suite: int | None) -> dict[str, object]:
        wrapped = wraps.wrap_for(prepared.content_key, CASE, item, Reader.of(READER, hybrid=True))
        return {"to": READER.box_kid, "wrap": wrapped, "suite": suite}

    assert open_item(prepared.prefix, READER, given=[given(head.item, 2)])["meta"]["title"] == rich_incident().title
    assert open_item(prepared.prefix, READER, given=[given(ids.ItemId("0f" * 16), 2)])["error"] == "LockError"
    assert open_item(prepared.prefix, READER, given=[given(head.item, None)])["error"] == "LockError"
    assert open_item(prepared.prefix, READER, given=[given(head.item, 3)])["error"] == "FormatError"


def test_python_opens_what_node_wrapped() -> None:
    public = canonical.b64(xwing.public_of(xwing.seed_of(READER)))
    key = secrets.token_bytes(32)
    made = ask(
        "seal_item",
        place={"case": CASE, "item": ids.new_id(), "by": PHONE.kid, "at": ids.now()},
        seed=b64(PHONE.sign_seed),
        readers=[{"box": READER.box_public.hex(), "xwing": public}, OTHER.box_public.hex()],
        key=b64(key),
        meta={"v": 1, "kind": "incident", "source": "caseworker", "recorded": ids.now(), "title": "Eén", "text": ""},
        content=None,
    )
    prefix = container.parse_prefix(base64.b64decode(made["bytes"]))
    container.verify_head(prefix, PHONE.sign_public)

    assert [wrap.suite for wrap in prefix.head.wraps] == [2, None]
    assert opening.content_key(prefix, READER) == opening.content_key(prefix, OTHER) == key

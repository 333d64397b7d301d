"""Key wraps between Python (OpenSSL, `cryptography`'s HPKE) and the page (libsodium's X-Wing, our key schedule).

Both open what the other wrapped, both agree with the published vectors, and the page refuses a wrap of another item, of
another reader, or of another suite.
"""

import base64
import json
import secrets
from typing import Any

import pytest

from evidence import canonical, ids, keys
from evidence.envelope import container, opening, sealing, wraps
from evidence.envelope import meta as metas
from tests.support import published as published_keys
from tests.support.incidents import incident, photo
from tests.support.node_peer import CASE, TITLE, ask, b64, rich_incident, signer
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
    return ask("open_item", bytes=b64(blob), seed=b64(who.xwing_seed), signer=signer(PHONE), **more)


def test_node_opens_what_python_wrapped() -> None:
    source = sealing.Content.of_bytes(b"photograph", "foto.jpg", "image/jpeg")
    prepared = sealing.prepare(PHONE, CASE, photo(), [READER.xwing_public], source)
    blob = b"".join(prepared.stream(source))

    assert base64.b64decode(open_item(blob, READER)["content"]) == b"photograph"
    assert open_item(blob, OTHER)["error"] == "Error"


def test_node_opens_a_grant_and_refuses_it_elsewhere() -> None:
    prepared = sealing.prepare(PHONE, CASE, rich_incident(), [OTHER.xwing_public])
    head = container.parse_prefix(prepared.prefix).head

    def given(item: ids.ItemId, suite: int | None) -> dict[str, object]:
        wrapped = wraps.wrap(prepared.content_key, CASE, item, READER.xwing_public)
        return {"to": READER.opening_kid, "wrap": wrapped, "suite": suite}

    assert open_item(prepared.prefix, READER, given=[given(head.item, 2)])["meta"]["title"] == TITLE
    assert open_item(prepared.prefix, READER, given=[given(ids.ItemId("0f" * 16), 2)])["error"] == "LockError"
    for suite in (None, 1, 3):
        assert open_item(prepared.prefix, READER, given=[given(head.item, suite)])["error"] == "FormatError"


def sealed_by_node(readers: list[bytes], key: bytes) -> dict[str, Any]:
    return ask(
        "seal_item",
        place={"case": CASE, "item": ids.new_id(), "by": PHONE.kid, "at": ids.now()},
        seed=b64(PHONE.sign_seed),
        readers=[b64(one) for one in readers],
        key=b64(key),
        meta=metas.to_json(incident("Eén", source="caseworker")),
        content=None,
    )


def test_python_opens_what_node_wrapped_and_a_reader_with_a_bad_key_is_left_out() -> None:
    key, unfit = secrets.token_bytes(32), [canonical.unb64(one) for one in published_keys.unfit()]
    made = sealed_by_node([READER.xwing_public, *unfit, OTHER.xwing_public], key)
    prefix = container.parse_prefix(base64.b64decode(made["bytes"]))
    container.verify_head(prefix, PHONE.sign_public)

    assert [wrap.suite for wrap in prefix.head.wraps] == [2, 2]
    assert opening.content_key(prefix, READER) == opening.content_key(prefix, OTHER) == key
    assert sealed_by_node(unfit, key)["error"] == "FormatError"

"""The pages' own modules in Node, asked one question at a time."""

import base64
from pathlib import Path
from typing import Any

import pytest

from evidence import ids, keys
from evidence.edtf import Edtf
from evidence.envelope import pieces
from evidence.envelope.meta import Incident
from evidence.envelope.parts import Position
from evidence.statements import bodies, statement
from tests.support import published as published_keys
from tests.support.node_process import answer

PEER = Path(__file__).parents[1] / "interop" / "peer.mjs"


LIBRARIES = Path(__file__).parents[2] / "server/web/node_modules/libsodium-wrappers-sumo"


CASE = ids.CaseId("c0" * 16)
TITLE = "Hij stond weer voor de deur"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def ask(question: str, **members: object) -> dict[str, Any]:
    """Put one request to the JavaScript side and return its answer."""
    if not LIBRARIES.is_dir():
        pytest.fail("run `npm ci --ignore-scripts` in server/web first")
    told: dict[str, Any] = answer(PEER, {"ask": question, **members})
    return told


def signer(identity: keys.Identity) -> dict[str, str]:
    return {"kid": identity.kid, "sign": identity.sign_public.hex()}


def rich_incident() -> Incident:
    return Incident(
        source="victim",
        recorded=ids.now(),
        title=TITLE,
        text=pieces.cut("Om half negen ’s avonds – met “bloemen”. \u0001 🌷"),
        happened=Edtf("2026-05~"),
        severity=3,
        conduct=("volgen",),
        position=Position("51.9244", "4.4777", 12),
    )


def published(root: keys.Identity, subject: keys.SigningKey, role: bodies.Role) -> statement.Statement:
    body = published_keys.certificate(subject, role, role, ids.TeamId("7e" * 16))
    return statement.sign(root, "key.publish", body)

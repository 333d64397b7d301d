"""Grants and exports as a vault and an investigator ask a running server for them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx

from evidence import ids, schema
from evidence.statements import bodies
from tests.support import published
from tests.support.server_world import CaseOfHers, Person, SealedItem


def grant(case: CaseOfHers, reader: Person, *items: SealedItem, valid: timedelta = timedelta(days=1)) -> ids.GrantId:
    body = bodies.Grant(
        ids.GrantId(ids.new_id()),
        reader.kid,
        reader.identity.opening_kid,
        "aangifte",
        ids.time_of(datetime.now(UTC) + valid),
        tuple(published.given(item.key, case.case, item.body.item, reader.identity) for item in items),
    )
    case.vault.act("grant", body)
    return body.grant


GROUND = "art. 126nd Sv, zaak 2026-123"


def ask(who: Person, case: CaseOfHers, **more: object) -> httpx.Response:
    return who.http.post(f"/api/v1/cases/{case.case}/exports", json={"ground": GROUND, **more})


def statement(prepared: dict[str, object], **changes: object) -> bodies.Export:
    body = schema.decode(bodies.Export, {**prepared, "ground": GROUND})
    return replace(body, **changes)  # type: ignore[arg-type]

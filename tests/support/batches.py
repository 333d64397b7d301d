"""Batches of statements, as a client sends them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx

from evidence import canonical, ids, keys
from evidence.statements import bodies, event
from evidence.statements.statement import Chain, Statement
from tests.support import published
from tests.support.server_world import STATEMENTS, CaseOfHers, Person, seal

BATCH = f"{STATEMENTS}/batch"


def together(said: Sequence[Statement]) -> bytes:
    """Return the body of a batch."""
    return b"[" + b",".join(one.envelope.to_bytes() for one in said) + b"]"


def post_batch(who: Person, said: Sequence[Statement]) -> httpx.Response:
    """Post a batch; the numbers of `who` stay as they are."""
    return who.http.post(BATCH, content=together(said))


def invitation(case: CaseOfHers) -> Statement:
    """An act of a caseworker, which needs no number; each is another one."""
    expires = ids.time_of(datetime.now(UTC) + timedelta(hours=1))
    body = published.invitation(case.vault.identity, keys.Identity.generate(), expires)
    return case.world.caseworker.sign("device.invite", body, case.case)


def invitations(case: CaseOfHers, count: int) -> list[Statement]:
    return [invitation(case) for _ in range(count)]


def seals(case: CaseOfHers, phone: Person, count: int) -> list[Statement]:
    """Items whose files are here, sealed by statements with consecutive numbers; the phone's own number stays."""
    said, chain = [], phone.chain
    for _ in range(count):
        item = seal(phone, [case.vault.identity.xwing_public])
        phone.upload(item.container, item.body)
        said.append(numbered(phone, "item.seal", item.body))
    phone.chain = chain
    return said


def numbered(who: Person, kind: str, body: bodies.Body) -> Statement:
    """Sign with the next number, and take it."""
    assert who.chain is not None
    made = who.sign(kind, body)
    who.chain = Chain(who.chain.seq + 1, made.id)
    return made


def stored_in(answer: httpx.Response) -> list[ids.Sha256]:
    return [event.parse(canonical.unb64(one["event"])).statement.id for one in answer.json()["receipts"]]


def names(said: list[Statement]) -> list[ids.Sha256]:
    return [one.id for one in said]

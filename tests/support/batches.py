"""Batches of statements, as a client sends them."""

from collections.abc import Sequence

import httpx

from evidence.statements.statement import Statement
from tests.support.server_world import STATEMENTS, Person

BATCH = f"{STATEMENTS}/batch"


def together(said: Sequence[Statement]) -> bytes:
    """Return the body of a batch."""
    return b"[" + b",".join(one.envelope.to_bytes() for one in said) + b"]"


def post_batch(who: Person, said: Sequence[Statement]) -> httpx.Response:
    """Post a batch; the numbers of `who` stay as they are."""
    return who.http.post(BATCH, content=together(said))

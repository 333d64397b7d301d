"""An event is never too large to be read again: a statement that would make one is refused, and not recorded."""

import pytest

from evidence import canonical, ids, keys
from evidence.canonical import MAX_DOCUMENT_BYTES
from evidence.errors import FormatError
from evidence.statements import bodies, event, statement
from evidence.statements.statement import Statement

SIGNER = keys.SigningKey.generate()
NOW = ids.now()
ITEMS = 1_975
"""With their wraps less than the limit, and less than a longest text below it."""


def granting(purpose_characters: int) -> Statement:
    wrap = ids.Base64(canonical.b64(bytes(1_125)))
    items = tuple(bodies.GrantedItem(ids.ItemId(f"{number:032x}"), wrap, 2) for number in range(ITEMS))
    kid = ids.KeyId("ab" * 16)
    body = bodies.Grant(ids.GrantId("cd" * 16), kid, kid, "x" * purpose_characters, NOW, items)
    return statement.sign(SIGNER, "grant", body, case=ids.CaseId("ef" * 16), at=NOW)


def test_the_largest_statement_that_can_be_sent_is_recorded_only_if_its_event_can_be_read() -> None:
    room = MAX_DOCUMENT_BYTES - len(granting(0).envelope.to_bytes())
    largest = granting(room * 3 // 4 - 3)
    sent = largest.envelope.to_bytes()
    assert MAX_DOCUMENT_BYTES - 16 < len(sent) <= MAX_DOCUMENT_BYTES
    assert statement.parse(sent).id == largest.id
    with pytest.raises(FormatError, match="an event of more than"):
        event.record(largest, 7, NOW)
    smaller = granting(room * 3 // 4 - 150)
    assert event.parse(event.record(smaller, 7, NOW).event).statement.id == smaller.id

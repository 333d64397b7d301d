"""What a large case meets: each limit of size, and how many items it lets through, computed from what is written.

A case of 10,000 items goes through everything. One of 100,000 is granted, exported and erased in parts; what is larger
than a part is refused in words before anything is made, never when somebody wants to read it.
"""

import base64
import re
from pathlib import Path
from typing import Any, Final

import pytest

from evidence import canonical, ids, keys, schema
from evidence.bundle.checking.erasure_proof import ErasureProof, LoggedTombstone
from evidence.bundle.format import bag, layout
from evidence.bundle.format.openings import Incomplete, Opening, Openings
from evidence.custody.log import note
from evidence.envelope import wraps
from evidence.statements import bodies, dsse, event, statement
from evidence.statements.rules.erasure import MAX_ERASED
from evidence.statements.tombstone import GrantLeft, Tombstone
from server.clients.vault import MAX_GRANTED
from server.edge import MAX_BODY_BYTES
from server.exports.service import BegunPart, Prepared

ID, HASH, TIME = "ab" * 16, ids.Sha256("cd" * 32), ids.Time("2026-12-01T00:00:00.000Z")
LARGE: Final = 2**31
"""The number of an event, in a journal that nobody has."""

PROOF: Final = 4096
"""Bytes of a `.tlog-proof` under a head that eight witnesses cosigned: 31 hashes, eleven lines of a note."""

CORE: Final = Path(__file__).parents[3] / "server/web/static/core"


def size(value: object) -> int:
    return len(canonical.encode(value))


def each(of: Any) -> int:  # noqa: ANN401 - a value that schema writes
    """Bytes of one in a list of many."""
    return size(schema.encode(of)) + 1


def b64(count: int) -> int:
    return len(base64.b64encode(bytes(count)))


def of_an_event(payload: int) -> int:
    """Bytes of the event around a signed payload, with two signatures."""
    signed = dsse.Envelope(ids.Base64(""), dsse.STATEMENT_TYPE, ())
    around = {"v": 1, "index": LARGE, "received_at": TIME, "dsse": signed.to_json()}
    return size(around) + b64(payload) + 2 * 160


def of_a_receipt(written: int) -> int:
    return b64(written) + 4096


ITEM: Final = len(ID) + 3
WRAP: Final = wraps.wrap(bytes(32), ids.CaseId(ID), ids.ItemId(ID), keys.Identity.generate().xwing_public)
GRANTED: Final = each(bodies.GrantedItem(ids.ItemId(ID), WRAP, 2))

OPENED: Final = each(
    Opening(ids.ItemId(ID), LARGE, "d" * 44, "f" * 44, "o" * 300, HASH, Incomplete("h" * 48, 2**40, 2**40))
)
BURIED: Final = LoggedTombstone(
    ids.Base64(
        canonical.b64(
            Tombstone(
                *(1, LARGE, TIME, ids.ErasureId(ID), HASH, HASH, ids.LeafHex("ef" * 33), "item.seal", ids.CaseId(ID)),
                *(ids.KeyId(ID), (ids.ItemId(ID),), LARGE, HASH),
            ).to_bytes()
        )
    ),
    ids.Base64("A" * b64(PROOF)),
)


@pytest.mark.parametrize("items", [10_000, bag.MAX_ITEMS])
def test_an_export_of_many_items_is_read_by_whoever_gets_it(items: int) -> None:
    events = 4 * items + 20_000  # announced, sealed, read and granted, and what else there is
    assert events <= schema.MAX_LIST_MEMBERS
    assert of_an_event(items * ITEM + 8192) <= canonical.MAX_DOCUMENT_BYTES, "the export statement"
    assert of_a_receipt(of_an_event(items * ITEM)) <= canonical.MAX_FILE_BYTES
    assert events * len(f'"{LARGE}":"{HASH}",') <= canonical.MAX_FILE_BYTES, layout.SALTS
    assert items * OPENED <= canonical.MAX_FILE_BYTES, layout.OPENINGS
    prepared = items * (ITEM + each(BegunPart(ids.ItemId(ID), 2**40))) + events * 11
    assert prepared <= canonical.MAX_FILE_BYTES, "what the server remembers until it is signed"


def test_a_bundle_of_the_most_items_has_no_more_files_than_are_read() -> None:
    """In an opened one: three files of an item, and two of each event about it."""
    looked_at = 8
    files = bag.MAX_ITEMS * (3 + 2 * (2 + looked_at))
    assert files <= bag.MAX_FILES
    line = 64 + 2 + len("proof/timestamps/") + 64 + len(".12.tsr") + 1
    assert bag.MAX_FILES // 2 * line <= bag.MAX_SMALL_FILE_BYTES, "a manifest"


def test_a_grant_and_its_receipt_are_documents_that_are_read() -> None:
    """She gives 10,000 items in ten grants. More than 1,800 in one make no event; a client splits long before."""
    payload = MAX_GRANTED * GRANTED + 8192
    assert of_an_event(payload) <= min(canonical.MAX_DOCUMENT_BYTES, MAX_BODY_BYTES)
    assert of_a_receipt(of_an_event(payload)) <= canonical.MAX_DOCUMENT_BYTES
    assert of_a_receipt(canonical.MAX_DOCUMENT_BYTES) <= canonical.MAX_FILE_BYTES, "of whoever fills a statement"


def test_what_is_erased_at_once_can_be_said_and_proved() -> None:
    """Of each item the announcement, the seal and two wraps; and every grant that held a key of it."""
    events = 4 * MAX_ERASED + 1000
    finish = each(bodies.EraseFinish(ids.ErasureId(ID), (), (), ())) + events * 11 + MAX_ERASED * 67
    assert of_an_event(finish) <= canonical.MAX_DOCUMENT_BYTES
    assert events <= schema.MAX_LIST_MEMBERS
    assert events * each(BURIED) <= canonical.MAX_FILE_BYTES
    whole = GrantLeft(ids.GrantId(ID), ids.KeyId(ID), ids.KeyId(ID), TIME)
    assert each(whole) + MAX_GRANTED * ITEM <= canonical.MAX_DOCUMENT_BYTES, "the tombstone of a grant"


def test_files_of_many_are_read_whole() -> None:
    """The readers themselves: openings, salts and proofs that are larger than any document."""
    shown = Opening(ids.ItemId(ID), 1, "d" * 44, "f" * 44, "o" * 300, HASH)
    openings = Openings(1, "x", (shown,) * bag.MAX_ITEMS)
    data = canonical.encode(schema.encode(openings))
    assert len(data) > canonical.MAX_DOCUMENT_BYTES
    assert schema.decode(Openings, canonical.decode_exact(data, canonical.MAX_FILE_BYTES)) == openings
    proof = ErasureProof(1, ids.ErasureId(ID), ids.CaseId(ID), (), (BURIED,) * 2000, dsse_of_nothing())
    assert len(proof.to_bytes()) > canonical.MAX_DOCUMENT_BYTES
    assert schema.decode(ErasureProof, canonical.decode_exact(proof.to_bytes(), canonical.MAX_FILE_BYTES)) == proof
    prepared = Prepared(
        *(ids.ExportId(ID), ids.CaseId(ID), ids.KeyId(ID), "grond", HASH, (ids.ItemId(ID),) * bag.MAX_ITEMS),
        *(bodies.ExportHead("log", 1, HASH), (), tuple(range(LARGE, LARGE + 5 * bag.MAX_ITEMS))),
    )
    written = canonical.encode(schema.encode(prepared))
    assert schema.decode(Prepared, canonical.decode_exact(written, canonical.MAX_FILE_BYTES)) == prepared


def dsse_of_nothing() -> dsse.Envelope:
    return dsse.sign(dsse.RECEIPT_TYPE, b"{}", keys.Identity.generate())


def test_the_largest_grant_is_recorded_as_computed() -> None:
    """The arithmetic above against the code: a real statement, its event and its receipt."""
    granted = bodies.GrantedItem(ids.ItemId(ID), WRAP, 2)
    body = bodies.Grant(ids.GrantId(ID), ids.KeyId(ID), ids.KeyId(ID), "aangifte", TIME, (granted,) * MAX_GRANTED)
    who, case = keys.Identity.generate(), ids.CaseId(ID)
    recorded = event.record(statement.sign(who, "grant", body, case=case), LARGE, TIME)
    assert len(recorded.event) <= of_an_event(MAX_GRANTED * GRANTED + 8192)
    receipt = event.issue(who, "log", recorded).to_json()
    kept = {"receipt": receipt, "event": canonical.b64(recorded.event), "salt": recorded.salt.hex()}
    assert size(kept) <= of_a_receipt(len(recorded.event))


def test_a_proof_is_no_larger_than_computed() -> None:
    line = b64(4 + 8 + 64) + note.MAX_KEY_NAME_BYTES // 4 + 8
    assert 31 * 45 + 9 * line + 256 <= PROOF


def test_the_pages_read_what_python_reads() -> None:
    told = (CORE / "canonical.js").read_text("utf-8") + (CORE / "verifier/bag.js").read_text("utf-8")
    named = dict(re.findall(r"const (MAX_\w+) = ([\d_ *]+);", told))
    assert _product(named["MAX_DOCUMENT_BYTES"]) == canonical.MAX_DOCUMENT_BYTES
    assert _product(named["MAX_FILE_BYTES"]) == canonical.MAX_FILE_BYTES
    assert _product(named["MAX_FILES"]) == bag.MAX_FILES


def _product(text: str) -> int:
    found = 1
    for factor in text.split("*"):
        found *= int(factor.strip().replace("_", ""))
    return found

"""Proves that bytes which are made directly, because somebody waits for them, are those of the general encoder."""

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from evidence import canonical, ids, keys, schema
from evidence.statements import dsse, event
from evidence.statements.event import Receipt
from evidence.statements.statement import Statement
from tests.support.journal_history import invitation
from tests.support.sizes import examples

SERVER = keys.SigningKey.generate()
SAID = invitation(keys.Identity.generate())

texts = st.text(st.characters(codec="utf-8"))
encoded = st.binary(max_size=200).map(canonical.b64)
hexadecimal = {size: st.binary(min_size=size, max_size=size).map(bytes.hex) for size in (16, 32, 33)}
times = st.integers(0, 253402300799999).map(ids.time_of_ms)
signatures = st.builds(dsse.Signature, hexadecimal[16], encoded | texts)
some = st.lists(signatures, max_size=4).map(tuple)
envelopes = st.builds(dsse.Envelope, encoded | texts, texts, some)
posted = st.builds(dsse.Envelope, encoded, texts, some)
receipts = st.builds(
    Receipt,
    st.just(1),
    st.just(1),
    texts,
    st.integers(0, canonical.MAX_INTEGER),
    hexadecimal[32],
    hexadecimal[32],
    hexadecimal[33],
    times,
    hexadecimal[16],
)


@given(envelopes)
@hypothesis_settings(max_examples=examples(300))
def test_an_envelope(envelope: dsse.Envelope) -> None:
    assert envelope.to_bytes() == canonical.encode(schema.encode(envelope))


@given(receipts)
@hypothesis_settings(max_examples=examples(300))
def test_a_receipt(receipt: Receipt) -> None:
    assert event.promise(SERVER, receipt).body == canonical.encode(schema.encode(receipt))


@given(posted, st.integers(0, canonical.MAX_INTEGER), times)
@hypothesis_settings(max_examples=examples(300))
def test_an_event(envelope: dsse.Envelope, index: int, received_at: ids.Time) -> None:
    said = Statement(envelope, SAID.type, SAID.case, SAID.at, SAID.by, SAID.body, None, None)
    members = {"v": 1, "index": index, "received_at": received_at, "dsse": schema.encode(envelope)}
    assert event.record(said, index, received_at).event == canonical.encode(members)

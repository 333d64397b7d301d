"""No parser of signed documents lets anything but its own errors out, and what it accepts it writes back unchanged."""

import functools
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import canonical, ids, keys, schema
from evidence.bundle.format import bag, rotations, zips
from evidence.envelope import meta
from evidence.errors import EvidenceError, FormatError, LockError
from evidence.statements import bodies, catalogue, dsse, event, rotation, statement
from tests.support.sizes import examples

WHO = keys.Identity.generate()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def _body(kind: type[bodies.Body], data: bytes) -> object:
    return schema.decode(kind, canonical.decode(data))


PARSERS: tuple[Callable[[bytes], object], ...] = (
    statement.parse,
    event.parse,
    keys.LockedKey.from_bytes,
    bag.parse_manifest,
    rotations.Handover.parse,
    lambda data: rotation.read([canonical.decode(data)], bytes(32)),
    meta.parse,
    *(functools.partial(_body, kind) for kind in {act.body for act in catalogue.ACTS.values()}),
)


@given(JSON)
def test_canonical_json_is_one_spelling_and_reads_back(value: object) -> None:
    data = canonical.encode(value)
    assert canonical.decode(data) == value
    assert canonical.encode(canonical.decode(data)) == data


@settings(max_examples=examples(200))
@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_foreign_bytes_raise_only_our_errors(data: bytes) -> None:
    for parse in PARSERS:
        try:
            parse(data)
        except EvidenceError:
            continue


@settings(max_examples=examples(200))
@given(JSON)
def test_a_signed_payload_of_any_json_raises_only_our_errors(value: object) -> None:
    envelope = dsse.sign(dsse.STATEMENT_TYPE, canonical.encode(value), WHO)
    with pytest.raises(FormatError):
        statement.parse(envelope.to_bytes())


@given(st.data())
def test_a_statement_with_one_changed_member_is_refused_or_is_the_same(data: st.DataObject) -> None:
    made = statement.sign(WHO, "team.open", bodies.TeamOpen(ids.TeamId("ab" * 16), "Team"))
    members = json.loads(made.envelope.body)
    name = data.draw(st.sampled_from(sorted(members)))
    members[name] = data.draw(JSON)
    envelope = dsse.sign(dsse.STATEMENT_TYPE, canonical.encode(members), WHO)
    try:
        parsed = statement.parse(envelope.to_bytes())
    except FormatError:
        return
    assert parsed.id == envelope.body_sha256


@pytest.mark.parametrize(
    "data",
    [b'{"a":1,"a":2}', b"1.5", b"NaN", b"Infinity", b"9007199254740993", b'"\\ud800"', b"[" * 40 + b"]" * 40, b""],
)
def test_json_that_can_be_read_two_ways_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        canonical.decode(data)


@pytest.mark.parametrize("text", ["AB==", "A", "AAA=\n", " AAAA", "AAAA=", "_-__"])
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(FormatError):
        canonical.unb64(text)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../b", "a\\b", "C:x", "a//b", "", "a\nb", "./a"])
def test_a_manifest_cannot_name_a_file_outside(name: str) -> None:
    assert not zips.is_safe(name)


def test_a_locked_key_opens_with_its_phrase_only() -> None:
    kdf = keys.Kdf.fresh(opslimit=1, memlimit=keys.MIN_MEMLIMIT)
    locked = keys.lock(WHO, "sanne", "vijf  woorden", kdf)
    again = keys.LockedKey.from_bytes(locked.to_bytes())
    assert again.unlock(" vijf  woorden ") == WHO
    with pytest.raises(LockError):
        again.unlock("vijf woorden")
    signature = keys.auth_signature("vijf  woorden", kdf, b"uitdaging")
    keys.verify(bytes.fromhex(locked.auth), b"uitdaging", signature)
    with pytest.raises(keys.SignatureError):
        keys.verify(bytes.fromhex(locked.auth), b"iets anders", signature)

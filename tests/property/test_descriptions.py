"""Descriptions made from the kinds themselves: what they say opens as it was said, in words, and can be withheld."""

import dataclasses
import typing
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import canonical, edtf, ids, schema
from evidence.bundle.format.kinds import words_of
from evidence.envelope import fields, words
from evidence.envelope import meta as metas
from tests.support.sizes import examples

KEY = b"k" * 32
EACH = pytest.mark.parametrize("kind", metas.KINDS)
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    schema.Pieces: st.lists(TEXTS, max_size=3),
    int: st.integers(0, 2**53 - 1),
    bool: st.booleans(),
    edtf.Edtf: st.sampled_from(["2026-05-12", "2026-05~", "2026-05/..", "2026-05-12T21:30+02:00"]),
    ids.Time: st.just("2026-05-12T20:31:07.000Z"),
    ids.Base64: st.binary(max_size=8).map(canonical.b64),
}


def told(hint: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - a type form has no common type
    """Return the JSON that a member of this type can be."""
    inner = schema.without_none(hint)
    if inner is not hint:
        nothing = schema.complete(inner, None) if dataclasses.is_dataclass(inner) else None
        return st.just(nothing) | told(inner)
    if inner in SIMPLE:
        return SIMPLE[inner]
    if get_origin(inner) is Literal:
        return st.sampled_from(get_args(inner))
    if get_origin(inner) is tuple:
        return st.lists(told(get_args(inner)[0]), max_size=2)
    if dataclasses.is_dataclass(inner):
        hints = typing.get_type_hints(inner)
        return st.fixed_dictionaries({name: told(one) for name, one in hints.items()})
    size = 32 if inner in {ids.Sha256, ids.Commitment} else 16
    return st.binary(min_size=size, max_size=size).map(bytes.hex)


def described(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return descriptions of a kind, as they are sealed."""
    return told(metas.KINDS[kind]).map(lambda plain: {**plain, "kind": kind})


@EACH
@settings(max_examples=examples(20))
@given(st.data())
def test_what_is_said_opens_as_it_was_said_in_words_and_in_part(kind: str, data: st.DataObject) -> None:
    plain = data.draw(described(kind))
    meta = metas.read(plain)
    assert metas.parse(metas.to_bytes(meta)) == meta
    assert metas.to_json(meta) == plain
    said = words_of(meta)
    assert {path for path in said if path not in words.MEMBERS} == set()
    assert said.get("text", "") == "".join(plain["text"])
    leaves = dict(fields.leaves(plain))
    hidden = data.draw(st.sets(st.sampled_from(sorted(leaves.keys() - {*fields.ALWAYS_SHOWN}))))
    opened = fields.read(fields.opening(KEY, plain, hidden))
    assert opened.commitment == fields.commitment(KEY, plain)
    assert {*opened.withheld} == {
        one for one in leaves if any(one == each or one.startswith(f"{each}/") for each in hidden)
    }
    assert opened.shown == {one: value for one, value in leaves.items() if one not in opened.withheld}

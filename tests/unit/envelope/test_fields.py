"""Fields of a description: whatever is withheld, the commitment is the same; whatever is changed, it is another."""

from operator import add
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import canonical, schema
from evidence.envelope import fields, pieces
from evidence.errors import FormatError
from tests.vectors import make_kind

KEY = bytes(range(32))
FIRST = "abcdefghijklmnopqrstuvwxyz"
NAMES = st.builds(add, st.sampled_from(FIRST), st.text(f"{FIRST}0123456789_", max_size=5))
LEAVES = st.none() | st.booleans() | st.integers(0, 2**53 - 1) | st.text(max_size=20)
RECORDS = st.dictionaries(
    NAMES,
    st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4)),
    max_size=6,
)


def described(more: dict[str, Any]) -> dict[str, Any]:
    return {**more, "v": 2, "kind": "note"}


@given(RECORDS, st.data())
def test_whatever_is_withheld_the_opening_computes_to_the_same_commitment(
    more: dict[str, Any], data: st.DataObject
) -> None:
    description = described(more)
    pointers = [pointer for pointer, _ in fields.leaves(description) if pointer not in fields.ALWAYS_SHOWN]
    withheld = data.draw(st.sets(st.sampled_from(pointers))) if pointers else set()

    opened = fields.read(fields.opening(KEY, description, withheld))

    assert opened.commitment == fields.commitment(KEY, description)
    assert set(opened.withheld) == withheld
    assert {**opened.shown} == {name: value for name, value in fields.leaves(description) if name not in withheld}


@settings(max_examples=50)
@given(RECORDS, RECORDS, st.data())
def test_an_opening_shows_a_description_whole_or_not_at_all(
    more: dict[str, Any], other: dict[str, Any], data: st.DataObject
) -> None:
    """Read with the description beside it, an opening says what it says when its values are read anew."""
    description, another = described(more), described(other)
    whole = fields.opening(KEY, description)
    assert fields.shown_whole(whole, description) == fields.read(whole).commitment
    pointers = [pointer for pointer, _ in fields.leaves(description) if pointer not in fields.ALWAYS_SHOWN]
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :]
    for opening, told in (
        (changed, description),
        (whole, another),
        (fields.opening(KEY, description, pointers), description),
        (whole + whole, description),
        (whole[:-1], description),
    ):
        try:
            read = fields.read(opening)
        except FormatError:
            expected = None
        else:
            said = canonical.encode(dict(fields.leaves(told)))
            expected = read.commitment if not read.withheld and canonical.encode({**read.shown}) == said else None
        try:
            found = fields.shown_whole(opening, told)
        except FormatError:
            found = None
        assert found == expected


@given(RECORDS, RECORDS)
def test_two_descriptions_have_two_commitments(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = canonical.encode(described(one)) == canonical.encode(described(other))
    assert (fields.commitment(KEY, described(one)) == fields.commitment(KEY, described(other))) is same


def test_what_a_withheld_field_was_cannot_be_tried_without_its_salt() -> None:
    description = described({"place": "Kerkstraat 5"})
    lines = fields.opening(KEY, description, ["/place"]).decode().splitlines()
    (line,) = (line for line in lines if line.startswith("/place"))
    salts = [bytes.fromhex(one.split("\t")[1]) for one in lines if one != line]
    guesses = [fields.digest(salt, "/place", b'"Kerkstraat 5"').hex() for salt in (bytes(32), KEY, *salts)]
    assert line.split("\t")[2] not in guesses


@pytest.mark.parametrize("kind", make_kind.OWN)
def test_names_and_number_of_leaves_say_nothing_of_what_was_told(kind: str) -> None:
    def shape(description: dict[str, Any]) -> set[str]:
        return {pointer for pointer, _ in fields.leaves(_unlisted(description))}

    assert shape(make_kind.whole(kind)) == shape(make_kind.least(kind))


def _unlisted(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a description in which every list is empty: their lengths may be seen."""
    if isinstance(value, dict):
        return {name: _unlisted(member) for name, member in value.items()}
    return [] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", ()),
        ("Hij stond er", ("Hij stond er",)),
        ("Hij stond er. Een uur lang.", ("Hij stond er. ", "Een uur lang.")),
        ("Hij riep: “Kom!” En toen?  Stilte…", ("Hij riep: “Kom!” ", "En toen?  ", "Stilte…")),
        ("Om 21.30 u.\n\nLijn twee", ("Om 21.30 u.\n", "\n", "Lijn twee")),
    ],
)
def test_a_text_is_cut_after_sentences_and_lines(text: str, cut: tuple[str, ...]) -> None:
    assert pieces.cut(text) == cut


@given(st.text(alphabet="ab.!? \n\u2026\u201d", max_size=60), st.integers(1, 900))
def test_the_pieces_of_a_text_are_its_words(text: str, times: int) -> None:
    cut = pieces.cut(text * times)
    assert "".join(cut) == text * times
    assert len(cut) <= schema.MAX_TOLD
    assert all(cut)


def test_what_has_more_leaves_than_anybody_should_hash_is_refused() -> None:
    most = described({"many": [0] * (fields.MAX_LEAVES - 2)})
    assert len(fields.leaves(most)) == fields.MAX_LEAVES
    with pytest.raises(FormatError, match="more than 8192 leaves"):
        fields.leaves(described({"many": [0] * (fields.MAX_LEAVES - 1)}))

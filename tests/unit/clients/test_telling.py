"""What she types: a time that cannot be is refused in words before anything is sealed; a slip is remarked."""

import dataclasses
from datetime import UTC, datetime
from typing import Literal

import pytest

from evidence import edtf, ids
from evidence.edtf import Edtf
from evidence.envelope import meta as metas
from evidence.envelope import parts
from evidence.envelope.meta import Incident, Order
from evidence.errors import FormatError
from server.clients import telling
from server.clients.errors import ClientError
from tests.support.incidents import photo
from tests.vectors import make_time

Member = Literal["happened", "discovered"]


def meta(**members: object) -> Incident:
    plain = Incident(source="victim", recorded=ids.now(), title="x")
    return dataclasses.replace(plain, **members)  # type: ignore[arg-type] # members of the tests below


@pytest.mark.parametrize("member", ["happened", "discovered"])
@pytest.mark.parametrize("text", make_time.REFUSED)
def test_a_time_that_cannot_be_is_refused_in_words_and_never_sealed(member: Member, text: str) -> None:
    told = meta(**{member: Edtf(text)})
    with pytest.raises(ClientError, match="Nothing was kept"):
        telling.check(told)
    with pytest.raises(FormatError, match=member):
        metas.to_bytes(told)


@pytest.mark.parametrize("text", [*make_time.SINGLE, *make_time.INTERVALS, *make_time.MARKED])
def test_a_time_that_can_be_is_sealed_as_it_was_told(text: str) -> None:
    assert metas.parse(metas.to_bytes(meta(happened=Edtf(text)))).happened == text


def test_a_year_of_two_digits_is_asked_about() -> None:
    with pytest.raises(ClientError, match="in the year 26"):
        telling.check(meta(happened=Edtf("0026-05-06")))


def test_no_other_time_in_a_description_is_sealed_when_it_cannot_be() -> None:
    days = Edtf("2026-05-01"), Edtf("2026-02-30")
    for first, last in (days, reversed(days)):
        order = parts.Order("huisverbod", first, last)
        with pytest.raises(FormatError, match=r"Order\.order\."):
            metas.to_bytes(Order(source="caseworker", recorded=ids.now(), title="x", order=order))
    file = parts.File("a", "b", 1, ids.Sha256("0" * 64))
    camera = parts.Camera(Edtf("2026-05-06T21:30:00+99:99"), "DateTimeOriginal")
    with pytest.raises(FormatError, match=r"Media\.camera\.taken"):
        metas.to_bytes(photo(file=file, camera=camera))


def test_a_reader_opens_what_another_sealed_and_shows_its_time_as_told() -> None:
    """Her words must open though their time was never one: only the writer's side refuses."""
    plain = metas.to_bytes(meta(happened=Edtf("2026-05-12"))).replace(b"2026-05-12", b"gisteren!!")
    assert metas.parse(plain).happened == "gisteren!!"


@pytest.mark.parametrize(
    ("text", "ahead"),
    [
        ("2031-01-01", True),
        ("2026-12-02", True),
        ("2026-11-30T12:00", False),
        ("2026-12-01T01:00", False),  # already so in the Line Islands
        ("2026-12-01T02:01", True),
        ("2026-11-30T12:01Z", True),
        ("2026-11-30T13:00+01:00", False),
        ("2026", False),
        ("2026-11/2031-01", False),
        ("../2031", False),
    ],
)
def test_what_lies_ahead_in_every_zone_is_remarked(text: str, ahead: bool) -> None:  # noqa: FBT001 - a table
    now = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    assert edtf.lies_ahead(edtf.parse(text), now) is ahead


def test_the_future_is_kept_and_said() -> None:
    told = meta(happened=Edtf("9998-01-01"), discovered=Edtf("2020"))
    telling.check(told)
    (remark,) = telling.remarks(told)
    assert "9998-01-01" in remark
    assert "future" in remark

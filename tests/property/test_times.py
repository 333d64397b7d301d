"""Times as they are told, for every text: a time that could be, or a reason; never another time than was written."""

import re
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from evidence import edtf

ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
NEARLY = st.from_regex(
    re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?[~?%]?", re.ASCII), fullmatch=True
)


def read(text: str) -> tuple[edtf.Told | None, edtf.Reason | None]:
    try:
        return edtf.parse(text), None
    except edtf.TimeError as error:
        return None, error.reason


@given(st.one_of(st.text(), NEARLY, st.builds("{}/{}".format, NEARLY, NEARLY)))
def test_any_text_is_a_time_that_could_be_or_has_a_reason(text: str) -> None:
    told, reason = read(text)
    assert (told is None) == (reason is not None)
    if told is None:
        return
    assert told.earliest or told.latest
    if told.earliest and told.latest:
        assert told.earliest <= told.latest
    for begins in (told.earliest, told.latest):
        # What was written stands in it, digit for digit: nothing was shifted to a time that could be.
        assert begins is None or f"{begins.year:04}" in text or told.ends[1] == "season"


@given(st.datetimes(timezones=st.one_of(st.none(), ZONES)))
def test_every_moment_comes_back_as_it_was_written(moment: datetime) -> None:
    text = moment.isoformat()
    if text.endswith("-00:00"):
        return
    told = edtf.parse(text)
    assert told.earliest == told.latest == moment.replace(microsecond=0)
    assert (told.precision, told.has_zone) == ("second", moment.tzinfo is not None)


@given(st.dates(), st.dates())
def test_an_interval_of_days_is_refused_exactly_when_it_is_reversed(first: object, last: object) -> None:
    text = f"{first}/{last}"
    told, reason = read(text)
    assert reason == ("reversed" if str(last) < str(first) else None)
    if told is None:
        return
    assert told.interval
    assert edtf.lies_ahead(told, datetime(1, 1, 2, tzinfo=UTC)) or str(first) <= "0001-01-02"

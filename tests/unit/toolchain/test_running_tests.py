"""A deadline grows with the machine's load, and what is left out in CI is a failure unless it is on the list."""

import pytest
from hypothesis import settings as hypothesis_settings

from tests.support import running_tests
from tests.support.waiting import MOST, slowness, until

FREE, BUSY, JUST_BUSY, ABSURD = "0.10 9 9 1/300 7", "22.0 9 9 1/300 7", "0.1 9 9 21/300 7", "999 9 9 1/300 7"


@pytest.mark.parametrize(("load", "times"), [(FREE, 1), (BUSY, 11), (JUST_BUSY, 10.5), (ABSURD, MOST)])
def test_slowness_is_how_many_want_a_processor(load: str, times: float) -> None:
    assert slowness(load, 2) == times


def test_this_machine_has_one() -> None:
    assert 1 <= slowness() <= MOST


def test_an_answer_is_returned_and_what_never_comes_is_named() -> None:
    answers = iter([0, "", "here"])
    assert until(lambda: next(answers), "an answer") == "here"
    with pytest.raises(AssertionError, match="the moon"):
        until(lambda: False, "the moon", 0)


def left_out(reason: str) -> pytest.TestReport:
    where = ("test_x.py", 1, f"Skipped: {reason}")
    return pytest.TestReport("test_x.py::test_y", ("test_x.py", 1, "test_y"), {}, "skipped", where, "call")


def test_in_ci_a_test_is_left_out_only_for_a_reason_on_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    known, unknown = left_out("NOT TESTED: only root may mount a file system"), left_out("too tired")
    for report in (known, unknown):
        running_tests.refuse_skip(report)
    assert (known.outcome, unknown.outcome) == ("skipped", "failed")
    assert "too tired" in str(unknown.longrepr)


def test_elsewhere_it_is_a_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    report = left_out("too tired")
    running_tests.refuse_skip(report)
    assert report.outcome == "skipped"


def test_no_generated_example_has_a_limit_of_time() -> None:
    assert hypothesis_settings(max_examples=3).deadline is None

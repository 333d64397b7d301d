"""The server's clock against clocks that are not the server's: what the verifier says when one of them was moved."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence import ids
from evidence.bundle.checking import interval, trust
from evidence.bundle.checking.report import Claim, Findings, Report, Verdict
from evidence.bundle.checking.verify import verify
from evidence.statements import event as events
from evidence.statements.statement import SeenCheckpoint
from tests.support.incidents import incident
from tests.support.organisation import ORIGIN, Organisation

TWO_HOURS = timedelta(hours=2)


@pytest.fixture
def book(tmp_path: Path) -> Organisation:
    return Organisation(tmp_path / "book")


def moved(by: timedelta) -> Callable[[], ids.Time]:
    return lambda: ids.time_of(datetime.now(UTC) + by)


def exported(book: Organisation, **options: Any) -> Report:  # noqa: ANN401 - as in statement.sign
    item = book.seal(incident(), **options)
    book.grant(item)
    bundle = book.export(item)
    return verify(bundle, trust.load(book.trust, bundle))


def of_time(report: Report) -> dict[str, Claim]:
    codes = ("time-server", "time-wide", "time-signer", "time-clock", "time-claim", "seen-")
    return {claim.code: claim for claim in report.claims if claim.code.startswith(codes)}


def test_clocks_that_agree_are_not_spoken_of(book: Organisation) -> None:
    assert of_time(exported(book)) == {}


def test_a_server_ahead_of_witness_and_stamp_fails(book: Organisation) -> None:
    book.clock = moved(TWO_HOURS)
    report = exported(book)
    claim = of_time(report)["time-server-ahead"]
    assert (report.exit_code, claim.verdict, claim.values["gap"]) == (1, Verdict.FAILED, "2:00")
    assert claim.values["count"] == "3"  # item, grant, export: what came before the clock was moved holds


@pytest.mark.parametrize("witnessed", [True, False])
def test_either_outside_clock_is_enough(book: Organisation, witnessed: bool) -> None:  # noqa: FBT001 - a parameter
    """Only the stamp, or only the witness, stays at the true time; the other is moved together with the server."""
    book.clock = moved(TWO_HOURS)
    late = lambda: datetime.now(UTC) + TWO_HOURS  # noqa: E731 - two lines of the same clock
    if witnessed:
        book.tsa._clock = late
    else:
        book.integrator._panel._clock = late
    assert "time-server-ahead" in of_time(exported(book))


def test_a_server_behind_is_shown_as_wide(book: Organisation) -> None:
    book.clock = moved(-TWO_HOURS)
    report = exported(book)
    assert report.exit_code == 0
    assert of_time(report)["time-wide"].values["gap"] == "2:00"


def test_a_server_behind_the_head_that_the_phone_saw_fails(book: Organisation) -> None:
    book.seal(incident("Het eerste"))
    book.grant(*book.standing.items)
    seen = book.stamp()
    book.clock = moved(-TWO_HOURS)
    report = exported(book, seen=seen)
    claim = of_time(report)["time-server-behind"]
    assert (report.exit_code, claim.values["count"], claim.values["gap"]) == (1, "1", "2:00")


def test_a_seen_head_gives_the_item_a_lower_bound(book: Organisation) -> None:
    seen = book.stamp()
    report = exported(book, seen=seen)
    (item,) = [claim for claim in report.claims if claim.code == "item-unchanged"]
    assert report.exit_code == 0
    assert item.values["not_before"] <= item.values["when"]


@pytest.mark.parametrize("hours", [2, -2])
def test_a_phones_clock_is_told_of_and_fails_nothing(book: Organisation, hours: int) -> None:
    seen = book.stamp()
    report = exported(book, seen=seen, at=ids.time_of(datetime.now(UTC) + timedelta(hours=hours)))
    claim = of_time(report)["time-signer-clock"]
    assert (report.exit_code, claim.verdict, claim.values["count"]) == (0, Verdict.NOTE, "1")


def test_a_false_claim_of_one_phone_is_named_at_its_event_and_spoils_nothing(book: Organisation) -> None:
    seen = book.stamp()
    report = exported(book, seen=SeenCheckpoint(seen.size, ids.Sha256("ab" * 32)))
    claims = [claim for claim in report.claims if claim.code == "seen-differs"]
    assert [(claim.verdict, claim.about) for claim in claims] == [(Verdict.NOTE, str(book.journal[-3].index))]
    assert report.exit_code == 0


def test_a_claim_about_a_head_that_is_not_here_fails_nothing(book: Organisation) -> None:
    """Whoever copied a phone's key says to have seen a head just below its own event, while witnesses were late."""
    seen = book.stamp()
    book.seal(incident())
    book.clock = moved(-TWO_HOURS)
    report = exported(book, seen=SeenCheckpoint(seen.size + 1, ids.Sha256("ab" * 32)))
    assert (report.exit_code, of_time(report)["time-claim-early"].verdict) == (0, Verdict.NOTE)
    assert "time-server-behind" not in of_time(report)


def test_two_signed_heads_of_one_size_that_differ_are_two_histories(book: Organisation) -> None:
    book.seal(incident())
    event = events.parse(book.journal[-1].event)
    heads = [interval.Head(ORIGIN, 40, bytes([one]) * 32, ()) for one in (1, 2)]
    findings = Findings()
    line = trust.load(book.trust).line()
    interval.check({0: (event, heads[0]), 1: (event, heads[1])}, line, findings)
    (claim,) = [one for one in findings.report("").claims if one.code == "heads-differ"]
    assert (claim.verdict, claim.values) == (Verdict.FAILED, {"size": "40", "count": "2"})
    assert all(claim.text(language) for language in ("nl", "en"))


def test_a_head_that_cannot_have_been_seen_moves_no_bound(book: Organisation) -> None:
    """A stolen phone that claims to have seen the future makes nobody else's evidence look wrong."""
    report = exported(book, seen=SeenCheckpoint(10_000, ids.Sha256("ab" * 32)))
    assert (report.exit_code, of_time(report)) == (0, {})


def test_a_verifier_whose_own_clock_is_behind_says_so(book: Organisation) -> None:
    for panel in (book.tsa, book.integrator._panel):
        panel._clock = lambda: datetime.now(UTC) + TWO_HOURS
    report = exported(book)
    assert report.exit_code == 0
    assert {"time-clock-here", "time-wide"} <= of_time(report).keys()

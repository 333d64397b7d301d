"""What the verifier says of a bundle that several time stamp authorities stamped: who vouches, enough of them, agreed?

One test waits until a real certificate has really expired: with a renewal the bundle still holds, without it does not.
"""

import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence import ids
from evidence.bundle.checking import trust
from evidence.bundle.checking.report import Claim, Report, Verdict
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.custody.time import development_tsa
from evidence.custody.time.development_tsa import DevelopmentTsa
from tests.support.incidents import incident
from tests.support.organisation import Organisation

TWO_HOURS = timedelta(hours=2)
LIFE = timedelta(seconds=5)


@pytest.fixture
def book(tmp_path: Path) -> Organisation:
    return Organisation(tmp_path / "book")


def exported(book: Organisation) -> Path:
    item = book.seal(incident())
    book.grant(item)
    return book.export(item)


def said(book: Organisation, bundle: Path) -> Report:
    return verify(bundle, trust.load(book.trust, bundle))


def of_time(report: Report) -> dict[str, Claim]:
    return {claim.code: claim for claim in report.claims if claim.code.startswith("time")}


def moved(by: timedelta) -> DevelopmentTsa:
    """An authority whose clock is wrong by so much."""
    made = DevelopmentTsa.create(lambda: datetime.now(UTC) - timedelta(days=1))
    made._clock = lambda: datetime.now(UTC) + by
    return made


def test_every_authority_that_vouches_is_named(book: Organisation) -> None:
    book.more_tsas = [DevelopmentTsa.create(), DevelopmentTsa.create()]
    book.trust_tsas(2, kpn=book.tsa, police=book.more_tsas[0], quovadis=book.more_tsas[1])
    report = said(book, exported(book))
    named = {claim.values["authority"] for claim in report.claims if claim.code == "time"}
    assert (report.exit_code, named) == (0, {"kpn", "police", "quovadis"})


def test_one_authority_down_costs_nothing(book: Organisation) -> None:
    other, gone = DevelopmentTsa.create(), DevelopmentTsa.create()
    book.more_tsas = [other]
    book.trust_tsas(2, kpn=book.tsa, police=other, gone=gone)
    report = said(book, exported(book))
    assert (report.exit_code, set(of_time(report))) == (0, {"time"})


def test_too_few_fail(book: Organisation) -> None:
    book.trust_tsas(2, kpn=book.tsa, police=DevelopmentTsa.create())
    claim = of_time(said(book, exported(book)))["time-quorum"]
    assert (claim.verdict, claim.values["quorum"]) == (Verdict.FAILED, "2")


def test_a_token_of_nobody_who_is_trusted_fails_and_does_not_count(book: Organisation) -> None:
    book.more_tsas = [DevelopmentTsa.create()]
    book.trust_tsas(2, kpn=book.tsa, police=DevelopmentTsa.create())
    report = said(book, exported(book))
    assert {"time-token-bad", "time-quorum"} <= {claim.code for claim in report.failed}


@pytest.mark.parametrize("shift", [TWO_HOURS, -TWO_HOURS])
def test_two_clocks_that_disagree_fail(book: Organisation, shift: timedelta) -> None:
    book.more_tsas = [moved(shift)]
    book.trust_tsas(1, kpn=book.tsa, police=book.more_tsas[0])
    report = said(book, exported(book))
    claim = of_time(report)["time-tsa-differs"]
    assert (claim.verdict, claim.values["gap"], claim.about) == (Verdict.FAILED, "2:00", "kpn, police")


@pytest.mark.parametrize("shift", [TWO_HOURS, -TWO_HOURS])
def test_one_wrong_clock_among_three_is_told_of_and_costs_nothing(book: Organisation, shift: timedelta) -> None:
    book.more_tsas = [moved(shift), DevelopmentTsa.create()]
    book.trust_tsas(2, kpn=book.tsa, wrong=book.more_tsas[0], police=book.more_tsas[1])
    report = said(book, exported(book))
    claim = of_time(report)["time-tsa-outvoted"]
    assert (report.exit_code, claim.verdict, claim.about, claim.values["gap"]) == (0, Verdict.NOTE, "wrong", "2:00")
    times = [claim for claim in report.claims if claim.code == "time"]
    assert {claim.values["authority"] for claim in times} == {"kpn", "police"}


def short_lived(monkeypatch: pytest.MonkeyPatch) -> DevelopmentTsa:
    """An authority whose certificate is in force for `LIFE` from now, by the clock of this machine."""
    monkeypatch.setattr(development_tsa, "BACKDATE", timedelta(seconds=1))
    return DevelopmentTsa.create(life=LIFE)


def wait_until_expired(born: float) -> None:
    while time.time() < born + LIFE.total_seconds() + 1.1:  # certificates know whole seconds
        time.sleep(0.1)


def test_a_certificate_that_has_really_expired(
    book: Organisation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    born = time.time()
    book.tsa, first = short_lived(monkeypatch), book.tsa
    book.trust_tsas(1, short=book.tsa, long=first)
    bare = exported(book)
    assert said(book, bare).exit_code == 0
    book.tsa, short = first, book.tsa
    book.renew()
    renewed = tmp_path / "renewed.zip"
    exported_again(book, bare, renewed)
    opened.open_bundle(renewed, book.investigator, tmp_path / "opened")
    wait_until_expired(born)
    assert short.root_pem != first.root_pem

    lost = said(book, bare)
    assert {claim.code for claim in lost.failed} == {"time-token-expired", "time-quorum"}
    for bundle in (renewed, tmp_path / "opened"):
        held = said(book, bundle)
        assert (held.exit_code, held.failed) == (0, ())
        assert of_time(held)["time-renewed"].verdict is Verdict.PROVEN


def exported_again(book: Organisation, bundle: Path, target: Path) -> None:
    """Write the same bundle with the renewals that there are now: they stand beside the payload, not in it."""
    from evidence.bundle.format.tokens import gather  # noqa: PLC0415 - only here
    from tests.support.forging import regenerate  # noqa: PLC0415 - tag manifests follow tag files

    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(target.parent / "work")
    (folder,) = (target.parent / "work").iterdir()
    stamped = {path.name.split(".")[0] for path in (folder / layout.TIMESTAMPS).iterdir()}
    for name, data in gather(stamped, book).files():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    regenerate(folder)
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, f"{folder.name}/{path.relative_to(folder)}")


def test_an_expired_token_beside_enough_others_is_a_note(book: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    book.more_tsas = [DevelopmentTsa.create()]
    book.trust_tsas(1, kpn=book.tsa, police=book.more_tsas[0])
    policy = book.trust / trust.TSA_POLICY
    policy.write_text(policy.read_text() + f"until kpn {ids.now()[:19]}Z\n")
    bundle = exported(book)
    monkeypatch.setattr(ids, "now", lambda: ids.time_of(datetime.now(UTC) + timedelta(seconds=5)))
    report = said(book, bundle)
    assert (report.exit_code, of_time(report)["time-token-expired"].verdict) == (0, Verdict.NOTE)

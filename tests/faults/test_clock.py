"""A server whose clock was moved by two hours, while its witness, her phone and the verifier keep theirs.

Everything is a process of its own over real HTTP. THREATS: "server clock moved" – the verifier finds an interval
that is empty, or says how wide it is.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from evidence.bundle.checking import trust
from evidence.bundle.checking.report import Report
from evidence.bundle.checking.verify import verify
from evidence.custody.log.note_key import load_or_create_key
from server.layout import Layout
from tests.support.clock import Clock
from tests.support.incidents import incident
from tests.support.journey import Journey
from tests.support.server_process import serving
from tests.support.server_world import settings_in
from tests.support.tsa import running as running_tsa
from tests.support.witness_world import running as running_witness

pytestmark = [pytest.mark.need("gcc")]

TWO_HOURS_S = 7200


@contextmanager
def founded(folder: Path, *, own_tsa: bool = False) -> Iterator[Journey]:
    """Found a server whose witness and TSA have the right clock (`own_tsa`: the TSA shares the server's clock)."""
    with ExitStack() as stack:
        more = {"witness": str(folder / "policy")}
        tsa = None if own_tsa else stack.enter_context(running_tsa())
        if tsa is not None:
            more["tsa"] = tsa.url
        settings = settings_in(folder / "data", **more)
        log = load_or_create_key(Layout(settings.data).log_key, settings.log_origin)
        witness = stack.enter_context(running_witness(folder / "witness", [log.verifier]))
        (folder / "policy").write_text(f"witness w {witness.verifier.vkey} {witness.url}\nquorum w\n")
        journey = Journey(settings, folder)
        stack.callback(journey.close)
        journey.found()
        if tsa is not None:
            (journey.trust / trust.TSA_ROOTS).write_bytes(tsa.root_pem)
        yield journey


def told(journey: Journey, off_s: int, times: int = 1) -> Report:
    """Tell the story to a server whose clock is off by so many seconds; return what the verifier says of the bundle."""
    clock = Clock.build(journey.folder)
    clock.set_off(off_s)
    photo = journey.folder / "photo.jpg"
    photo.write_bytes(bytes(20_000))
    with serving(journey.settings, **clock.variables):
        journey.intake()
        for number in range(times):
            journey.tell(incident(f"Verhaal {number}"), photo, "deur.jpg")
        bundle = journey.export()
    return verify(bundle, trust.load(journey.trust, bundle))


def of_clocks(report: Report) -> dict[str, str]:
    codes = ("time-server", "time-wide", "time-claim", "time-signer", "time-clock", "time-token")
    return {claim.code: claim.values.get("gap", "") for claim in report.claims if claim.code.startswith(codes)}


def test_a_server_two_hours_ahead_fails(tmp_path: Path) -> None:
    with founded(tmp_path) as journey:
        report = told(journey, TWO_HOURS_S)
    assert {claim.code for claim in report.failed} == {"time-server-ahead"}
    assert of_clocks(report)["time-server-ahead"] == "2:00"


@pytest.mark.faults
def test_a_tsa_that_shares_the_wrong_clock_helps_nothing(tmp_path: Path) -> None:
    """The witness alone gives it away."""
    with founded(tmp_path, own_tsa=True) as journey:
        report = told(journey, TWO_HOURS_S)
    assert "time-server-ahead" in {claim.code for claim in report.failed}


@pytest.mark.faults  # the same of a bundle that was made: tests/interop/test_verify_sh_times.py
def test_a_server_two_hours_behind_is_shown_as_wide_until_her_phone_has_seen_the_log(tmp_path: Path) -> None:
    with founded(tmp_path) as journey:
        report = told(journey, -TWO_HOURS_S, times=2)
    # Her second story names a head that the witness cosigned two hours after the server says it received the story.
    # That head itself is not in the bundle: it is her phone's word, a note, and a bare word fails nothing.
    assert report.failed == ()
    assert of_clocks(report) == {"time-wide": "2:00", "time-claim-early": "2:00"}


def test_a_server_with_the_right_clock_gives_no_remark(tmp_path: Path) -> None:
    with founded(tmp_path) as journey:
        report = told(journey, 0, times=2)
    assert report.exit_code == 0, report.failed
    assert of_clocks(report) == {}

"""`verify.sh` and time: intervals as `getuige verify` computes them, several authorities, wrong clocks, renewals.

OpenSSL decides about every token; what the shell adds (dates, bounds, renewal paths, counting) is held to Python's.
"""

import os
import subprocess
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence import ids
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.format.tokens import gather
from evidence.custody.time import development_tsa
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.statements.statement import SeenCheckpoint
from tests.support.forging import regenerate
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.verify_sh import SCRIPT
from tests.support.waiting import patience

pytestmark = [pytest.mark.need("openssl", "xxd", "sha256sum", "base64", "dash")]

TWO_HOURS = timedelta(hours=2)
LIFE = timedelta(seconds=6)


@pytest.fixture
def book(tmp_path: Path) -> Organisation:
    return Organisation(tmp_path / "book")


def exported(book: Organisation, **options: Any) -> Path:  # noqa: ANN401 - as in statement.sign
    item = book.seal(incident(), **options)
    book.grant(item)
    bundle = book.export(item)
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(bundle.with_suffix(""))
    (folder,) = bundle.with_suffix("").iterdir()
    return folder


def run(folder: Path, book: Organisation) -> tuple[int, str]:
    only = {"PATH": os.environ["PATH"]}
    command = ["dash", "verify.sh", str(book.trust)]
    done = subprocess.run(
        command, cwd=folder, env=only, capture_output=True, text=True, timeout=patience(60), check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def agreed(folder: Path, book: Organisation) -> tuple[int, str]:
    """Run both verifiers, which must say the same in the end; return what the script says."""
    code, said = run(folder, book)
    assert code == verify(folder, trust.load(book.trust, folder)).exit_code, said
    return code, said


def test_the_interval_of_an_item_is_the_one_that_python_computes(book: Organisation) -> None:
    seen = book.stamp()
    folder = exported(book, seen=seen)
    code, said = agreed(folder, book)
    (line,) = [line for line in said.splitlines() if line.startswith("time  item ")]
    (claim,) = [one for one in verify(folder, trust.load(book.trust)).claims if one.code == "item-unchanged"]
    found = f"time  item {claim.about}: not before {seconds(claim.values['not_before'])}, not after "
    assert (code, line.startswith(found), line.endswith(f"received {seconds(claim.values['when'])}")) == (0, True, True)


def seconds(moment: str) -> str:
    return f"{moment[:19]}Z"


def test_a_server_clock_that_is_ahead_fails(book: Organisation) -> None:
    book.clock = lambda: ids.time_of(datetime.now(UTC) + TWO_HOURS)
    code, said = agreed(exported(book), book)
    assert (code, "later than witnesses and time stamps allow" in said) == (1, True)


def test_a_server_clock_behind_the_head_that_the_phone_saw_fails(book: Organisation) -> None:
    book.seal(incident("Het eerste"))
    book.grant(*book.standing.items)
    seen = book.stamp()
    book.clock = lambda: ids.time_of(datetime.now(UTC) - TWO_HOURS)
    code, said = agreed(exported(book, seen=seen), book)
    assert (code, "that its signer says to have seen" in said) == (1, True)


@pytest.mark.parametrize(("more", "word"), [(0, "to have seen another log"), (1, "that its signer says to have seen")])
def test_a_false_claim_of_one_phone_fails_nothing(book: Organisation, more: int, word: str) -> None:
    seen = book.stamp()
    book.seal(incident("Het eerste"))
    book.clock = lambda: ids.time_of(datetime.now(UTC) - TWO_HOURS)
    code, said = agreed(exported(book, seen=SeenCheckpoint(seen.size + more, ids.Sha256("ab" * 32))), book)
    assert (code, word in said, "FAIL" in said) == (0, True, False), said


def moved(by: timedelta) -> DevelopmentTsa:
    made = DevelopmentTsa.create(lambda: datetime.now(UTC) - timedelta(days=1))
    made._clock = lambda: datetime.now(UTC) + by
    return made


@pytest.mark.parametrize(
    ("others", "quorum", "holds", "word"),
    [
        ([timedelta()], 2, True, "(more0)"),
        ([], 2, False, "fewer than 2"),
        ([-TWO_HOURS], 1, False, "contradict each other"),
        ([-TWO_HOURS, timedelta()], 2, True, "2 others agree"),
    ],
    ids=["two", "too few", "behind", "outvoted"],
)
def test_several_authorities(book: Organisation, others: list[timedelta], quorum: int, holds: bool, word: str) -> None:  # noqa: FBT001 - a column
    book.more_tsas = [moved(by) for by in others]
    named = {f"more{number}": tsa for number, tsa in enumerate(book.more_tsas)} or {"gone": DevelopmentTsa.create()}
    book.trust_tsas(quorum, kpn=book.tsa, **named)
    code, said = agreed(exported(book), book)
    assert (code == 0, word in said) == (holds, True), said


def test_certificates_that_really_expire(book: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    long = book.tsa
    monkeypatch.setattr(development_tsa, "BACKDATE", timedelta(seconds=1))
    born = time.time()
    book.tsa = DevelopmentTsa.create(life=LIFE)
    book.trust_tsas(1, short=book.tsa, long=long)
    bare, renewed = exported(book), exported(book)
    book.tsa = long
    book.renew()
    stamped = {path.name.split(".")[0] for path in (renewed / layout.TIMESTAMPS).iterdir()}
    for name, data in gather(stamped, book).files():
        (renewed / name).parent.mkdir(exist_ok=True)
        (renewed / name).write_bytes(data)
    regenerate(renewed)
    while time.time() < born + LIFE.total_seconds() + 1.1:
        time.sleep(0.1)
    code, said = agreed(bare, book)
    assert (code, "was not renewed in time" in said) == (1, True)
    code, said = agreed(renewed, book)
    assert (code, "(short)" in said) == (0, True), said
    proof = next(one for one in (renewed / layout.RENEWALS).iterdir() if b"index 0\n" in one.read_bytes())
    proof.write_bytes(proof.read_bytes().replace(b"index 0\n", b"index 1\n"))
    regenerate(renewed)
    assert agreed(renewed, book)[0] == 1


def shell(function: str) -> Callable[[list[str]], list[str]]:
    helpers = SCRIPT[SCRIPT.index("# Times are seconds") : SCRIPT.index("# --- 1.")]

    def call(arguments: list[str]) -> list[str]:
        calls = "\n".join(f"{function} '{one}'" for one in arguments)
        done = subprocess.run(
            ["dash"], input=helpers + calls, capture_output=True, text=True, timeout=patience(60), check=True
        )
        return done.stdout.splitlines()

    return call


def test_dates_are_those_of_python() -> None:
    start = datetime(1970, 1, 1, 5, 8, 9, tzinfo=UTC)
    moments = [start + timedelta(days=step * 997, seconds=step * 7919) for step in range(60)]
    for year in (1999, 2000, 2024, 2026, 2099, 2100, 2104):
        moments += [datetime(year, 2, 28, 23, 59, 59, tzinfo=UTC) + timedelta(seconds=more) for more in (0, 1)]
        moments += [datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC) + timedelta(seconds=more) for more in (0, 1)]
    stamps = [str(int(moment.timestamp())) for moment in moments]
    assert shell("of_iso")([f"{moment:%Y-%m-%dT%H:%M:%S}.123Z" for moment in moments]) == stamps
    assert shell("of_openssl")([f"{moment:%b} {moment.day:2} {moment:%H:%M:%S %Y} GMT" for moment in moments]) == stamps
    assert shell("iso")(stamps) == [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in moments]

"""Every verifier against one table of tampered bundles (`tests/support/tampered.py`): each row, in each column.

A verifier that finds a fault names it and proves nothing about what it is in; one that does not look says so. The shell
takes seconds for a row: `make test` has one of each part of it, and `make faults` has all.
"""

import ast
import json
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, cast

import pytest

from evidence.bundle.checking import receipt as receipts
from evidence.bundle.checking import trust as anchors
from evidence.bundle.checking.names import Language
from evidence.bundle.checking.texts import STEP_OF
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from server.web import verifier_tables
from tests.interop.foreign import verifier as foreign
from tests.interop.foreign.proofs import UnreadableError
from tests.support import verdicts_page
from tests.support.bare_python import BarePython
from tests.support.command_line import Ended, getuige
from tests.support.node_process import answer
from tests.support.rows import Outcome, Row, Story, comparable, kept_beside
from tests.support.tampered import ROWS
from tests.support.verify_sh import run

pytestmark = [pytest.mark.need("openssl", "xxd", "sha256sum", "base64", "dash")]

EACH: Final = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def each_for_the_shell() -> Iterator[Any]:
    """Yield the rows for `verify.sh`; `make test` has one of each part of the script."""
    assert {row.name for row in ROWS} >= IN_EVERY_RUN
    for row in ROWS:
        yield pytest.param(row, id=row.name, marks=[] if row.name in IN_EVERY_RUN else [pytest.mark.faults])


IN_EVERY_RUN: Final = frozenset(
    {
        *("a foreign token", "ZIP: members overlap", "two histories", "an export: a last number that is too low"),
        *("rotated: the old key signs on", "a server that lies: a statement of a stranger"),
    }
)
"""Bundles with which nothing is wrong are in every run too: `test_verify_sh.py`."""
ASKS_THE_SHELL: Final = "test_verify_sh_says_what_the_table_says"
VERIFIER: Final = Path(__file__).parent / "verifier.mjs"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story.build(tmp_path_factory.mktemp("tampered"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BarePython]:
    with BarePython.built(tmp_path_factory.mktemp("bare")) as built:
        yield built


@EACH
@pytest.mark.need("node")
def test_every_verifier_says_what_the_table_says(row: Row, story: Story, bare: BarePython, tmp_path: Path) -> None:
    """In one test, because each row is made once; `verify.sh` takes seconds, and has a test of its own.

    The pages' verifier runs in Node; `tests/browser/test_verifier_engines.py` puts a part to three browsers.
    """
    path, trust = row.make(story, tmp_path)
    kept = [word for one in kept_beside(path) for word in ("--receipt", str(one))]
    ours = getuige("verify", path, "--trust", trust, "--json", *kept)
    judge(row, ours)
    alone = bare.verify(path, trust, "--json", *kept)
    assert (alone.returncode, alone.stdout) == (ours.code, ours.out), "getuige-verify.pyz"
    told = answer(VERIFIER, {"path": str(path), "trust": str(trust), "kept": list(map(str, kept_beside(path)))})
    assert (told["code"], comparable(told.get("claims", []))) == told_by(ours), "the pages' verifier"
    judge_sentences(told, path, trust)
    judge_from_the_pages_alone(row, path, trust)


SAID: Final[set[str]] = set()
"""Claims whose sentences were compared in this process: their words are the same in each row."""


def judge_sentences(told: dict[str, Any], path: Path, trust: Path) -> None:
    """Hold the pages' sentences to ours, for claims that no row had before; why it fails each says in its own way."""
    if not {one["code"] for one in told.get("claims", [])} - SAID:
        return
    report = verify(path, anchors.load(trust, path), receipts.gather(kept_beside(path)))
    SAID.update(one.code for one in report.claims)
    for language in cast("tuple[Language, ...]", ("nl", "en")):
        ours = zip(report.claims, report.lines(language), strict=True)
        pages = zip(told["claims"], told[language], strict=True)
        assert sorted(line for claim, line in pages if "why" not in claim) == sorted(
            line for claim, (_, line) in ours if "why" not in claim.values
        )


def told_by(ours: Ended) -> tuple[int, list[str]]:
    return ours.code, comparable(json.loads(ours.out)["claims"] if ours.out else [])


def judge(row: Row, done: Ended) -> None:
    """Hold the JSON of a verdict to its row."""
    expected = row.python
    assert done.code == expected.code, done.out + done.err
    if done.code == 2:
        assert done.out == ""
        assert all(words in done.err for words in expected.says), done.err
        return
    claims = json.loads(done.out)["claims"]
    failed = {(one["code"], one["about"]) for one in claims if one["verdict"] == "failed"}
    said = {one["code"] for one in claims if one["verdict"] == ("failed" if done.code else "note")}
    assert set(expected.says) <= said, said
    assert bool(failed) is bool(done.code)
    proven = {one["about"] for one in claims if one["verdict"] == "proven"} - {""}
    assert not proven & {about for _, about in failed}, "nothing is proven about what fails"


def judge_from_the_pages_alone(row: Row, path: Path, trust: Path) -> None:
    """Hold a verifier to the row that was written from the format pages alone."""
    expected = row.foreign.code
    if expected == 2:
        with pytest.raises((UnreadableError, AssertionError, ValueError, LookupError)):
            foreign.main(path, trust, *kept_beside(path))
        return
    told = foreign.main(path, trust, *kept_beside(path))
    assert bool(told["failed"]) is bool(expected), told["failed"]
    steps = {step for step, _ in told["failed"]}
    assert not expected or {STEP_OF[code] for code in row.python.says} <= steps, told["failed"]
    assert any("not compared" in one for one in told["notes"]), "where it does not look, it says so"


def test_the_verifier_from_the_pages_imports_nothing_of_ours() -> None:
    found = {name for one in ("proofs.py", "verifier.py") for name in _imported(Path(foreign.__file__).with_name(one))}
    assert not {name for name in found if name.split(".")[0] in {"evidence", "server", "device_bridge", "nacl"}}
    ours = {name for name in found if name.startswith("tests")}
    assert ours == {"tests.interop.foreign", "tests.interop.foreign.proofs"}, "itself"


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.fixture(scope="module")
def shell(
    request: pytest.FixtureRequest, story: Story, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[tuple[int, str]]]]:
    """What `verify.sh` says of each row that is asked for, by the row's name: the machine's cores all work at them."""
    base = tmp_path_factory.mktemp("shell")
    of_it = (one for one in request.session.items if one.path == request.path and isinstance(one, pytest.Function))
    asked: list[Any] = [one.callspec.params["row"] for one in of_it if one.originalname == ASKS_THE_SHELL]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {row.name: pool.submit(_said_by_the_shell, row, story, base / f"{n}") for n, row in enumerate(asked)}
        pool.shutdown(cancel_futures=True)


def _said_by_the_shell(row: Row, story: Story, folder: Path) -> tuple[int, str]:
    made, beside = folder / "row", folder / "beside"
    made.mkdir(parents=True)
    path, trust = row.make(story, made)
    if not path.is_file():
        said = run(path, trust)
    else:  # what somebody could try with a ZIP or a receipt
        beside.mkdir()
        shutil.copy(story.sealed / layout.SCRIPT, beside)
        shutil.copy(path, beside)
        said = run(beside, trust)
    shutil.rmtree(folder)
    return said


@pytest.mark.parametrize("row", list(each_for_the_shell()))
def test_verify_sh_says_what_the_table_says(row: Row, shell: dict[str, Future[tuple[int, str]]]) -> None:
    code, out = shell[row.name].result()
    expected: Outcome = row.shell
    assert code == expected.code, out
    assert all(words in out for words in expected.says), out
    assert ("All of this holds." in out) is (code == 0)
    assert bool(re.search("^FAIL", out, re.MULTILINE)) is (code != 0)
    assert not re.search("proven|bewezen", out), "a shell proves nothing by itself"


def test_the_page_of_verdicts_is_that_of_the_table() -> None:
    assert len(ROWS) >= 40
    assert verdicts_page.PAGE.read_text("utf-8") == verdicts_page.text(), "run `make docs`"


def test_the_tables_of_the_pages_verifier_are_those_of_the_code() -> None:
    for path, text in verifier_tables.texts().items():
        assert path.read_text("utf-8") == text, "run `make docs`"

"""Every verifier against one table of tampered bundles (`tests/support/tampered.py`): each row, in each column.

A verifier that finds a fault names it and proves nothing about what it is in; one that does not look says so. The shell
takes seconds for a row: `make test` has the first of each thing that it can say, and `make faults` has all.
"""

import ast
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from evidence.bundle.checking.texts import STEP_OF
from evidence.bundle.format import layout
from server.web import verifier_tables
from tests.interop.foreign import verifier as foreign
from tests.interop.foreign.proofs import UnreadableError
from tests.support.bare_python import BarePython
from tests.support.command_line import getuige
from tests.support.node_process import answer
from tests.support.rows import Outcome, Row, Story
from tests.support.tampered import ROWS
from tests.support.verify_sh import run

pytestmark = [pytest.mark.need("openssl", "xxd", "sha256sum", "base64", "dash")]

EACH: Final = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def each_answer() -> Iterator[Any]:
    """Yield the rows for `verify.sh`; `make test` has the first of each answer."""
    heard = set[tuple[str, ...]]()
    for row in ROWS:
        first = row.shell.says[:1]
        yield pytest.param(row, id=row.name, marks=[pytest.mark.faults] if first in heard else [])
        heard.add(first)


VERIFIER: Final = Path(__file__).parent / "verifier.mjs"
CORE: Final = Path(verifier_tables.__file__).parent / "static/core/verifier"
UNCHECKED: Final = ("time", "derived")
"""Codes of what the pages' verifier does not look at; it names both."""

Made = Callable[[Row], tuple[Path, Path]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story.build(tmp_path_factory.mktemp("tampered"))


@pytest.fixture(scope="module")
def made(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make a row once for all verifiers: none of them changes it."""
    known: dict[str, tuple[Path, Path]] = {}

    def make(row: Row) -> tuple[Path, Path]:
        if row.name not in known:
            known[row.name] = row.make(story, tmp_path_factory.mktemp("row"))
        return known[row.name]

    return make


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BarePython]:
    with BarePython.built(tmp_path_factory.mktemp("bare")) as built:
        yield built


def judge(row: Row, code: int, out: str, err: str) -> None:
    """Hold the JSON of a verdict to its row."""
    expected = row.python
    assert code == expected.code, out + err
    if code == 2:
        assert out == ""
        assert all(words in err for words in expected.says), err
        return
    claims = json.loads(out)["claims"]
    failed = {(one["code"], one["about"]) for one in claims if one["verdict"] == "failed"}
    said = {one["code"] for one in claims if one["verdict"] == ("failed" if code else "note")}
    assert set(expected.says) <= said, said
    assert bool(failed) is bool(code)
    proven = {one["about"] for one in claims if one["verdict"] == "proven"} - {""}
    assert not proven & {about for _, about in failed}, "nothing is proven about what fails"


@EACH
def test_getuige_verify_says_what_the_table_says(row: Row, made: Made) -> None:
    path, trust = made(row)
    done = getuige("verify", path, "--trust", trust, "--json")
    judge(row, done.code, done.out, done.err)


@EACH
def test_the_one_file_says_what_getuige_verify_says(row: Row, made: Made, bare: BarePython) -> None:
    path, trust = made(row)
    alone = bare.verify(path, trust, "--json")
    judge(row, alone.returncode, alone.stdout, alone.stderr)
    assert alone.stdout == getuige("verify", path, "--trust", trust, "--json").out


@EACH
@pytest.mark.need("node")
def test_the_pages_verifier_says_the_same_by_the_same_numbers(row: Row, made: Made) -> None:
    """In Node; `tests/browser/test_verifier_engines.py` puts a part to three browsers."""
    path, trust = made(row)
    told = answer(VERIFIER, {"path": str(path), "trust": str(trust)})
    done = getuige("verify", path, "--trust", trust, "--json")
    if path.is_file() or done.code == 2:
        assert told["code"] == 2
        assert path.is_dir() or "cannot be checked here" in told["error"]
        return
    ours = [one for one in json.loads(done.out)["claims"] if not one["code"].startswith(UNCHECKED)]
    for verdict in ("failed", "proven"):
        assert claims_of(told["claims"], verdict) == claims_of(ours, verdict)
    assert told["code"] == bool(claims_of(ours, "failed"))
    not_checked = {one["about"] for one in told["claims"] if one["code"] == "not-checked-here"}
    assert not_checked >= {"times", "derived"}, "where it does not look, it says so"


@EACH
def test_a_verifier_from_the_format_pages_alone_says_the_same(row: Row, made: Made) -> None:
    """It makes no CSV and no CASE file again, does not know our texts for people, and unpacks nothing."""
    path, trust = made(row)
    unseen = set(row.python.says) <= {"bag-text-foreign", "derived-differs", "derived-not-compared"}
    expected = 2 if path.suffix == ".zip" else 0 if unseen and row.python.code == 1 else row.python.code
    if expected == 2:
        with pytest.raises((UnreadableError, AssertionError, ValueError, LookupError)):
            foreign.main(path, trust)
        return
    told = foreign.main(path, trust)
    assert bool(told["failed"]) is bool(expected), told["failed"]
    steps = {step for step, _ in told["failed"]}
    assert not expected or {STEP_OF[code] for code in row.python.says} <= steps, told["failed"]
    assert any("not compared" in one for one in told["notes"]), "where it does not look, it says so"


def test_the_verifier_from_the_pages_imports_nothing_of_ours() -> None:
    found = {name for one in ("proofs.py", "verifier.py") for name in _imported(Path(foreign.__file__).with_name(one))}
    assert not {name for name in found if name.split(".")[0] in {"evidence", "server", "device_bridge", "nacl"}}
    assert {name for name in found if name.startswith("tests")} == {"tests.interop.foreign.proofs"}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def claims_of(claims: list[dict[str, Any]], verdict: str) -> set[tuple[int, str, str]]:
    return {(one["step"], one["code"], one["about"]) for one in claims if one["verdict"] == verdict}


@pytest.mark.parametrize("row", list(each_answer()))
def test_verify_sh_says_what_the_table_says(row: Row, story: Story, made: Made, tmp_path: Path) -> None:
    path, trust = made(row)
    folder = path
    if path.is_file():  # what somebody could try with a ZIP or a receipt
        folder = tmp_path / "beside"
        folder.mkdir()
        shutil.copy(story.sealed / layout.SCRIPT, folder)
        shutil.copy(path, folder)
    code, out = run(folder, trust)
    expected: Outcome = row.shell
    assert code == expected.code, out
    assert all(words in out for words in expected.says), out
    assert ("All of this holds." in out) is (code == 0)
    assert bool(re.search("^FAIL", out, re.MULTILINE)) is (code != 0)
    assert not re.search("proven|bewezen", out), "a shell proves nothing by itself"


def test_the_tables_of_the_pages_verifier_are_those_of_the_code() -> None:
    for path, text in verifier_tables.texts().items():
        assert path.read_text("utf-8") == text, "run `make docs`"
    steps = dict(re.findall(r'"([a-z-]+)": (\d+)', (CORE / "claims.js").read_text("utf-8")))
    assert {code: int(step) for code, step in steps.items() if code != "not-checked-here"}.items() <= STEP_OF.items()

"""Every verifier against one table of tampered bundles (`tests/support/tampered.py`): each row, in each column.

A verifier that finds a fault names it and proves nothing about what it is in; one that does not look says so.
"""

import json
import re
import shutil
from pathlib import Path

import pytest

from evidence.bundle.format import layout
from tests.support.bare_python import BarePython
from tests.support.command_line import getuige
from tests.support.tampered import ROWS, Outcome, Row, Story
from tests.support.verify_sh import run

pytestmark = [pytest.mark.need("openssl", "xxd", "sha256sum", "base64", "dash")]

EACH = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story.build(tmp_path_factory.mktemp("tampered"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> BarePython:
    return BarePython.build(tmp_path_factory.mktemp("bare"))


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
def test_getuige_verify_and_the_one_file_say_what_the_table_says(
    row: Row, story: Story, bare: BarePython, tmp_path: Path
) -> None:
    path, trust = row.make(story, tmp_path)
    done = getuige("verify", path, "--trust", trust, "--json")
    judge(row, done.code, done.out, done.err)
    alone = bare.verify(path, trust, "--json")
    judge(row, alone.returncode, alone.stdout, alone.stderr)
    assert alone.stdout == done.out


@EACH
def test_verify_sh_says_what_the_table_says(row: Row, story: Story, tmp_path: Path) -> None:
    path, trust = row.make(story, tmp_path)
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

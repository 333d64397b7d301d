"""`verify.sh` takes the same spellings of JSON as Python and the page do, row by row, in two shells.

Its `sed` expressions know one spelling only; what another one would hide from them is refused before they look.
"""

import base64
import json
import re
import subprocess
from pathlib import Path

import pytest

from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from tests.support.lying_server import LyingServer, team_of
from tests.support.verify_sh import function, run
from tests.support.waiting import patience
from tests.vectors import make_spellings

pytestmark = [pytest.mark.need("xxd", "dash", "bash")]

ROWS = json.loads(make_spellings.FILE.read_text(encoding="utf-8"))["spellings"]


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_shell_takes_only_what_may_be_signed(shell: str, tmp_path: Path) -> None:
    (tmp_path / "reader.sh").write_text(function("canonical"))
    for number, row in enumerate(ROWS):
        (tmp_path / str(number)).write_bytes(base64.b64decode(row["bytes"]))
    each = f"for row in $(seq 0 {len(ROWS) - 1}); do if canonical $row; then echo taken; else echo refused; fi; done"
    done = subprocess.run(
        [shell, "-c", f"LC_ALL=C; export LC_ALL; . ./reader.sh; {each}"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=patience(120),
    )  # fmt: skip
    assert done.stderr == ""
    said = dict(zip((row["name"] for row in ROWS), done.stdout.split(), strict=True))
    assert said == {row["name"]: "taken" if row["signed"] else "refused" for row in ROWS}


@pytest.mark.need("openssl", "sha256sum", "base64")
def test_a_verifier_and_the_shell_name_the_same_statements_of_a_bundle(tmp_path: Path) -> None:
    """Each row is the label of a team in a statement that the root signed and the log took."""
    server = LyingServer(tmp_path / "server")
    said = {}
    for row in ROWS:
        data = base64.b64decode(row["bytes"])
        if row["value"] and len(data) < 10_000 and (not row["signed"] or data.startswith(b'"')):
            said[server.say(team_of(server.root, data))] = row
    assert {row["signed"] for row in said.values()} == {True, False}
    folder = server.bundle(tmp_path / "out")
    refused = {layout.event(index) for index, row in said.items() if not row["signed"]}
    report = verify(folder, trust.load(server.trust, folder))
    assert {claim.about for claim in report.failed if claim.code != "export-manifest-differs"} == refused
    code, words = run(folder, server.trust)
    assert code == 1
    named = re.findall(r"^FAIL  (\S+) is not in the one spelling that is signed$", words, re.MULTILINE)
    assert set(named) == refused
    assert len(re.findall("^FAIL", words, re.MULTILINE)) == len(refused), "and nothing else is wrong"

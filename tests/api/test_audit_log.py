"""`getuige audit-log` against a log over real HTTP and in a folder: verdicts, exit codes, memory, a split view."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import KeyType, generate_key
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from server.cli import commands
from tests.support import rfc6962
from tests.support.heads import MemoryHeadStore
from tests.support.ports import free_port
from tests.support.published_folder import published
from tests.support.server_world import World
from tests.support.waiting import patience, until
from tests.support.witness_world import GETUIGE

LOG = generate_key("log.example")
WITNESS = generate_key("w.example", KeyType.COSIGNATURE_V1)
LEAVES = [b"leaf %d" % number for number in range(600)]
FORK = [*LEAVES[:5], b"another leaf", *LEAVES[6:]]


class Auditor:
    """A log that an operator may rewrite, with a witness that colludes, and an auditor with a memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.policy = folder / "policy"
        self.policy.write_text(f"log {LOG.vkey}\nwitness W {WITNESS.vkey}\nquorum W\n")
        self.state = folder / "state"

    def show(self, leaves: list[bytes]) -> None:
        """Publish this history from now on, whatever was published before."""
        shutil.rmtree(self.log, ignore_errors=True)
        shutil.rmtree(self.folder / "witness", ignore_errors=True)
        witness = Witness(WITNESS, FileWitnessState(self.folder / "witness"), [LOG.verifier])
        Integrator(self.log, LOG, MemoryHeadStore(), [witness], clock=lambda: datetime.now(UTC)).integrate(leaves)

    def arguments(self, where: str) -> list[str]:
        return ["audit-log", where, "--policy", str(self.policy), "--state", str(self.state)]

    def run(self, where: str, *more: str) -> Result:
        done = CliRunner().invoke(commands, [*self.arguments(where), *more])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done

    def audit(self, where: str, exit_code: int, *more: str) -> dict[str, str]:
        """Audit; return claim → verdict."""
        report = self.report(where, exit_code, *more)
        return {one["claim"]: one["verdict"] for one in report["claims"]}

    def report(self, where: str, exit_code: int, *more: str) -> Any:  # noqa: ANN401 - JSON
        done = self.run(where, "--json", *more)
        assert done.exit_code == exit_code, done.stderr + done.stdout
        said = done.stdout[done.stdout.index("{\n") :]  # a server in this process logs before it, or after
        report, _ = json.JSONDecoder().raw_decode(said)
        assert report["passed"] == (exit_code == 0)
        return report


@pytest.fixture(name="auditor")
def make_auditor(tmp_path: Path) -> Auditor:
    return Auditor(tmp_path)


def test_over_http_from_first_look_to_split_view(auditor: Auditor) -> None:
    auditor.show(LEAVES[:300])
    with published(auditor.log, busy=3) as url:
        assert auditor.audit(url, 0) == {"head": "holds", "growth": "first-look", "tree": "holds"}
        auditor.show(LEAVES)
        assert auditor.audit(url, 0) == {"head": "holds", "growth": "holds", "tree": "holds"}

        auditor.show(FORK)
        report = auditor.report(url, 1)
        assert report["claims"][1]["verdict"] == "split-view"
        # Both heads are kept, each signed by the log: the proof of the fork.
        remembered, refused = sorted(auditor.state.iterdir(), key=lambda path: len(path.name))
        assert str(refused) == report["kept"]
        heads = [SignedCheckpoint.parse(path.read_bytes()) for path in (remembered, refused)]
        assert all(LOG.verifier.verify_note(one.note) for one in heads)
        assert [one.checkpoint.root for one in heads] == [rfc6962.mth(LEAVES), rfc6962.mth(FORK)]

        auditor.show(LEAVES[:500])
        assert auditor.audit(url, 1)["growth"] == "roll-back"
        auditor.show(LEAVES)
        assert auditor.audit(url, 0)["growth"] == "holds"


def test_a_folder_and_a_head_on_the_command_line(auditor: Auditor) -> None:
    auditor.show(LEAVES)
    where = str(auditor.log)
    for leaves, verdict in ((LEAVES, "holds"), (FORK, "split-view")):
        head = ("--from", "400", "--root", rfc6962.mth(leaves[:400]).hex())
        assert auditor.audit(where, verdict != "holds", *head)["growth"] == verdict
    assert not auditor.state.exists()
    for bad in (("--from", "400"), ("--root", "00" * 32), ("--from", "400", "--root", "xyz")):
        assert auditor.run(where, *bad).exit_code == 2


def test_it_speaks_to_people(auditor: Auditor) -> None:
    auditor.show(LEAVES)
    dutch = auditor.run(str(auditor.log))
    assert dutch.exit_code == 0, dutch.stderr
    assert "Alle 600 regels zijn er" in dutch.stdout
    auditor.show(FORK)
    english = auditor.run(str(auditor.log), "--lang", "en")
    assert english.exit_code == 1
    assert "SPLIT VIEW" in english.stdout
    assert str(auditor.state) in english.stdout


def test_what_cannot_be_read_is_exit_code_2(auditor: Auditor) -> None:
    assert auditor.run(f"http://127.0.0.1:{free_port()}").exit_code == 2
    assert auditor.run(str(auditor.folder / "nothing")).exit_code == 2
    auditor.show(LEAVES)
    assert auditor.run(str(auditor.log)).exit_code == 0
    (memory,) = auditor.state.iterdir()
    memory.write_text("damaged")
    damaged = auditor.run(str(auditor.log))
    assert (damaged.exit_code, memory.read_text()) == (2, "damaged"), "a damaged memory is not begun anew"
    auditor.policy.write_text("hello\n")
    assert auditor.run(str(auditor.log)).exit_code == 2


def test_the_log_of_a_running_server(world: World, auditor: Auditor) -> None:
    shutil.copy(world.settings.data / "trust" / "policy", auditor.policy)
    until(lambda: httpx.get(f"{world.url}/log/checkpoint").status_code == 200, "the first head is published")
    for verdict in ("first-look", "holds"):
        found = auditor.audit(f"{world.url}/log", 0)
        assert found == {"head": "holds", "growth": verdict, "tree": "holds"}
        world.open_case()
    command = [GETUIGE, *auditor.arguments(f"{world.url}/log")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience(60), check=False)
    assert (done.returncode, done.stdout.count("klopt"), done.stderr) == (0, 3, "")

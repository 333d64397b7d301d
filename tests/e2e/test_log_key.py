"""Her phone, the staff and an auditor through a rotation of the log's key, by the commands that people type.

One server with a witness that is somebody else's process: it cosigns the next log only once its operator knows the key.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from evidence import keys
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.custody.log.note import NoteVerifier
from evidence.custody.log.note_key import load_or_create_key
from server.cli import commands
from server.clients import phone_folder
from server.clients.errors import DistrustError
from server.clients.phone_folder import open_phone
from server.layout import Layout
from server.witness.folder import WitnessFolder
from tests.support.incidents import incident
from tests.support.phone_owner import new_case, prove
from tests.support.ports import free_port
from tests.support.server_world import Person, World, running, settings_in
from tests.support.witness_world import running as running_witness

PHRASE = "bado kemi luro sita povu nezi"
CHEAP = keys.Kdf.fresh(keys.MIN_OPSLIMIT, keys.MIN_MEMLIMIT)
"""The tests are not about how long a phrase holds."""


class Desk:
    """The operator's and the auditor's commands, at one data folder."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.trust = world.settings.data / "trust"
        (folder / "root.json").write_bytes(keys.lock(world.root.identity, "root", PHRASE, CHEAP).to_bytes())
        (folder / "phrase.txt").write_text(f"{PHRASE}\n")
        settings = world.settings
        self.restart_witness: Callable[[list[NoteVerifier]], None] = lambda _: None
        """Have the witness's operator use this list of logs."""

        self.env = {"GETUIGE_DATA": str(settings.data), "GETUIGE_WITNESS": settings.witness}

    def run(self, *arguments: str, exit_code: int = 0) -> str:
        done = CliRunner(env=self.env).invoke(commands, arguments)
        assert done.exit_code == exit_code, (done.output, done.exception)
        return done.output if exit_code == 0 else f"{done.output}{done.exception}"

    def rotate(self, exit_code: int = 0) -> str:
        locked = ("--root-key", str(self.folder / "root.json"), "--phrase-file", str(self.folder / "phrase.txt"))
        return self.run("log", "rotate", *locked, exit_code=exit_code)

    def audit(self, path: str, trusted: Path | None = None) -> dict[str, str]:
        where = f"{self.world.url}{path}"
        options = ("--trust", str(trusted or self.trust), "--state", str(self.folder / "audits"), "--json")
        report: Any = json.loads(self.run("audit-log", where, *options))
        return {one["claim"]: one["verdict"] for one in report["claims"]}


@pytest.fixture(name="desk")
def make_desk(tmp_path: Path) -> Iterator[Desk]:
    """A server whose only witness is a process that knows the first log, and no other."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # the server's lines would be the commands'
    settings = settings_in(tmp_path / "data", witness=str(tmp_path / "policy"))
    log = load_or_create_key(Layout(settings.data).log_key, settings.log_origin)
    port = free_port()
    home = WitnessFolder(tmp_path / "witness")
    witness = home.create("w.example").verifier
    (tmp_path / "policy").write_text(f"witness W {witness.vkey} http://127.0.0.1:{port}\nquorum W\n")
    with ExitStack() as stack:
        stopping = stack.enter_context(ExitStack())
        stopping.enter_context(running_witness(tmp_path / "witness", [log.verifier], port=port))
        root = stack.enter_context(running(settings))
        desk = Desk(World(settings, Person(settings.public_url, identity=root)), tmp_path)

        def restart(logs: list[NoteVerifier]) -> None:
            stopping.close()
            stopping.enter_context(running_witness(tmp_path / "witness", logs, port=port))

        desk.restart_witness = restart
        yield desk


def test_everyone_follows_the_root_into_the_next_log(desk: Desk, tmp_path: Path) -> None:
    with new_case(desk.world) as her:
        folder = her.enrol(tmp_path / "phone")
        add(folder, "Voor de deur")
        old_trust = shutil.copytree(desk.trust, tmp_path / "old-trust")
        assert desk.audit("/log") == {"head": "holds", "growth": "first-look", "tree": "holds"}
        assert "Nothing was changed" in desk.run("log", "rotate", "--dry-run")

        new_key = NoteVerifier.parse(desk.run("log", "prepare").split()[-1])
        assert "too few witnesses cosign" in desk.rotate(exit_code=1)
        assert len(desk.run("log", "list").splitlines()) == 2, "one log, in two lines: nothing was ended"

        old_key = her.pins.line.current.key
        desk.restart_witness([old_key, new_key])
        assert f"{old_key.name} ended with" in desk.rotate()
        add(folder, "Na de wissel")
        her.vault.items()
        assert {path.name for path in folder.glob("rotations.json")} == {"rotations.json"}
        seen = json.loads((folder / "seen.json").read_bytes())
        assert seen["log"] == new_key.name
        add(folder, "Met het nieuwe logboek gezien")

        receipts = sorted((folder / "receipts").glob("*.json"))
        assert len(receipts) == 4
        for receipt in receipts:
            assert verify(receipt, trust.load(desk.trust)).exit_code == 0
        by_old_anchors = [verify(receipt, trust.load(old_trust)).exit_code for receipt in receipts]
        assert sorted(by_old_anchors) == [0, 0, 1, 1], "who was not told of the next log does not believe it"

        # The witness takes the old key off its list: the old log stays what it was, and a thief gets no cosignature.
        desk.restart_witness([new_key])
        add(folder, "Zonder de oude sleutel")
        assert desk.audit("/log") == {"head": "holds", "growth": "holds", "tree": "holds", "handover": "ended"}
        assert desk.audit("/logs/2")["handover"] == "holds"
        assert "goes on" in desk.run("log", "list")

        with new_case(desk.world) as another:
            add(another.enrol(tmp_path / "new phone"), "Een nieuwe telefoon")
        with pytest.raises(DistrustError, match="not the one of the invitation"):
            phone_folder.enrol(tmp_path / "late", her.invitation)


def add(folder: Path, title: str) -> None:
    """Add an incident on the phone, and wait until the log proves all that it has."""
    with open_phone(folder) as phone:
        phone.add(incident(title))
        phone.sync()
        prove(phone)

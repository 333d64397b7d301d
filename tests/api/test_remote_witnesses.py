"""A server whose witnesses are processes of others: quorum 2 of 3, with one dead, one that hangs, and one that lies."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from evidence import ids
from evidence.custody.log.note import generate_key
from evidence.custody.log.note_key import load_or_create_key
from evidence.custody.witnessing.policy import Policy, VerifiedCheckpoint
from evidence.statements import bodies
from server.layout import Layout
from server.log.witnesses import Witnesses
from server.settings import Settings, SettingsError, StandInError
from tests.support import server_world
from tests.support.server_world import Person
from tests.support.waiting import until
from tests.support.witness_world import RunningWitness
from tests.support.witness_world import running as running_witness

NAMES = ("filomena", "police", "zvhrr")
ALL = set(NAMES)
QUORUM = f"group independent 2 {' '.join(NAMES)}\nquorum independent\n"


class Organisation:
    """A running server, its root, and three witness processes."""

    def __init__(self, settings: Settings, root: Person, witnesses: dict[str, RunningWitness]) -> None:
        self.root = root
        self.url = settings.public_url
        self.witnesses = witnesses
        self.policy = Policy.parse((settings.data / "trust" / "policy").read_text())

    def add(self, count: int) -> None:
        """Have events recorded, each with its receipt."""
        for _ in range(count):
            self.root.act("team.open", bodies.TeamOpen(ids.TeamId(ids.new_id()), "Team"))

    def head(self) -> VerifiedCheckpoint:
        """Return the published head, as readers believe it."""
        return self.policy.verify(httpx.get(f"{self.url}/log/checkpoint").content)

    def until_cosigned(self, size: int, names: set[str]) -> None:
        until(lambda: httpx.get(f"{self.url}/log/checkpoint").status_code == 200, "the first head is published")
        until(
            lambda: (head := self.head()).size >= size and {one.witness for one in head.cosigned} == names,
            f"{size} entries are cosigned by {sorted(names)}",
        )


@pytest.fixture
def organisation(tmp_path: Path) -> Iterator[Organisation]:
    settings = server_world.settings_in(tmp_path / "data", witness=str(tmp_path / "policy"))
    log = load_or_create_key(Layout(settings.data).log_key, settings.log_origin)
    with ExitStack() as stack:
        witnesses = {
            name: stack.enter_context(running_witness(tmp_path / name, [log.verifier], f"{name}.example"))
            for name in NAMES
        }
        lines = [f"witness {name} {one.verifier.vkey} {one.url}\n" for name, one in witnesses.items()]
        (tmp_path / "policy").write_text("".join(lines) + QUORUM)
        root = stack.enter_context(server_world.running(settings))
        yield Organisation(settings, Person(settings.public_url, identity=root), witnesses)


def test_receipts_never_wait_and_readers_never_meet_a_head_without_its_quorum(organisation: Organisation) -> None:
    organisation.until_cosigned(2, ALL)
    _, police, zvhrr = organisation.witnesses.values()

    os.kill(zvhrr.process.pid, signal.SIGSTOP)  # hangs: connections are taken and never answered
    try:
        organisation.add(3)
        organisation.until_cosigned(5, {"filomena", "police"})
        police.kill()
        organisation.add(3)
        # One of three is left: receipts come before any head has its quorum; readers believe the published one.
        assert {one.witness for one in organisation.head().cosigned} >= {"filomena", "police"}
        assert organisation.head().size < 8
    finally:
        os.kill(zvhrr.process.pid, signal.SIGCONT)
    organisation.until_cosigned(8, {"filomena", "zvhrr"})
    log = httpx.get(f"{organisation.url}/health/ready")
    assert log.status_code == 200, log.text


def settings_with(folder: Path, policy: str, **more: str) -> Settings:
    (folder / "policy").write_text(policy)
    return Settings.model_validate({"data": folder / "data", "witness": str(folder / "policy"), **more})


LOG = generate_key("log.example")
KEY = "w.example+d586dc66+BIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
WITNESS = f"witness A {KEY.replace('w.example', 'witness.example/one')}"

UNUSABLE = {
    "no policy at all": ("hello\n", "line 1"),
    "no address": (f"{WITNESS}\nquorum A\n", "nobody can be asked"),
    "an address that is none": (f"{WITNESS} w.example\nquorum A\n", "no http:// or https://"),
    "another address that is none": (f"{WITNESS} http://[\nquorum A\n", "no http:// or https://"),
    "other logs": (f"log {generate_key('other.example').vkey}\n{WITNESS} http://w\nquorum A\n", "names other logs"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_policy_that_cannot_be_used_is_said_at_the_start(name: str, tmp_path: Path) -> None:
    text, words = UNUSABLE[name]
    settings = settings_with(tmp_path, text)
    with pytest.raises(SettingsError, match=words):
        Witnesses(settings, Layout(settings.data), [LOG.verifier])


def test_a_policy_file_that_is_not_there(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data": tmp_path, "witness": str(tmp_path / "none")})
    with pytest.raises(SettingsError, match="cannot be read"):
        Witnesses(settings, Layout(settings.data), [LOG.verifier])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{WITNESS} http://witness.example\nquorum A\n", "plain http to witness A"),
        (f"{WITNESS} https://witness.example\nquorum none\n", "quorum none"),
    ],
)
def test_production_wants_a_quorum_over_https(text: str, words: str, tmp_path: Path) -> None:
    settings = settings_with(tmp_path, text, mode="production")
    with pytest.raises(StandInError, match=words):
        Witnesses(settings, Layout(settings.data), [LOG.verifier])
    Witnesses(settings_with(tmp_path, text), Layout(settings.data), [LOG.verifier]).close()

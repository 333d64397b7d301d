"""Every command with what goes wrong at a prompt: one to three lines, an exit code, and no traceback.

The commands and their options are read from the app itself, so that a new one is tried too.
"""

import io
import os
import signal
import sys
from collections.abc import Iterator
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from evidence.keys import MIN_MEMLIMIT, MIN_OPSLIMIT, Kdf
from server import cli
from server.clients import locked
from server.founding import found
from server.settings import Settings

PHRASE = "bado kemi supo ralo tiva neku"
TEXTS = {"url": "http://127.0.0.1:9", "kind": "huisverbod", "first": "2026-11-01", "until": "2026-11-21"}
UNFORESEEN = "this should not have happened"
SERVES = {"run", "demo", "bridge", "broker", "alarm-centre"}
"""Commands that make what is missing and then run until they are stopped: tried only where nothing can be made."""

MAKES = {"staff key", "vault create", "device new", "bridge key", "migrate", "doctor"}
"""Commands that are right to succeed on an empty place, or to say more than three lines about it (`doctor`)."""


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's own click
    inner = getattr(command, "commands", None) or {}
    for name, one in inner.items():
        yield from _leaves(one, (*path, name))
    if not inner or command.invoke_without_command:
        yield " ".join(path), command


APP = get_command(cli.build_app())
COMMANDS = dict(_leaves(APP))
REMOTE = {name for name, one in COMMANDS.items() if any(each.name == "url" for each in one.params)}


def _value(parameter: Any, path: str, organisation: Path) -> str | None:  # noqa: ANN401 - typer's own click
    kind, name = parameter.type_descriptor.annotation, parameter.name
    if name == "phrase_file":
        return str(organisation / "phrase")
    if kind is Path or "Path" in str(kind):
        return path
    if parameter.required or getattr(parameter, "prompt", None):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return str(next(iter(kind)).value)
        return "1" if kind in {int, float} else TEXTS.get(name, "ab" * 16)
    return TEXTS[name] if name == "url" else None


def _arguments(name: str, path: str, organisation: Path) -> list[str]:
    made = name.split()
    for parameter in COMMANDS[name].params:
        if parameter.name == "help":
            continue
        value = _value(parameter, path, organisation)
        if value is None:
            continue
        values = [value] * max(1, parameter.nargs)
        if parameter.nargs == 2:
            values = ["ab" * 32] * 2
        made += values if parameter.opts[0][0] != "-" else [parameter.opts[0], *values]
    return made


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A founded folder, a key that opens, and its phrase."""
    folder = tmp_path_factory.mktemp("organisation")
    with pytest.MonkeyPatch.context() as cheap:
        cheap.setattr(Kdf, "fresh", partial(Kdf.fresh, opslimit=MIN_OPSLIMIT, memlimit=MIN_MEMLIMIT))
        root = locked.create(folder / "root.key", "root", PHRASE)
    found(Settings(data=folder / "data"), root, "Test")
    (folder / "phrase").write_text(PHRASE)
    return folder


@pytest.fixture
def calm() -> Iterator[None]:
    """A command may take signals for itself, and change the log."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    hook = sys.excepthook
    yield
    sys.excepthook = hook
    for number, handler in kept.items():
        signal.signal(number, handler)


def _told(arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["getuige", *arguments])
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(SystemExit) as ended:
        cli.carry_out(APP)
    said = capfd.readouterr()
    code = ended.value.code
    return (code if isinstance(code, int) else 0 if code is None else 1), said.out + said.err


def _check(name: str, code: int, said: str) -> None:
    assert "Traceback" not in said
    assert UNFORESEEN not in said, said
    if name in MAKES and code == 0:
        return
    assert code != 0, said
    lines = [line for line in said.splitlines() if line.strip(" ─│╭╮╰╯")]
    usage = any(line.startswith("Usage:") for line in lines)
    assert 1 <= len(lines) <= (7 if usage else 3 if name != "doctor" else 99), said


def _tries() -> Iterator[tuple[str, str]]:
    for name in sorted(COMMANDS):
        yield name, "binary"
        if name not in REMOTE:
            yield name, "/proc/nowhere/x"
        if name not in REMOTE | SERVES:  # those would make the place, and serve
            yield from ((name, "missing"), (name, "folder"))


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize(("name", "place"), list(_tries()))
def test_a_hostile_place(
    place: str,
    name: str,
    tmp_path: Path,
    organisation: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "binary").write_bytes(os.urandom(300))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "root.pub").write_bytes(os.urandom(300))
    path = place if place.startswith("/") else str(tmp_path / place)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for variable in ("GETUIGE_DATA", "GETUIGE_BRIDGE_DATA"):
        monkeypatch.setenv(variable, path)
    code, said = _told(_arguments(name, path, organisation), monkeypatch, capfd)
    _check(name, code, said)


KEYS = {"key": "root.key", "root_key": "root.key", "trust": "data/trust"}


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize("name", sorted(REMOTE))
def test_a_server_that_is_not_there(
    name: str,
    tmp_path: Path,
    organisation: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    arguments = _arguments(name, str(tmp_path / "missing"), organisation)
    for parameter in COMMANDS[name].params:
        if parameter.name in KEYS:
            arguments[arguments.index(parameter.opts[0]) + 1] = str(organisation / KEYS[parameter.name])
    code, said = _told(arguments, monkeypatch, capfd)
    _check(name, code, said)
    assert "127.0.0.1:9" in said or code == 2, said

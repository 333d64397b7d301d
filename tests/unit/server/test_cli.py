"""The `getuige` command is put together from what packages contribute, and says what it is.

An error that is meant for a human becomes a sentence without a traceback.
"""

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from evidence.envelope.conduct import TAGS
from evidence.store.database.engine import open_engine
from server import cli
from server.errors import ServerError
from tests.support.waiting import patience

RUNNER = CliRunner()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "getuige"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=patience(60), env=environment, check=False)


def test_each_package_contributes_through_an_entry_point() -> None:
    assert {point.value for point in entry_points(group=cli.GROUP)} == {
        "server.cli:commands",
        "device_bridge.cli:commands",
    }


def test_help_lists_the_commands() -> None:
    done = run("--help")
    assert done.returncode == 0, done.stderr
    assert "doctor" in done.stdout


HEAVY = (
    "fastapi",
    "starlette",
    "sqlalchemy",
    "alembic",
    "boto3",
    "PIL",
    "httpx",
    "pydantic",
    "pydantic_settings",
    "structlog",
    "rich",
    "markdown_it",
)
"""What a command imports when it runs; a help text needs none of them."""


EVERY = sorted(get_command(cli.build_app()).commands)  # type: ignore[attr-defined] # a group
AFTERWARDS = """
import os, sys
for words in sys.argv[1:]:
    if os.fork():
        assert os.wait()[1] == 0, words
        continue
    sys.argv = ["getuige", *words.split()]
    from server import cli
    try:
        cli.main()
    except SystemExit:
        print("imported", words, *sys.modules, file=sys.stderr, flush=True)
    os._exit(0)
"""


def imported(*command_lines: str) -> dict[str, set[str]]:
    """Return the modules that are there after each of these command lines, each of which ends by itself."""
    command = [sys.executable, "-c", AFTERWARDS, *command_lines]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.count("Usage") == sum("--help" in one for one in command_lines)
    rows = [line.split() for line in ended.stderr.splitlines() if line.startswith("imported ")]
    count = [len(one.split()) for one in command_lines]
    return {" ".join(row[1 : 1 + n]): set(row[1 + n :]) for row, n in zip(rows, count, strict=True)}


def test_a_help_text_imports_nothing_heavy() -> None:
    found = imported("--version", "--help", *(f"{one} --help" for one in EVERY), "staff caseworker --help")
    assert {words: heavy for words, modules in found.items() if (heavy := modules & set(HEAVY))} == {}


def test_a_command_imports_no_other_command() -> None:
    found = imported("verify --help", "backup --help", "bridge --help")
    modules = {words: {one for one in names if one.split(".")[1:2] == ["cli"]} for words, names in found.items()}
    assert modules["verify --help"] == {"server.cli", "server.cli.verify"}
    assert "server.cli.storage" in modules["backup --help"]
    assert {"server.cli.phone", "server.cli.staff", "device_bridge.cli"}.isdisjoint(modules["backup --help"])
    assert {one for one in modules["bridge --help"] if one.startswith("server.cli.")} == set()


STARTED = {
    "phone status": {"fastapi", "starlette", "sqlalchemy", "segno"},
    "verify here --trust .": {"fastapi", "starlette", "sqlalchemy", "httpx", "structlog"},
    "open here --trust . --key here --out there": {"fastapi", "starlette", "sqlalchemy"},
    "migrate": {"fastapi", "starlette", "httpx"},
    "storage status": {"fastapi", "starlette", "alembic", "httpx"},
    "log list": {"fastapi", "starlette", "alembic"},
    "bridge key": {"fastapi", "starlette", "sqlalchemy", "httpx"},
    "witness": {"fastapi", "sqlalchemy", "httpx"},
}
"""What each of these does not import, also when it works or refuses: its start is what one waits for at a terminal."""


def test_a_command_that_works_imports_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is at the newest step, as it is at nearly every start: nothing asks for the steps then."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GETUIGE_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    (tmp_path / "here").write_text("no bundle and no key")
    open_engine(f"sqlite:///{tmp_path / 'data' / 'getuige.db'}").dispose()
    found = imported(*STARTED)
    assert {words: heavy for words, modules in found.items() if (heavy := modules & STARTED[words])} == {}


@pytest.mark.parametrize("word", EVERY)
def test_each_command_is_found_by_its_first_word_alone(word: str) -> None:
    found = get_command(cli.app_for([word])).commands  # type: ignore[attr-defined] # a group
    assert word in found
    if word not in {"bridge", "broker", "device", "alarms", "alarm-centre"}:
        assert len(found) < len(EVERY) / 3


def test_a_fault_that_nobody_foresaw_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "from server import cli; cli.build_app = lambda: lambda: 1 // 0; cli.main()"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == cli.EXIT_REFUSED
    assert "this should not have happened (ZeroDivisionError, <string>:1)" in ended.stderr
    assert "Traceback" not in ended.stderr
    monkeypatch.setenv(cli.TRACEBACK, "1")
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "Traceback" in shown.stderr


def test_version() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("getuige ")


def test_an_unknown_command_is_a_wrong_command_line() -> None:
    assert run("no-such-command").returncode == 2


def test_a_wrong_setting_is_one_sentence_without_traceback() -> None:
    done = run("doctor", GETUIGE_PORT="many")
    assert done.returncode == cli.EXIT_REFUSED
    assert "GETUIGE_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_adding_names_the_tags_that_the_pages_have_a_word_for() -> None:
    shown = run("phone", "add", "--help").stdout
    assert [tag for tag in TAGS if not re.search(rf"\b{tag}\b", shown)] == []


def test_a_command_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "COMMANDS", ("no_such_module", "doctor"))
    assert RUNNER.invoke(cli._server_commands(), ["--help"]).exit_code == 0


def test_a_command_that_lacks_a_package_is_not_hidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import a_package_that_does_not_exist\n")
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    monkeypatch.setattr(cli, "COMMANDS", ("broken",))
    with pytest.raises(ModuleNotFoundError, match="a_package_that_does_not_exist"):
        cli._server_commands()


def test_brackets_in_an_error_are_no_markup(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer()

    @app.command()
    def refuse() -> None:
        raise ServerError("the file [red]x[/red] is gone")

    monkeypatch.setattr(cli, "build_app", lambda: app)
    monkeypatch.setattr(sys, "argv", ["getuige"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == cli.EXIT_REFUSED
    assert "[red]x[/red]" in capsys.readouterr().err

"""The README check finds a make target, a command, an option or a link that does not exist, and nothing else."""

import typer
import typer.main
from typer.core import TyperGroup

from infra.toolchain import readme


def group() -> TyperGroup:
    app = typer.Typer()
    inner = typer.Typer()

    @inner.command()
    def enrol(link: str, name: str = "") -> None: ...

    @app.command()
    def verify(bundle: str, *, offline: bool = False) -> None: ...

    app.add_typer(inner, name="phone")
    inner.callback()(lambda: None)
    found = typer.main.get_command(app)
    assert isinstance(found, TyperGroup)
    return found


def test_command_lines() -> None:
    text = "```sh\n$ DATA=x make run  # why\ngetuige verify \\\n  b.zip\n```\n\n```python\nmake nothing\n```\n"
    assert list(readme.command_lines(text)) == [["make", "run"], ["getuige", "verify", "b.zip"]]


def test_make_targets() -> None:
    assert not list(readme.wrong_make(["make", "run", "DATA=./x", "-j2"], {"run"}))
    assert list(readme.wrong_make(["make", "fly"], {"run"})) == ["make has no target 'fly': make fly"]


def test_commands_and_options() -> None:
    root = group()
    assert not list(readme.wrong_getuige(["getuige", "verify", "x.zip", "--offline"], root))
    assert not list(readme.wrong_getuige(["getuige", "phone", "enrol", "link", "--name=x", "--help"], root))
    assert len(list(readme.wrong_getuige(["getuige", "verify", "--online"], root))) == 1
    assert len(list(readme.wrong_getuige(["getuige", "fly"], root))) == 1
    assert len(list(readme.wrong_getuige(["getuige", "phone", "fly"], root))) == 1


def test_links() -> None:
    text = "[a](Makefile) [b](https://getuige.test) [c](docs/none.md#x) [d](#here) ![e](none.png)"
    assert [line.split()[3] for line in readme.wrong_links(text)] == ["docs/none.md", "none.png"]

"""The `getuige` command: one typer app, put together from what each package contributes.

Entry points of the group `getuige.commands` (pyproject.toml) name one typer app a package, so that `server` and
`device_bridge` share a command without importing each other. To add a command to `server`: a module in this
folder with `def register(app: typer.Typer) -> None`, and its name in `COMMANDS`.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

from evidence.errors import EvidenceError
from server.clients.errors import ClientError
from server.errors import ServerError

COMMANDS: Final = (
    "run",
    "demo",
    "serve",
    "witness",
    "phone",
    "vault",
    "staff",
    "export",
    "verify",
    "audit_log",
    "log",
    "migrate",
    "storage",
    "open",
    "dossier",
    "doctor",
)
"""Modules of this folder, in the order in which `getuige --help` shows them."""

BESIDE: Final = {"found": "serve", "backup": "storage", "restore": "storage", "scrub": "storage"}
"""Commands that stand in the module of another one."""

GROUP: Final = "getuige.commands"
"""The entry point group through which a package contributes its commands."""

EXIT_REFUSED: Final = 1
"""The command understood the request and could not or would not do it; 2 is a wrong command line (click)."""

TRACEBACK: Final = "GETUIGE_TRACEBACK"
"""With this variable set an error that nobody foresaw is shown with its traceback, for developers."""

HELP_COLUMNS: Final = 120
"""A help text is as wide as the terminal, up to this."""

HELP: Final = """Getuige (Dutch for witness): end-to-end encrypted evidence, and panic alarms that are not lost.

`getuige run` shows all of it on this machine; `getuige doctor` says what is missing and how to mend it.
Settings come from environment variables that begin with GETUIGE_.
"""


def _new_app() -> typer.Typer:
    # A traceback with local variables would print keys and pass phrases.
    return typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,  # plain text: to read and lay out Markdown costs a help text a third of its time
        pretty_exceptions_show_locals=False,
    )


def _server_commands(only: str | None = None) -> typer.Typer:
    app = _new_app()
    for name in COMMANDS if only is None else (only,):
        module = f"{__name__}.{name}"
        try:
            found = import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            continue  # an installation may leave a command out (the demonstration, for instance)
        found.register(app)
    return app


def __getattr__(name: str) -> typer.Typer:
    """Return `commands`, what `server` contributes to the `getuige` command, when somebody asks for all of it."""
    if name != "commands":
        raise AttributeError(name)
    return _server_commands()


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"getuige {version('getuige')}")
        raise typer.Exit


def build_app() -> typer.Typer:
    """Return the whole `getuige` app: every command of every installed package that contributes some."""
    return _put_together([_server_commands(), *_contributions()])


def app_for(words: Sequence[str]) -> typer.Typer:
    """Return the app with the command that these words begin with, or with all of them when no command does.

    To import every other command takes longer than many a one that is asked for.
    """
    word = words[0] if words else ""
    if word == "--version":
        return _put_together([])
    module = BESIDE.get(word, word.replace("-", "_"))
    ours = [_server_commands(module)] if module in COMMANDS else []
    others = [] if ours or not word or word.startswith("-") else _contributions()
    found = [one for one in (*ours, *others) if _has(one, word)]
    return _put_together(found) if found else build_app()


def _has(app: typer.Typer, word: str) -> bool:
    names = {one.name or _spelt(one.callback) for one in app.registered_commands}
    return word in names | {one.name for one in app.registered_groups}


def _spelt(function: Callable[..., object] | None) -> str:
    """Return the name that typer gives a command without one."""
    return "" if function is None else function.__name__.lower().replace("_", "-")


def _contributions() -> Iterator[typer.Typer]:
    """Yield what the other installed packages contribute."""
    for contribution in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if contribution.value == f"{__name__}:commands":
            continue
        try:
            yield contribution.load()
        except ModuleNotFoundError as error:
            if error.name != contribution.module:
                raise


def _put_together(contributions: Iterable[typer.Typer]) -> typer.Typer:
    app = _new_app()

    @app.callback(help=HELP)
    def _root(
        _version: Annotated[
            bool,
            typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop."),
        ] = False,
    ) -> None: ...

    for contribution in contributions:
        app.add_typer(contribution)
    settings = {"max_content_width": HELP_COLUMNS, "default_map": _not_asked_for_help(app)}
    app.info.context_settings = settings
    return app


def _not_asked_for_help(app: typer.Typer) -> dict[str, Any]:
    """Return that nobody asked for help, for each group: typer would import pydantic to find out what nothing means."""
    found: dict[str, Any] = {"help": False}
    for group in app.registered_groups:
        inner = {} if group.typer_instance is None else _not_asked_for_help(group.typer_instance)
        found |= {str(group.name): inner} if group.name else inner
    return found


def main() -> None:
    """Run the `getuige` command."""
    carry_out(app_for(sys.argv[1:]))


def carry_out(app: Callable[[], object]) -> None:
    """Run the app with the words of this process; an error that is meant for a human is printed without a traceback."""
    try:
        app()
    except (EvidenceError, ServerError, ClientError) as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error))
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        _refuse(
            f"this should not have happened ({type(error).__name__}, {Path(last.filename).name}:{last.lineno})."
            f" What was stored is safe. With {TRACEBACK}=1 the same command tells a developer more."
        )


def _refuse(text: str) -> NoReturn:
    typer.secho("getuige: ", fg="red", bold=True, nl=False, err=True)
    typer.echo(text, err=True)
    sys.exit(EXIT_REFUSED)

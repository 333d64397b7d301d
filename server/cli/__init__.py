"""The `getuige` command: one typer app, put together from what each package contributes.

Entry points of the group `getuige.commands` (pyproject.toml) name one typer app a package, so that `server` and
`device_bridge` share a command without importing each other. To add a command to `server`: a module in this
folder with `def register(app: typer.Typer) -> None`, and its name in `COMMANDS`.
"""

import os
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Annotated, Final, NoReturn

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
    "doctor",
)
"""Modules of this folder, in the order in which `getuige --help` shows them."""

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
        context_settings={"max_content_width": HELP_COLUMNS},
        pretty_exceptions_show_locals=False,
    )


def _server_commands() -> typer.Typer:
    app = _new_app()
    for name in COMMANDS:
        module = f"{__name__}.{name}"
        try:
            found = import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            continue  # an installation may leave a command out (the demonstration, for instance)
        found.register(app)
    return app


commands: Final = _server_commands()
"""What `server` contributes to the `getuige` command."""


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"getuige {version('getuige')}")
        raise typer.Exit


def build_app() -> typer.Typer:
    """Return the whole `getuige` app: every command of every installed package that contributes some."""
    app = _new_app()

    @app.callback(help=HELP)
    def _root(
        _version: Annotated[
            bool,
            typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop."),
        ] = False,
    ) -> None: ...

    app.add_typer(commands)
    for contribution in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if contribution.value == f"{__name__}:commands":
            continue
        try:
            app.add_typer(contribution.load())
        except ModuleNotFoundError as error:
            if error.name != contribution.module:
                raise
    return app


def main() -> None:
    """Run the `getuige` command."""
    carry_out(build_app())


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

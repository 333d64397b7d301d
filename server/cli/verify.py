"""`getuige verify`: what a bundle or receipt proves, with trust anchors that came by another way."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

EXIT_UNREADABLE: Final = 2


class Language(StrEnum):
    """The language of the verdicts."""

    NL = "nl"
    EN = "en"


def verify(
    path: Annotated[
        Path,
        typer.Argument(exists=True, help="A bundle (.zip or folder), a receipt (.json) or an item (.getuige)."),
    ],
    trust: Annotated[
        Path, typer.Option(help="Folder with root.pub, policy and tsa-roots.pem, from another source than the bundle.")
    ],
    receipt: Annotated[
        list[Path] | None,
        typer.Option(exists=True, help="A receipt that you kept, or a folder with some: does the bundle fit it?"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts for a program.")] = False,
    lang: Annotated[Language, typer.Option(help="Language of the verdicts.")] = Language.NL,
) -> None:
    """Say what is proven and what is not. Works without network and without trusting any server.

    An item wants its receipt beside it, under the same name.

    Exit code 0: every claim holds. 1: one does not. 2: it could not be read at all.
    """
    from rich.console import Console

    from evidence.bundle.checking import receipt as receipts
    from evidence.bundle.checking import trust as anchors
    from evidence.bundle.checking.report import Verdict
    from evidence.bundle.checking.verify import verify as check
    from evidence.errors import EvidenceError
    from server.cli.progress import shown

    try:
        with shown() as tell:
            report = check(path, anchors.load(trust, path), receipts.gather(receipt or []), tell)
    except (EvidenceError, OSError) as error:
        typer.echo(f"{path}: {error}", err=True)
        sys.exit(EXIT_UNREADABLE)
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=1, ensure_ascii=False))
        sys.exit(report.exit_code)
    styles = {Verdict.PROVEN: "green", Verdict.FAILED: "bold red", Verdict.NOTE: "dim"}
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for verdict, line in report.lines(lang.value):
        console.print(line, style=styles[verdict])
    sys.exit(report.exit_code)


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(verify)

"""`getuige dossier`: a PDF of an opened folder, for whoever judges a case."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def dossier(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A folder that `getuige open` made.")],
    out: Annotated[Path, typer.Option(help="File to write; it must not exist.")] = Path("dossier.pdf"),
    language: Annotated[Literal["nl", "en"], typer.Option(help="Of its words; hers stay as they are.")] = "nl",
) -> None:
    """Write a readable PDF of an opened folder: the pattern, what happened, who recorded it, hashes, how to check it.

    It proves nothing by itself and the folder is not verified here: `getuige verify` does that. The PDF is readable to
    whoever has it: keep it as safe as the folder. Needs the extra `report`.
    """
    from evidence import files
    from evidence.bundle.dossier import typesetting
    from server.clients.errors import ClientError

    if out.exists():
        raise ClientError(f"{out} exists; choose another name")
    made = typesetting.make(folder, language)
    files.write_once(out, made)
    typer.echo(f"{out}: {len(made)} bytes. It proves nothing by itself: run `getuige verify {folder}`.")


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(dossier)

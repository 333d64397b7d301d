"""`getuige open`: decrypt a sealed bundle where the reader's key lives."""

from pathlib import Path
from typing import Annotated

import typer

from server.cli.phrases import PhraseFile, phrase


def open_(
    bundle: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The sealed bundle.")],
    key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Your locked key.")],
    out: Annotated[Path, typer.Option(help="A folder that does not exist yet.")],
    phrase_file: PhraseFile = None,
) -> None:
    """Decrypt a sealed bundle with the key on this computer. The result proves itself: `getuige verify` it."""
    from rich.progress import Progress

    from evidence.bundle.opening.opened import open_bundle
    from server.clients import locked

    reader = locked.unlock(key, phrase(phrase_file))
    with Progress() as bar:
        task = bar.add_task("opening", total=None)
        openings = open_bundle(bundle, reader, out, lambda done, whole: bar.update(task, completed=done, total=whole))
    typer.echo(f"{len(openings.items)} items were opened into {out}. They are readable there: keep that folder safe.")


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("open")(open_)

"""`getuige open`: decrypt a sealed bundle where the reader's key lives."""

from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from server.cli.phrases import PhraseFile, phrase
from server.cli.plain import one_line

EXIT_NOT_ALL: Final = 3
"""Opened, and at least one item did not open: a program must not take this for all of it."""


def open_(
    bundle: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The sealed bundle.")],
    key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Your locked key.")],
    out: Annotated[Path, typer.Option(help="A folder that does not exist yet.")],
    trust: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Your trust folder: verify the bundle before opening it."),
    ] = None,
    phrase_file: PhraseFile = None,
) -> None:
    """Decrypt a sealed bundle with the key on this computer. The result proves itself: `getuige verify` it.

    What was cut off goes on where it stopped, by the same command again.

    What does not open is named, and the rest is opened. Exit code 0: all of it; 1: refused; 3: not all of it.
    """
    from evidence.bundle.opening.opened import open_bundle
    from server.cli.progress import shown
    from server.clients import locked

    if trust is not None:
        _verify(bundle, trust)
    reader = locked.unlock(key, phrase(phrase_file))
    with shown() as tell:
        result = open_bundle(bundle, reader, out, partial(tell, "opening"))
    whole = len(result.items) - sum(one.part == "content" for one in result.unopened)
    typer.echo(f"{whole} items were opened into {out}. They are readable there: keep that folder safe.")
    if trust is None:
        told = "NOTHING WAS VERIFIED: who wrote this, and when, is not known yet. Run `getuige verify`."
        typer.secho(told, fg=typer.colors.RED, bold=True)
    if not result.unopened:
        return
    typer.echo(f"{len(result.unopened)} items did not open, or not whole. The others are not touched by that:")
    for one in result.unopened:
        typer.echo(
            one_line(f"  {one.item}  received {one.received_at}, added by {one.added_by}: {one.part}: {one.why}")
        )
    raise typer.Exit(EXIT_NOT_ALL)


def _verify(bundle: Path, folder: Path) -> None:
    from evidence.bundle.checking import trust
    from evidence.bundle.checking.verify import verify
    from server.cli.progress import shown
    from server.clients.errors import ClientError

    with shown() as tell:
        report = verify(bundle, trust.load(folder, bundle), progress=tell)
    if report.failed:
        failed = "".join(f"\n  {claim.text('en')}" for claim in report.failed)
        raise ClientError(f"This bundle does not verify. Nothing was opened.{failed}")
    typer.echo("The bundle verifies; `getuige verify` prints what that means.")


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("open")(open_)

"""`getuige log …`: what the operator of a custody log does with its key."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.phrases import PhraseFile, phrase
from server.cli.renewing import renew_tokens
from server.cli.rows import AsJson, show

if TYPE_CHECKING:
    from server.rotation.rotating import Plan

app = typer.Typer(no_args_is_help=True, help="The key of the custody log: when it is stolen, or old.")

Origin = Annotated[str | None, typer.Option("--origin", help="Name of the new log; default: the first one's/NUMBER.")]


@app.command("prepare")
def prepare(origin: Origin = None) -> None:
    """Make the key of the log that will take over, and print what witnesses need. The log does not change.

    Do it again and the same key is shown. With witnesses elsewhere this comes first: they cosign only logs they know.
    """
    from evidence.custody.log.note_key import load_or_create_key
    from server.rotation.rotating import plan
    from server.settings import Settings

    planned = plan(Settings.load(), origin=origin)
    key = load_or_create_key(planned.key, planned.origin)
    typer.echo(f"{planned.key} is secret. Witnesses of {planned.old.origin} need this line more:\n\n{key.vkey}")


@app.command("rotate")
def rotate(
    root_key: Annotated[
        Path | None, typer.Option("--root-key", help="Locked key of the root, who signs the rotation.", exists=True)
    ] = None,
    origin: Origin = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    phrase_file: PhraseFile = None,
) -> None:
    """End the custody log, and begin the next one under a new key, with a commitment to the end of the old one.

    The server may go on running. Killed at any moment, run it again: it finishes, or has changed nothing. The root's
    key is read here and not kept. Read docs/operations/log-key.md first.
    """
    from server.clients import locked
    from server.rotation import rotating
    from server.settings import Settings

    settings = Settings.load()
    if dry_run:
        _tell(rotating.plan(settings, origin=origin))
        return
    if root_key is None:
        raise typer.BadParameter("the root signs the rotation: give its locked key", param_hint="--root-key")
    root = locked.unlock(root_key, phrase(phrase_file))
    line = rotating.rotate(settings, root, origin, lambda step: typer.echo(f"· {step}"))
    typer.echo(f"\nGive readers the folder {settings.data / 'trust'} anew, apart from any evidence.")
    typer.echo(f"Tell witnesses to take {line.eras[-2].key.vkey} off their lists.")
    typer.echo("Make a backup now: one from before the rotation would lead back to the old key.")


@app.command("list")
def logs(as_json: AsJson = False) -> None:
    """List the logs of this data folder: which event each begins with, and where it ended."""
    from server.rotation.rotating import plan
    from server.settings import Settings

    rows = [
        {
            "log": era.number,
            "origin": era.origin,
            "from_event": era.first_event,
            "end": "goes on" if era.final is None else f"ended with {era.final.size} entries, {era.final.root.hex()}",
            "key": era.key.vkey,
        }
        for era in plan(Settings.load()).line.eras
    ]
    show(rows, as_json=as_json, nothing="There is no log yet.")


def _tell(planned: "Plan") -> None:
    old = planned.old
    if planned.unfinished:
        typer.echo(f"The rotation to {old.origin} was cut short. It would be finished; the root signs nothing more.")
        return
    there = "is there" if planned.key.exists() else "would be made"
    typer.echo(f"{old.origin} would end with event {planned.events - 1}: {planned.events} events so far.")
    typer.echo(f"{planned.origin} would begin with event {planned.events}, the root's statement. Its key {there}:")
    typer.echo(f"  {planned.key}")
    typer.echo("Witnesses would first be asked to cosign an empty head of it. Nothing was changed.")


def register(parent: typer.Typer) -> None:
    """Add the group to the app."""
    app.command("renew-tokens")(renew_tokens)
    parent.add_typer(app, name="log")

"""`getuige found` and `getuige serve`: make a data folder once, then serve the API and the pages from it."""

from pathlib import Path
from typing import Annotated

import typer

from server.cli.phrases import PhraseFile, phrase


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def found(
        root_key: Annotated[Path, typer.Option("--root-key", help="Locked key of the root.", exists=True)],
        label: Annotated[str, typer.Option("--label", help="Name of the organisation, as everyone will see it.")],
        phrase_file: PhraseFile = None,
    ) -> None:
        """Make the data folder: service keys, trust anchors, and the journal's first events, signed by the root.

        The root's key is read here and not kept. Doing it again completes what is missing and changes nothing else.
        """
        from server.clients import locked
        from server.founding import found as make
        from server.settings import Settings

        settings = Settings.load()
        made = make(settings, locked.unlock(root_key, phrase(phrase_file)), label)
        typer.echo(f"{settings.data}: log {made.origin}, root {made.root.hex()}")
        typer.echo(f"Give verifiers the folder {settings.data / 'trust'}, apart from any evidence.")

    @app.command()
    def serve() -> None:
        """Serve the API and the pages. Settings come from variables that begin with GETUIGE_."""
        from server.serving import serve as run
        from server.settings import Settings

        run(Settings.load())

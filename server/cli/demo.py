"""`getuige demo`: play the main job and stop."""

from pathlib import Path

import typer

from server.cli.run import Bridges, Data, FirstPort, Media, perform


def demo(data: Data = Path("var"), media: Media = "", port: FirstPort = None, bridges: Bridges = 2) -> None:
    """Play the main job of Getuige on this machine and stop. Exit code 0 only if every step held."""
    perform(data, media, port, bridges, keep_serving=False)


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(demo)

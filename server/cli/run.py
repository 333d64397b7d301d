"""`getuige run`: all parts on one machine, the main job played through them, and then they keep serving."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from server.layout import PORT

Data = Annotated[Path, typer.Option(envvar="GETUIGE_DATA", help="Data folder.", file_okay=False)]
Media = Annotated[str, typer.Option(envvar="GETUIGE_MEDIA", help="Folder with photos, sound and clips of your own.")]
FirstPort = Annotated[
    int | None, typer.Option("--port", envvar="GETUIGE_PORT", help=f"First port ({PORT}); taken ones are passed over.")
]
Bridges = Annotated[int, typer.Option(envvar="GETUIGE_BRIDGES", min=1, max=2, help="How many alarm bridges run.")]

EXIT_STOPPED: Final = 130
"""What a shell expects of a command that Ctrl-C stopped (128 + SIGINT)."""


def perform(data: Path, media: str, port: int | None, bridges: int, *, keep_serving: bool) -> None:
    """Run the show; say plainly why when it does not hold, and end with an exit code that says so."""
    from rich.console import Console

    from server.demo.show import Show
    from server.errors import ServerError

    console = Console()
    try:
        Show(data, Path(media) if media else None, port, keep_serving, bridges).perform(console)
    except KeyboardInterrupt:
        console.print("\nStopped. Every part has ended; the same command starts again with what is there.")
        sys.exit(0 if keep_serving else EXIT_STOPPED)
    except ServerError as error:
        console.print(f"\n✗ {error}", highlight=False, markup=False, style="red", soft_wrap=True)
        sys.exit(1)
    console.print("\nEvery step held. Every part has ended.", style="bold green")


def run(data: Data = Path("var"), media: Media = "", port: FirstPort = None, bridges: Bridges = 2) -> None:
    """Start Getuige on this machine, play the main job through it, and keep serving until Ctrl-C.

    A used folder starts with what is there; nothing is seeded twice.
    """
    perform(data, media, port, bridges, keep_serving=True)


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(run)

"""Output of this package's commands: how they print, and how they are stopped."""

import json
import signal
import sys
import threading
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON lines, for programs.")]


def show(members: dict[str, Any], *, as_json: bool) -> None:
    """Print names and values on a line, or as one JSON document."""
    if as_json:
        typer.echo(json.dumps(members))
    else:
        typer.echo("  ".join(f"{name} {value}" for name, value in members.items()))
    sys.stdout.flush()


def stop_signal() -> threading.Event:
    """Return an event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop

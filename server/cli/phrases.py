"""Pass phrases for commands: from a file, or typed without being shown. Never from an argument."""

from pathlib import Path
from typing import Annotated

import typer

PhraseFile = Annotated[
    Path | None,
    typer.Option(
        "--phrase-file", help="File with the pass phrase (one line). Without it, you are asked for it.", dir_okay=False
    ),
]
"""The option; there is no option for the phrase itself, because other people see a command line."""


def phrase(file: Path | None, *, new: bool = False) -> str:
    """Return the pass phrase; a new one is asked for twice."""
    if file is not None:
        return file.read_text().strip()
    return str(typer.prompt("Pass phrase", hide_input=True, confirmation_prompt=new))

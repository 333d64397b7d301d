"""`getuige export`: an investigator takes a sealed bundle of what was granted."""

from pathlib import Path
from typing import Annotated

import typer

from server.cli.phrases import PhraseFile, phrase


def export(
    case: Annotated[str, typer.Argument(help="The case (32 hexadecimal characters).")],
    ground: Annotated[str, typer.Option(prompt="Ground of the export", help="Why; it is logged and signed.")],
    key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Your locked key.")],
    trust: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Your trust folder.")],
    url: Annotated[str, typer.Option(envvar="GETUIGE_PUBLIC_URL", help="Address of the server.")],
    grant: Annotated[list[str] | None, typer.Option(help="Only what this grant gives; may be repeated.")] = None,
    out: Annotated[Path, typer.Option(help="File to write, ending in .zip.")] = Path("bundle.zip"),
    phrase_file: PhraseFile = None,
) -> None:
    """Take a sealed bundle: ciphertext, events and proofs. It holds no key; `getuige open` decrypts it."""
    from evidence import ids
    from server.cli.progress import shown
    from server.clients import locked
    from server.clients.investigator import Investigator
    from server.clients.pins import Pins
    from server.clients.signing import Signer

    signer = Signer.connect(url, locked.unlock(key, phrase(phrase_file)), Pins.from_folder(trust))
    investigator = Investigator(signer)
    named = None if grant is None else [ids.GrantId(ids.hex_text(one, 16)) for one in grant]
    ordered = investigator.order(ids.CaseId(ids.hex_text(case, 16)), ground, named)
    with shown() as tell:
        investigator.wait(ordered.export, tell)
        size = investigator.download(ordered.export, out, tell)
    typer.echo(f"{out}: {size} bytes, {len(ordered.items)} items. SHA-256 of its manifest: {ordered.manifest}")


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(export)

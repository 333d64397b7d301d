"""`getuige witness`: cosign the heads of custody logs, on a machine that is not their operator's."""

from pathlib import Path
from typing import Annotated, Final

import typer

DEFAULT_PORT: Final = 8490


def witness(
    folder: Annotated[
        Path, typer.Option(envvar="GETUIGE_WITNESS_FOLDER", help="Folder of key and memory.", file_okay=False)
    ] = Path("witness"),
    logs: Annotated[
        Path | None,
        typer.Option(
            envvar="GETUIGE_WITNESS_LOGS",
            help="File with the logs to cosign: one vkey a line, or a tlog-policy.",
            dir_okay=False,
        ),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            envvar="GETUIGE_WITNESS_ORIGINS", help="Refuse to start when the file names any other log (repeatable)."
        ),
    ] = None,
    host: Annotated[str, typer.Option(envvar="GETUIGE_WITNESS_HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="GETUIGE_WITNESS_PORT", min=1, max=65535, help="Port to listen on.")
    ] = DEFAULT_PORT,
    new_key: Annotated[
        str, typer.Option("--new-key", metavar="NAME", help="Make key and memory of a witness of this name, and stop.")
    ] = "",
    ml_dsa: Annotated[
        bool, typer.Option("--ml-dsa", help="With --new-key: an ML-DSA-44 key, against forgers with quantum computers.")
    ] = False,
) -> None:
    """Cosign heads of custody logs over HTTP (c2sp.org/tlog-witness), and never two that one history cannot have.

    A witness sees sizes and hashes only. Put TLS in front of it, and read docs/operations/witness.md.
    """
    from evidence.custody.log.note import KeyType
    from server.witness import folder as folders
    from server.witness.serving import serve

    home = folders.WitnessFolder(folder)
    if new_key:
        signer = home.create(new_key, KeyType.ML_DSA_44 if ml_dsa else KeyType.COSIGNATURE_V1)
        typer.echo(f"{home.key} is secret. Log operators and readers need this line of a tlog-policy:\n")
        typer.echo(f"witness NAME {signer.vkey} https://ADDRESS")
        return
    if logs is None:
        raise folders.WitnessError("which logs? Give --logs FILE, one vkey a line")
    serve(home.open(folders.read_logs(logs, origin or ())), home, host, port)


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(witness)

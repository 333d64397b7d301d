"""`getuige phone …`: the reference phone on the command line."""

from pathlib import Path
from typing import Annotated, Final

import typer

from server.cli import records
from server.cli.comparing import compare
from server.cli.rows import AsJson, show

Folder = Annotated[
    Path,
    typer.Option("--folder", envvar="GETUIGE_PHONE", help="The phone's memory.", file_okay=False),
]
DEFAULT_FOLDER: Final = Path("phone")

app = typer.Typer(
    no_args_is_help=True,
    help="A reference phone: it can only add. Everything is sealed on this computer before it is sent.",
)


@app.command()
def enrol(
    invitation: Annotated[
        Path, typer.Argument(help="File with the text of the QR code, or - to read it from standard input.")
    ],
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Make a folder a phone of the case that the invitation names. May be repeated when it was cut off."""
    from server.clients import phone_folder
    from server.clients.invitation import Invitation

    text = typer.get_text_stream("stdin").read() if str(invitation) == "-" else invitation.read_text()
    phone_folder.enrol(folder, Invitation.parse(text))
    typer.echo("This phone has been enrolled. It can add to the case; it cannot read it.")


@app.command("take-list")
def take_list(
    text: Annotated[
        Path, typer.Argument(help="File with the text of the QR code, or - to read it from standard input.")
    ],
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Take who reads from the screen of your vault (`vault show-list`), whatever the server says or keeps back."""
    from server.clients import list_code
    from server.clients.phone_folder import open_phone

    shown = typer.get_text_stream("stdin").read() if str(text) == "-" else text.read_text()
    with open_phone(folder) as phone:
        taken = phone.lists.scan(list_code.parse(shown))
    typer.echo("Taken." if taken else "This phone knows this list, or a newer one. Nothing was changed.")


@app.command()
def sync(folder: Folder = DEFAULT_FOLDER) -> None:
    """Send what is kept here, oldest first, and check each receipt. Goes on where it was cut off."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from server.clients.phone_folder import open_phone
    from server.clients.phone_warnings import warnings

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with open_phone(folder) as phone, Progress(*columns) as bar:
        tasks: dict[str, int] = {}

        def show(item: str, sent: int, size: int) -> None:
            if item not in tasks:
                tasks[item] = int(bar.add_task(f"item {item[:8]}", total=size))
            bar.update(tasks[item], completed=sent)  # type: ignore[arg-type]

        arrived = phone.sync(show)
        missing = phone.check_proofs()
        told = list(warnings(phone))
    typer.echo(f"{arrived} items arrived; each receipt was checked. {missing} are not yet proven in the log.")
    for warning in told:
        typer.echo(warning, err=True)


@app.command()
def status(folder: Folder = DEFAULT_FOLDER, as_json: AsJson = False) -> None:
    """List each entry: kept here, arrived, or why not. Shows no titles: this phone cannot read them any more."""
    from server.clients.phone_folder import open_phone
    from server.clients.phone_warnings import warnings

    with open_phone(folder) as phone:
        rows = [
            {
                "item": one.item,
                "state": one.state,
                "received": one.received_at,
                "proven": one.proven,
                "why_not": one.why,
            }
            for one in phone.states()
        ]
        told = list(warnings(phone))
    show(rows, as_json=as_json, nothing="Nothing was added on this phone yet.")
    for warning in told:
        typer.echo(warning, err=True)


@app.command()
def receipts(
    out: Annotated[Path | None, typer.Option(help="Copy the receipt files here.", file_okay=False)] = None,
    folder: Folder = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """List the receipts. Each is a file that `getuige verify` checks with your trust folder."""
    import shutil

    from server.clients.phone_folder import open_phone

    rows = []
    with open_phone(folder) as phone:
        for kept in phone.receipts:
            recorded = kept.recorded
            rows.append({"event": recorded.index, "received": recorded.received_at, "file": str(kept.path)})
            if out is not None:
                out.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(kept.path, out / kept.path.name)
    show(rows, as_json=as_json, nothing="There is no receipt yet.")


@app.command("check-export")
def check_export(
    bundle: Annotated[Path, typer.Argument(exists=True, help="The bundle (.zip or folder) that somebody took.")],
    trust: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Your trust folder.")],
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Say whether a bundle fits what this phone remembers: the server's receipt for each thing that it sent.

    It asks no server and opens nothing. Exit code 0: it fits; 1: something does not hold; 2: it cannot be read.
    """
    compare(bundle, trust, folder / "receipts", "phone")


def register(parent: typer.Typer) -> None:
    """Add the group to the app."""
    records.register_phone(app)
    parent.add_typer(app, name="phone")

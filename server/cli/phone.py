"""`getuige phone …`: the reference phone on the command line."""

from pathlib import Path
from typing import Annotated, Final, cast

import typer

from evidence.envelope import conduct as conduct_tags
from server.cli import papers, records
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
def add(  # noqa: PLR0913, PLR0917 - one option for each thing that she may say
    title: Annotated[str, typer.Option(prompt="What happened, in a few words")],
    text: Annotated[str, typer.Option(help="In your own words, at most 65,536 characters.")] = "",
    happened: Annotated[
        str | None,
        typer.Option(
            help="When: 2026-05-12, 2026-05-12T21:30, 2026-05~ (about), 2026-05/2026-06 (EDTF); leave out if unknown."
        ),
    ] = None,
    discovered: Annotated[str | None, typer.Option(help="When you found out, if that was later; likewise.")] = None,
    conduct: Annotated[
        list[str] | None,
        typer.Option(help=f"What he did: {', '.join(conduct_tags.TAGS)}; or a word of your own. May be repeated."),
    ] = None,
    severity: Annotated[int | None, typer.Option(min=0, max=4, help="How bad it was, 0 to 4.")] = None,
    impact: Annotated[str | None, typer.Option(help="What it did to you.")] = None,
    place: Annotated[str | None, typer.Option(help="Where.")] = None,
    only_mine: Annotated[
        bool, typer.Option("--only-mine", help="For yourself: nobody on your list gets it. You can give it later.")
    ] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Keep an incident on this phone, sealed. `sync` sends it."""
    from evidence import ids
    from evidence.edtf import Edtf
    from evidence.envelope import pieces
    from evidence.envelope.meta import Incident, Severity
    from server.clients import telling
    from server.clients.phone_folder import open_phone

    meta = Incident(
        source="victim",
        recorded=ids.now(),
        title=title,
        text=pieces.cut(text),
        happened=Edtf(happened) if happened else None,
        discovered=Edtf(discovered) if discovered else None,
        conduct=tuple(conduct or ()),
        severity=cast("Severity | None", severity),
        impact=impact,
        place=place,
        only_mine=only_mine or None,
    )
    with open_phone(folder) as phone:
        item = phone.add(meta)
    typer.echo(f"Kept here, sealed. Item {item}")
    for remark in telling.remarks(meta):
        typer.echo(remark)


@app.command()
def photo(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A photo, sound, video or other file.")],
    title: Annotated[str, typer.Option(help="What it shows.")] = "",
    text: Annotated[str, typer.Option(help="In your own words.")] = "",
    about: Annotated[str | None, typer.Option(help="The incident that it belongs to (item id).")] = None,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Keep a file on this phone, sealed. What the camera says of time and place is sealed with it. `sync` sends it."""
    from evidence import ids
    from server.clients.attachments import describe, name_of, type_of
    from server.clients.outbox import Source
    from server.clients.phone_folder import open_phone

    name, mime = name_of(file), type_of(file)
    belongs_to = ids.ItemId(ids.hex_text(about, 16)) if about else None
    meta = describe(file, mime, title or name, text, belongs_to)
    with open_phone(folder) as phone:
        item = phone.add(meta, Source(file.resolve(), name, mime))
        entry = phone.outbox.find(item)
    typer.echo(f"Kept here, sealed. Item {item}")
    if "\ufffd" in name:
        typer.echo(f"Its name is not readable text: it is kept as “{name}”. The file itself is kept as it is.")
    if file.stat().st_size == 0:
        typer.echo(
            "This file is empty (0 bytes). It is kept, but there is nothing in it: look whether it was copied whole."
        )
    if entry is not None and entry.needs_original:
        typer.echo("This file is large and is not copied: leave the original where it is until it has arrived.")


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


def register(parent: typer.Typer) -> None:
    """Add the group to the app."""
    papers.register_phone(app)
    records.register_phone(app)
    parent.add_typer(app, name="phone")

"""`getuige vault …`: her own key. It reads the case, gives items to named readers and takes that back."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli import correcting, devices, erasing, rescue, standing
from server.cli.comparing import compare
from server.cli.organising import connect
from server.cli.phrases import PhraseFile, phrase
from server.cli.plain import one_line
from server.cli.rows import AsJson, show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evidence import ids
    from evidence.statements.corrections import Mark
    from server.clients.timeline import Moment
    from server.clients.vault import Vault

Key = Annotated[Path, typer.Option("--key", help="The locked vault key.", dir_okay=False)]
Case = Annotated[str, typer.Option("--case", help="The case (32 hexadecimal characters).")]
Trust = Annotated[Path, typer.Option("--trust", exists=True, file_okay=False, help="Your trust folder.")]
Url = Annotated[str, typer.Option("--url", envvar="GETUIGE_PUBLIC_URL", help="Address of the server.")]

app = typer.Typer(
    no_args_is_help=True,
    help="Her vault: reading and consent. Use it on a device that nobody else uses, never on the phone itself.",
)


@app.command()
def create(
    key: Key,
    handle: Annotated[str, typer.Option(help="A name for signing in; not your own name.")],
    phrase_file: PhraseFile = None,
) -> None:
    """Make a vault key under a pass phrase, and print the public halves that the caseworker needs."""
    from server.clients import locked, vault

    identity = locked.create(key, handle, phrase(phrase_file, new=True))
    case_key, sign = vault.public_halves(identity)
    typer.echo(f"case key   {case_key}\nits name   {identity.opening_kid}\nvault key  {sign}")
    typer.echo("Without the pass phrase nobody can open this key, and nobody can recover it.")


@app.command()
def items(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    phrase_file: PhraseFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program: one JSON array.")] = False,
) -> None:
    """List what is in the case, what does not open and who added that, what was erased, and what is not right."""
    import json

    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    from evidence.statements import corrections
    from server.clients import case_lists, timeline
    from server.clients.erasing import Erasing

    vault = _vault(key, case, trust, url, phrase_file)
    moments = vault.items()
    gone = {item: one.executed_at for one in Erasing(vault.signer, vault.case).known() for item in one.items}
    erased = {item: when for item, when in gone.items() if when is not None}
    devices.tell_signs(vault.signer, case, case_lists.devices(moments), staff=False)
    standing.tell_not_shown(vault.signer, moments)
    said = corrections.marks((one.statement, one.received_at) for one in moments if one.statement is not None)
    rescue.tell(moments)
    if as_json:
        rows = [_row(one) | _mark(said, one) for one in moments if one.item is not None and (one.opened or one.closed)]
        rows += [{"item": item, "erased": when} for item, when in erased.items()]
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    heads = ("Received", "Happened", "Kind", "Title", "Complete", "Said later")
    table = Table(Column("Item", no_wrap=True, min_width=32), *heads)
    for moment in moments:
        if moment.item is not None and moment.opened is not None:
            row = _row(moment)
            cells = (one_line(str(row[name] or "?")) for name in ("item", "received", "happened", "kind", "title"))
            table.add_row(*map(Text, cells), _part(moment), corrections.words(said.get(moment.item)))
    for item, when in erased.items():
        table.add_row(item, "", "", "", f"erased {when}", "", "")
    Console().print(table)
    _tell_closed(timeline.closed(moments))


@app.command()
def grant(  # noqa: PLR0913, PLR0917 - one option for each part of her consent
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    reader: Annotated[str, typer.Option(help="The reader's key name: `readers` lists them.")],
    purpose: Annotated[str, typer.Option(prompt="What for", help="Shown to you and to the reader.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="How long.")] = 30,
    item: Annotated[list[str] | None, typer.Option(help="Only these items; may be repeated.")] = None,
    phrase_file: PhraseFile = None,
) -> None:
    """Give items to one named reader. Refused when the pinned root did not certify the reader's key."""
    from evidence import ids
    from server.clients import timeline

    vault = _vault(key, case, trust, url, phrase_file)
    moments = vault.items()

    def chosen(moment: "Moment") -> bool:
        return item is None or moment.item in item

    given = vault.grant(ids.KeyId(ids.hex_text(reader, 16)), purpose, days, chosen, moments)
    for one in given.grants:
        typer.echo(f"{len(one.items)} items until {one.expires}. Grant {one.grant}.")
    typer.echo(f"Receipt {given.receipt.index}.")
    _tell_closed([one for one in timeline.closed(moments) if chosen(one)])
    rescue.renew(vault, moments)


@app.command()
def readers(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    phrase_file: PhraseFile = None,
    as_json: AsJson = False,
) -> None:
    """List to whom you can give items: their names, and the key names that `grant --reader` takes."""
    vault = _vault(key, case, trust, url, phrase_file)
    rows = [{"reader": one.kid, "role": one.published.role, "label": one.published.label} for one in vault.readers()]
    show(rows, as_json=as_json, nothing="The organisation certified no reader yet.")


@app.command()
def grants(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    phrase_file: PhraseFile = None,
    as_json: AsJson = False,
) -> None:
    """List what you gave: to whom, what for, how many items, until when. `revoke` takes one back."""
    from evidence import ids
    from server.clients import case_lists

    vault = _vault(key, case, trust, url, phrase_file)
    moments = vault.items()
    found = case_lists.grants(moments, vault.signer.certificates())
    now = ids.now()
    rows = [
        {
            "grant": one.grant,
            "state": one.state(now),
            "reader": one.reader,
            "label": one.label,
            "items": list(one.items),
            "given": one.given_at,
            "until": one.expires,
            "purpose": one.purpose,
        }
        for one in found
    ]
    show(rows, as_json=as_json, nothing="You gave nothing yet.")
    standing.tell_ending(case_lists.ending(found, now))
    standing.tell_not_shown(vault.signer, moments)


@app.command()
def revoke(
    key: Key,
    case: Case,
    trust: Trust,
    url: Url,
    grant_id: Annotated[str, typer.Argument(metavar="GRANT", help="The grant to take back: `grants` lists them.")],
    phrase_file: PhraseFile = None,
) -> None:
    """Take a grant back. What the reader fetched before stays where it is."""
    from evidence import ids

    receipt = _vault(key, case, trust, url, phrase_file).revoke(ids.GrantId(ids.hex_text(grant_id, 16)))
    typer.echo(f"Taken back. Receipt {receipt.index}.")


@app.command("check-export")
def check_export(
    bundle: Annotated[Path, typer.Argument(exists=True, help="The bundle (.zip or folder) that somebody took.")],
    key: Key,
    trust: Trust,
) -> None:
    """Say whether a bundle fits what this computer remembers: the server's receipt for each thing that you said.

    It asks for no pass phrase and no server. Exit code 0: it fits; 1: something does not hold; 2: it cannot be read.
    """
    from server.clients.numbering import Numbers

    compare(bundle, trust, Numbers.beside(key).receipts, "computer")


def _tell_closed(closed: "Sequence[Moment]") -> None:
    """Name what does not open, and who added it; nobody is accused."""
    if closed:
        typer.echo(f"{len(closed)} items do not open. Nothing else is touched by that. Show this to your caseworker:")
    for one in closed:
        typer.echo(
            f"  {one.item or f'event {one.index}'}  received {one.received_at}, added by {one.label}: {one.closed}"
        )


def _row(moment: "Moment") -> dict[str, object]:
    """Return what is said of an item that opens or should."""
    from evidence.bundle.format.kinds import kind_of

    begun = moment.begun
    common: dict[str, object] = {
        "item": moment.item,
        "received": moment.received_at,
        "added_by": moment.label,
        "complete": begun is None,
        "here": begun.here if begun else None,
        "whole": begun.whole if begun else None,
        "closed": str(moment.closed) if moment.closed else None,
    }
    if moment.opened is None:
        return common
    meta = moment.opened.meta
    return {**common, "happened": meta.happened, "kind": kind_of(meta), "title": meta.title}


def _mark(said: "Mapping[ids.ItemId, Mark]", moment: "Moment") -> dict[str, object]:
    mark = None if moment.item is None else said.get(moment.item)
    return {} if mark is None else {"said_later": asdict(mark)}


def _part(moment: "Moment") -> str:
    return "yes" if moment.begun is None else f"incomplete: {100 * moment.begun.here // moment.begun.whole} %"


def _vault(key: Path, case: str, trust: Path, url: str, phrase_file: Path | None) -> "Vault":
    from evidence import ids
    from server.clients.vault import Vault

    return Vault(connect(key, trust, url, phrase_file), ids.CaseId(ids.hex_text(case, 16)))


def register(parent: typer.Typer) -> None:
    """Add the group to the app."""
    devices.register(app, staff=False)
    erasing.register_vault(app)
    standing.register(app, staff=False)
    app.add_typer(rescue.app, name="rescue")
    correcting.register(app)
    parent.add_typer(app, name="vault")

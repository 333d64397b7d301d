"""`getuige vault amend | confirm | dispute`: her corrections. Nothing is overwritten: both versions stay."""

from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.organising import Key, Trust, Url, connect
from server.cli.phrases import PhraseFile
from server.cli.records import Form
from server.cli.rows import hex_id, utc_time

if TYPE_CHECKING:
    from pathlib import Path

    from server.clients.vault import Vault

Case = Annotated[str, typer.Option("--case", help="The case (32 hexadecimal characters).")]
Item = Annotated[str, typer.Argument(metavar="ITEM", help="The item that is corrected: `items` lists them.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command("amend")
    def amend(  # noqa: PLR0913, PLR0917 - each option of a typer command is a parameter
        key: Key,
        case: Case,
        trust: Trust,
        url: Url,
        item: Item,
        title: Annotated[str | None, typer.Option(help="Another title.")] = None,
        text: Annotated[str | None, typer.Option(help="Her words, anew.")] = None,
        happened: Annotated[str | None, typer.Option(help="When it happened: 2026-11-21, 2026-11-21T22:10, …")] = None,
        form: Form = None,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Correct an item: a new one is sealed, the old one stays beside it and counts no more.

        `--form` says what else is different, whatever kind it is; what stands in neither stays as it was.
        """
        from evidence import ids
        from evidence.envelope.meta import Media
        from server.clients import forms
        from server.clients.errors import ClientError

        vault, name = _vault(key, case, trust, url, phrase_file), ids.ItemId(hex_id(item, "ITEM"))
        moments = vault.items()
        found = next((one.opened for one in moments if one.item == name and one.opened is not None), None)
        if found is None or isinstance(found.meta, Media):
            raise ClientError("There is no such item that opens, or it is a file. A file is followed by a new one.")
        told = {"title": title, "text": text, "happened": happened}
        if form is None and not any(told.values()):
            raise typer.BadParameter("say what is different", param_hint="--text")
        made, receipt = vault.amend(name, forms.again(found.meta, told, forms.read(form) if form else {}), moments)
        typer.echo(f"{made} corrects {name}. Receipt {receipt.index}.")

    @app.command("confirm")
    def confirm(
        key: Key,
        case: Case,
        trust: Trust,
        url: Url,
        addition: Annotated[str, typer.Argument(metavar="ADDITION", help="What a phone added to another item.")],
        item: Item,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Say that what a phone added to an item is yours: from then on it is your correction."""
        from evidence import ids

        vault = _vault(key, case, trust, url, phrase_file)
        names = (ids.ItemId(hex_id(addition, "ADDITION")), ids.ItemId(hex_id(item, "ITEM")))
        typer.echo(f"Confirmed. Receipt {vault.confirm(*names).index}.")

    @app.command("dispute")
    def dispute(
        key: Key,
        case: Case,
        trust: Trust,
        url: Url,
        device: Annotated[str, typer.Argument(metavar="DEVICE", help="The device: `devices` lists them.")],
        since: Annotated[str, typer.Option(help="From when, in UTC: 2026-11-21T20:00:00.000Z.")],
        until: Annotated[str, typer.Option(help="Until when.")],
        phrase_file: PhraseFile = None,
    ) -> None:
        """Say that what a device added in this window was not yours. Nothing is erased; it counts no more."""
        from evidence import ids

        window = (utc_time(since, "--since"), utc_time(until, "--until"))
        vault = _vault(key, case, trust, url, phrase_file)
        receipt = vault.dispute(ids.DeviceId(hex_id(device, "DEVICE")), *window)
        typer.echo(f"Written down. Receipt {receipt.index}.")


def _vault(key: "Path", case: str, trust: "Path", url: str, phrase_file: "Path | None") -> "Vault":
    from evidence import ids
    from server.clients.vault import Vault

    return Vault(connect(key, trust, url, phrase_file), ids.CaseId(hex_id(case, "--case")))

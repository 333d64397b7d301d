"""`getuige staff root share-desk | retire` and `getuige staff list`: the organisation's keys after the first ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.phrases import PhraseFile, phrase
from server.cli.rows import AsJson, Really, hex_id, show

if TYPE_CHECKING:
    from server.clients.pins import Certificate
    from server.clients.signing import Signer

Key = Annotated[Path, typer.Option("--key", help="Your locked key.", dir_okay=False)]
Trust = Annotated[Path, typer.Option("--trust", exists=True, file_okay=False, help="Your trust folder.")]
Url = Annotated[str, typer.Option("--url", envvar="GETUIGE_PUBLIC_URL", help="Address of the server.")]


def connect(key: Path, trust: Path, url: str, phrase_file: Path | None) -> "Signer":
    """Return somebody at the server, with the key in a file and the anchors in a folder; nothing is sent yet."""
    from server.clients import locked
    from server.clients.numbering import Numbers
    from server.clients.pins import Pins
    from server.clients.signing import Signer

    identity = locked.unlock(key, phrase(phrase_file))
    return Signer.connect(url, identity, Pins.from_folder(trust), Numbers.beside(key))


def register(staff: typer.Typer, root: typer.Typer) -> None:
    """Add the commands."""

    @root.command("share-desk")
    def share_desk(
        key: Key,
        trust: Trust,
        url: Url,
        desk_key: Annotated[Path, typer.Option("--desk-key", exists=True, dir_okay=False, help="Locked desk key.")],
        to: Annotated[str, typer.Option("--to", metavar="KEY", help="The dispatcher's key name: `staff list`.")],
        desk_phrase_file: Annotated[
            Path | None, typer.Option("--desk-phrase-file", dir_okay=False, help="Pass phrase of the desk key.")
        ] = None,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Give a certified dispatcher the key of the desk: from then on alarms and cards open for them."""
        from server.clients import locked
        from server.clients.root import Root

        who = connect(key, trust, url, phrase_file)
        reader = _certified(who, to, "--to")
        Root(who).share(locked.unlock(desk_key, phrase(desk_phrase_file)), reader)
        typer.echo(f"{reader.published.label} ({reader.kid}) now opens what is sealed to the desk.")

    @root.command("retire")
    def retire(
        key: Key,
        trust: Trust,
        url: Url,
        name: Annotated[str, typer.Argument(metavar="KEY", help="The key's name: `staff list`.")],
        really: Really = False,
        phrase_file: PhraseFile = None,
    ) -> None:
        """Retire somebody's key, for ever: a colleague leaves, or lost it."""
        from server.clients.root import Root

        who = connect(key, trust, url, phrase_file)
        one = _certified(who, name, "KEY")
        typer.echo(f"{one.published.role} {one.published.label}, key {one.kid}:")
        typer.echo("  signs nothing more and signs in no more; nothing new is given to it. It cannot come back.")
        typer.echo("  What was fetched with it before stays readable to whoever holds it. A desk key it has, it keeps.")
        if not really:
            typer.echo("Nothing was changed. --really retires it.")
            return
        Root(who).retire(one.kid)
        typer.echo("Retired.")

    @staff.command("list")
    def certified(key: Key, trust: Trust, url: Url, as_json: AsJson = False, phrase_file: PhraseFile = None) -> None:
        """List the keys that the organisation's root certified and did not retire: whose, and their names."""
        rows = [_row(one) for one in connect(key, trust, url, phrase_file).certificates(fresh=True).values()]
        show(sorted(rows, key=lambda row: str(row["role"])), as_json=as_json, nothing="No key is certified yet.")


def _row(one: "Certificate") -> dict[str, object]:
    return {"key": one.kid, "role": one.published.role, "label": one.published.label, "team": one.published.team}


def _certified(who: "Signer", name: str, option: str) -> "Certificate":
    from evidence import ids
    from server.clients.errors import ClientError

    kid = ids.KeyId(hex_id(name, option))
    found = who.certificates(fresh=True).get(kid)
    if found is None:
        raise ClientError(f"The root certified no key {kid}, or retired it. `getuige staff list` shows the keys.")
    return found

"""What `getuige vault pin` and `getuige staff caseworker pin` say before they pin suite 2, and after."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evidence import ids
    from server.clients.signing import Signer
    from server.clients.suites import Pinning

Really = Annotated[bool, typer.Option("--really", help="Sign it. Without this, only say what would change.")]


def run(signer: "Signer", case: "ids.CaseId", xwing: "ids.Base64 | None", *, really: bool) -> None:
    """Say what a pin changes; sign it when `really`."""
    from server.clients import suites

    would = suites.look(signer, case)
    if would.already:
        typer.echo("This case demands suite 2 already.")
        return
    _tell(would)
    if not really:
        typer.echo("Nothing was signed. A pin cannot be taken back; --really signs it.")
        return
    typer.echo(f"Pinned. Receipt {suites.pin(signer, case, xwing).index}.")


def _tell(would: "Pinning") -> None:
    typer.echo("From the pin on, keys of this case are wrapped in suite 2 (X-Wing) only. What was given before stays.")
    _list("These phones would be refused. Invite them again, or revoke them, first:", would.phones)
    _list("These hold a grant now. They keep what they have, and could no longer be given anything:", would.given)
    _list("These could be given nothing, until the root certifies an X-Wing key of theirs:", would.others)
    _list("Alarms go on reaching these desks, in suite 1:", would.desks)


def _list(heading: str, names: Sequence[str]) -> None:
    if names:
        typer.echo(heading)
    for name in names:
        typer.echo(f"  {name}")

"""The commands `getuige staff caseworker lend | review | take-back | lendings`."""

from typing import TYPE_CHECKING, Literal, cast, get_args

import typer

from server.cli.rows import show as show_rows

if TYPE_CHECKING:
    from evidence import ids
    from server.clients.signing import Signer

Condition = Literal["whole", "damaged", "lost"]


def lend(who: "Signer", case: str, device: str, basis: str, *, household: bool) -> None:
    """Write down a lending and print its receipt's number."""
    from server.clients.caseworker import Caseworker

    to: Literal["client", "household"] = "household" if household else "client"
    receipt = Caseworker(who).issue(_case(case), _device(device), basis, to=to)
    typer.echo(f"Lent. Event {receipt.index}.")


def review(who: "Signer", case: str, device: str) -> None:
    """Write down that a lending goes on."""
    from server.clients.caseworker import Caseworker

    typer.echo(f"Looked at again. Event {Caseworker(who).look_again(_case(case), _device(device)).index}.")


def take_back(who: "Signer", case: str, device: str, condition: str) -> None:
    """Write down that a device came back."""
    from server.clients.caseworker import Caseworker

    if condition not in get_args(Condition):
        raise typer.BadParameter(f"one of {', '.join(get_args(Condition))}", param_hint="--condition")
    receipt = Caseworker(who).take_back(_case(case), _device(device), cast("Condition", condition))
    typer.echo(f"Taken back. It can still raise alarms until `revoke-device`. Event {receipt.index}.")


def show(who: "Signer", *, as_json: bool) -> None:
    """Print the team's lendings."""
    from server.clients.caseworker import Caseworker

    rows = [
        {
            "device": one["device"],
            "case": one["case"],
            "state": "back" if one["returned_at"] else "overdue" if one["overdue"] else "lent",
            "condition": one["condition"],
            "review": one["review"],
            "to": one["to"],
            "basis": one["basis"],
        }
        for one in Caseworker(who).lendings()
    ]
    show_rows(rows, as_json=as_json, nothing="No device was handed over yet.")


def _case(text: str) -> "ids.CaseId":
    from evidence import ids

    return ids.CaseId(ids.hex_text(text, 16))


def _device(text: str) -> "ids.DeviceId":
    from evidence import ids

    return ids.DeviceId(ids.hex_text(text, 16))

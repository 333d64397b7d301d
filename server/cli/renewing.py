"""`getuige log renew-tokens`: time stamps are renewed before their certificates expire."""

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from server.timestamps.renewals import Due

EXIT_LOST: Final = 1
"""Done, and some tokens had expired before; 2 would be a wrong command line (click)."""


def renew_tokens(
    within: Annotated[
        int, typer.Option("--within", min=1, max=3650, help="Days: renew tokens whose certificate expires by then.")
    ] = 90,
    everything: Annotated[
        bool, typer.Option("--all", help="Renew every token: an algorithm weakens, or an authority closes.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be renewed, and ask nobody.")] = False,
) -> None:
    """Have old time stamps covered by one new one, while their certificates are still in force.

    The server does this by itself every six hours. Bundles that were handed out before do not change.
    Exit code 0: nothing is left to do. 1: some tokens expired unrenewed; what they said is not proven any more.
    """
    from datetime import timedelta

    from server.layout import Layout
    from server.settings import Settings
    from server.timestamps import renewing, tsa

    settings = Settings.load()
    layout = Layout.founded(settings.data)
    panel = tsa.choose(settings, layout)
    span = renewing.EVERYTHING if everything else timedelta(days=within)
    if dry_run:
        due = renewing.look(layout, panel, span)
        typer.echo("Nothing was changed.")
    else:
        done = renewing.renew(layout, panel, span)
        due = done.due
        if done.number is not None:
            typer.echo(f"Renewal {done.number} was made: {layout.renewals}")
    _tell(due)
    if due.lost:
        sys.exit(EXIT_LOST)


def _tell(due: "Due") -> None:
    until = "" if due.first is None else f"; the first certificate expires at {due.first:%Y-%m-%d %H:%M:%S} UTC"
    typer.echo(f"{len(due.entries)} tokens were due{until}.")
    typer.echo(f"{due.living} others are good for longer, {due.lost} expired without a renewal.")

"""`getuige doctor`: what this machine lacks, and how to mend it."""

import sys
from typing import TYPE_CHECKING

import typer

from server.cli.rows import AsJson, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.doctor.finding import Finding


def doctor(as_json: AsJson = False) -> None:
    """List what this machine lacks for Getuige, and how to mend each thing. Changes nothing.

    With an S3 bucket set up it locks one small object there for a minute, to see that locks hold.

    Exit code 0: Getuige can run here. Exit code 1: something marked *bad* must be mended first.
    """
    from server.doctor.checks import examine
    from server.doctor.finding import State
    from server.settings import Settings

    findings = examine(Settings.load())
    if as_json:
        rows = [{"state": one.state.value, "what": one.name, "seen": one.seen, "mend": one.mend} for one in findings]
        show(rows, as_json=True, nothing="")
    else:
        _print(findings)
    if any(one.state is State.BAD for one in findings):
        sys.exit(1)


def _print(findings: "Sequence[Finding]") -> None:
    """Show findings as a table, and count them."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from server.doctor.finding import State

    shown = {State.GOOD: ("✓ good", "green"), State.LOOK: ("! look", "yellow"), State.BAD: ("✗ bad", "bold red")}
    console = Console()
    table = Table("", "What", "Seen", "How to mend it", box=None, pad_edge=False)
    for finding in findings:
        word, style = shown[finding.state]
        # Text, not markup: what a program printed is shown as it is.
        table.add_row(Text(word, style), Text(finding.name), Text(finding.seen), Text(finding.mend))
    console.print(table)
    bad = sum(finding.state is State.BAD for finding in findings)
    look = sum(finding.state is State.LOOK for finding in findings)
    console.print(f"\n{len(findings)} checks: {bad} bad, {look} worth a look.", highlight=False)


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(doctor)

"""The comparison of an export with what its own side remembers: `vault check-export` and `phone check-export`."""

import sys
from pathlib import Path
from typing import NoReturn

import typer


def compare(bundle: Path, trust: Path, folder: Path, keeper: str) -> NoReturn:
    """Hold a bundle against the receipts in a folder, say what does not fit, and end with an exit code.

    `keeper` says what keeps the receipts: "computer", "phone". No server is asked, and nothing is opened. Exit code 0:
    it fits; 1: something does not hold; 2: it cannot be read.
    """
    from evidence.bundle.checking import receipt as receipts
    from evidence.bundle.checking import trust as anchors
    from evidence.bundle.checking import verify
    from evidence.errors import EvidenceError

    kept = receipts.gather([folder]) if folder.is_dir() else []
    try:
        report = verify.verify(bundle, anchors.load(trust, bundle), kept)
    except (EvidenceError, OSError) as error:
        typer.echo(f"{bundle}: {error}", err=True)
        sys.exit(2)
    if not kept:
        typer.echo(f"This {keeper} keeps no receipt of your key: nothing can be compared.")
    told = [one for one in report.claims if one in report.failed or one.code.startswith("receipt-")]
    for claim in told:
        typer.echo(f"{'NOT RIGHT' if claim in report.failed else 'note'}  {claim.text('en')}")
    if not report.failed:
        typer.echo(
            f"The bundle holds, and knows all {len(kept)} things that you said before it." if kept else "It holds."
        )
    sys.exit(report.exit_code)

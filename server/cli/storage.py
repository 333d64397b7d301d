"""`getuige backup`, `restore` and `scrub`: a copy that can be trusted, and blobs that are read again."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evidence import ids
    from evidence.store import verifying
    from evidence.store.scrubbing import Report
    from server.keeping.backup import Missing

EXIT_INCOMPLETE = 1
"""Done, and something is missing or rotten: it was named. 2 would be a wrong command line (click)."""

MIB = 1024 * 1024


@contextmanager
def _progress(*parts: str) -> Iterator[Callable[[str, int], None]]:
    """Show on a terminal how much of each part was done; say nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks = {part: bar.add_task(part, total=None) for part in parts}
        yield lambda part, count: bar.advance(tasks[part], count)


def _tell_missing(missing: "tuple[Missing, ...]") -> None:
    for one in missing:
        of = f"event {one.sealed.index}, item {one.sealed.item}, case {one.sealed.case}" if one.sealed else "not sealed"
        typer.echo(f"MISSING  {one.sha256}  ({of}): {one.why}")


def backup(
    target: Annotated[Path, typer.Argument(help="Folder: new, or of an earlier backup of the same Getuige.")],
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Copy secrets/ too. They sign: keep such a backup locked away.")
    ] = False,
) -> None:
    """Copy everything that a restore needs, while the server runs: journal, sealed items, log, trust anchors.

    Blobs that the folder holds already are not copied again. The backup is as unreadable as the original.
    Exit code 0: complete. 1: made, but items named in the output are missing or rotten here.
    """
    from server.keeping.backup import make
    from server.settings import Settings

    with _progress("events", "bytes") as progress:
        made = make(Settings.load(), target, with_secrets=with_secrets, progress=progress)
    _tell_missing(made.missing)
    typer.echo(
        f"{target}: {made.note.events} events, {made.blobs} sealed items, {made.copied_bytes / MIB:.1f} MiB copied now"
    )
    sys.exit(EXIT_INCOMPLETE if made.missing else 0)


def restore(
    source: Annotated[Path, typer.Argument(help="Folder of the backup.", exists=True, file_okay=False)],
    trust: Annotated[
        Path | None,
        typer.Option(help="Trust anchors that judge it; default: those in the backup, which came with it."),
    ] = None,
) -> None:
    """Verify a whole backup, and restore it into the empty data folder and database that the settings name.

    Every event, signature, leaf and tile is checked against the log's signed head first. A backup that is damaged
    there is refused and nothing is written. Exit code 0: all is back. 1: items named in the output are missing.
    """
    from server.keeping.restore import restore as run
    from server.settings import Settings

    settings = Settings.load()
    with _progress("events", "bytes") as progress:
        done = run(settings, source, trust, progress)
    _tell_missing(done.missing)
    typer.echo(f"{settings.data}: {done.events} events verified and restored, {done.blobs} sealed items")
    if done.unproven:
        typer.echo(f"The last {done.unproven} events were not under the published head yet; the log takes them in.")
    for name in done.secrets_missing:
        typer.echo(f"Put back {settings.data / 'secrets' / name} before you start the server.")
    sys.exit(EXIT_INCOMPLETE if done.missing else 0)


def scrub(
    pace: Annotated[int, typer.Option(help="MiB read in a second at most, so that the disk stays quick; 0: all.")] = 64,
    copy: Annotated[
        Path | None,
        typer.Option("--backup", help="Read the blobs of this backup instead.", exists=True, file_okay=False),
    ] = None,
    mend_from: Annotated[
        Path | None,
        typer.Option(help="Put back what is rotten or missing from this backup.", exists=True, file_okay=False),
    ] = None,
) -> None:
    """Read every sealed item again and compare it with its name, the SHA-256 of its bytes. The server may run.

    Exit code 0: every item that the journal speaks of is there and whole. 1: one is not; it is named.
    """
    from contextlib import ExitStack
    from tempfile import TemporaryDirectory

    from evidence.store import scrubbing, verifying
    from evidence.store.blobs import DirectoryBlobs
    from evidence.store.engine import open_engine
    from server.keeping.note import BackupError, read
    from server.keeping.restore import fetch_journal
    from server.layout import Layout
    from server.settings import Settings

    settings = Settings.load()
    folder, url = Layout(settings.data).blobs, settings.database_url
    with ExitStack() as stack:
        if copy is not None:
            kept = read(copy)
            if kept is None:
                raise BackupError(f"{copy} holds no finished backup")
            working = Path(stack.enter_context(TemporaryDirectory()))
            folder, url = copy / "blobs", f"sqlite:///{fetch_journal(copy, kept, working)}"
        engine = open_engine(url)
        stack.callback(engine.dispose)
        sealed = verifying.sealed_blobs(engine)
    with _progress("bytes read") as progress:
        report = scrubbing.scrub(
            DirectoryBlobs(folder),
            {name: one.size for name, one in sealed.items()},
            scrubbing.Pace(pace * MIB or None),
            lambda count: progress("bytes read", count),
            DirectoryBlobs(mend_from / "blobs") if mend_from else None,
        )
    _tell_scrubbed(report, sealed)
    sys.exit(0 if report.well else EXIT_INCOMPLETE)


def _tell_scrubbed(report: "Report", sealed: "dict[ids.Sha256, verifying.Sealed]") -> None:
    for finding in report.findings:
        one = sealed.get(finding.sha256)
        of = f"event {one.index}, item {one.item}, case {one.case}" if one else "not sealed"
        typer.echo(f"{finding.kind.value.upper():<8} {finding.sha256}  ({of}){', mended' if finding.mended else ''}")
    bad = sum(not finding.mended for finding in report.findings)
    unsealed = f", {report.unsealed} of them not sealed (yet)" if report.unsealed else ""
    typer.echo(f"{report.blobs} items, {report.size_bytes / MIB:.1f} MiB read{unsealed}; {bad} not well")


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(backup)
    app.command()(restore)
    app.command()(scrub)

"""`getuige backup`, `restore` and `scrub`: a copy that can be trusted, and blobs that are read again."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from evidence import ids
    from evidence.store.blobs.scrubbing import Report
    from evidence.store.journal import verifying
    from server.keeping.backup import Missing

EXIT_INCOMPLETE: Final = 1
"""Done, and something is missing or rotten: it was named. 2 would be a wrong command line (click)."""

MIB: Final = 1024 * 1024


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


@contextmanager
def _bar(what: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how much of a known number of bytes was read, and how long the rest takes."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total_bytes)
        yield lambda count: bar.advance(task, count)


def _tell_missing(missing: "tuple[Missing, ...]") -> None:
    for one in missing:
        of = f"event {one.sealed.index}, item {one.sealed.item}, case {one.sealed.case}" if one.sealed else "not sealed"
        typer.echo(f"MISSING  {one.sha256}  ({of}): {one.why}")


def _tell_left(count: int) -> None:
    if count:
        typer.echo(f"{count} of them are in S3 and were left there")


def backup(
    target: Annotated[Path, typer.Argument(help="Folder: new, or of an earlier backup of the same Getuige.")],
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Copy secrets/ too. They sign: keep such a backup locked away.")
    ] = False,
    leave_s3: Annotated[
        bool,
        typer.Option("--leave-s3", help="Do not fetch items that are only in S3; the backup knows where they are."),
    ] = False,
) -> None:
    """Copy everything that a restore needs, while the server runs: journal, sealed items, log, trust anchors.

    Blobs that the folder holds already are not copied again. The backup is as unreadable as the original.
    Exit code 0: complete. 1: made, but items named in the output are missing or rotten here.
    """
    from server.keeping.backup import make
    from server.settings import Settings

    with _progress("events", "bytes") as progress:
        made = make(Settings.load(), target, with_secrets=with_secrets, leave_s3=leave_s3, progress=progress)
    _tell_missing(made.missing)
    typer.echo(
        f"{target}: {made.note.events} events, {made.blobs} sealed items, {made.copied_bytes / MIB:.1f} MiB copied now"
    )
    _tell_left(made.left_in_s3)
    sys.exit(EXIT_INCOMPLETE if made.missing else 0)


def restore(
    source: Annotated[Path, typer.Argument(help="Folder of the backup.", exists=True, file_okay=False)],
    trust: Annotated[
        Path | None,
        typer.Option(help="Trust anchors that judge it; default: those in the backup, which came with it."),
    ] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Bring items here that the backup left in S3.")] = False,
    erasures: Annotated[
        Path | None,
        typer.Option(help="Folder with proofs of erasures: what they name is erased again.", file_okay=False),
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
        done = run(settings, source, trust, progress, fetch=fetch, erasures=erasures)
    _tell_missing(done.missing)
    typer.echo(f"{settings.data}: {done.events} events verified and restored, {done.blobs} sealed items")
    _tell_left(done.left_in_s3)
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
    read_back: Annotated[
        bool,
        typer.Option("--read-back", help="Read every copy in S3 back whole, not only those that are nowhere else."),
    ] = False,
) -> None:
    """Read every sealed item again and compare it with its name, the SHA-256 of its bytes. The server may run.

    With S3 set up, its copies are looked at too: what is rotten or missing here is put back from there, and what is
    lost or rotten there is sent again from here by the server.

    Exit code 0: every item that the journal speaks of is there and whole, or is again. 1: one is not; it is named.
    """
    from evidence.store.blobs.directory import DirectoryBlobs
    from server.keeping import scrubbing
    from server.settings import Settings

    settings = Settings.load()
    spare = DirectoryBlobs(mend_from / "blobs") if mend_from else None
    with _bar("bytes read", scrubbing.bytes_to_read(settings, copy, every_byte=read_back)) as read:
        if copy is not None:
            found = scrubbing.of_backup(copy, pace * MIB or None, spare, read)
        else:
            found = scrubbing.of_data(settings, pace * MIB or None, spare, read, every_byte=read_back)
    _tell_scrubbed(found.here, found.sealed)
    if found.in_s3 is not None:
        _tell_scrubbed(found.in_s3, found.sealed, "copies in S3")
    sys.exit(0 if found.well else EXIT_INCOMPLETE)


def status() -> None:
    """Say which sealed items have a verified copy in S3, which wait for one and why, and when all were last read.

    Exit code 0: nothing waits for longer than an hour. 1: something does.
    """
    from datetime import timedelta

    from evidence import ids
    from server.keeping.local_copies import fullness_percent
    from server.keeping.remote_copies import open_copies
    from server.keeping.scrub_state import NOTE, Rounds
    from server.layout import Layout
    from server.settings import Settings

    settings = Settings.load()
    layout = Layout.founded(settings.data)
    with open_copies(settings) as (copies, s3):
        backlog, totals = copies.backlog(), copies.totals()
    typer.echo(f"bucket    {settings.s3_bucket or 'none: copies are made when GETUIGE_S3_BUCKET is set'}")
    typer.echo(f"in S3     {totals.stored} items, {totals.stored_bytes / MIB:,.1f} MiB; {totals.dropped} only there")
    typer.echo(
        f"waiting   {backlog.waiting} items, {backlog.waiting_bytes / MIB:,.1f} MiB; {backlog.failing} failed before"
    )
    if backlog.oldest is not None:
        typer.echo(f"oldest    {backlog.oldest}")
    if backlog.last_trouble is not None:
        typer.echo(f"trouble   {backlog.last_trouble}")
    typer.echo(f"disk      {fullness_percent(layout.blobs):.0f} % full")
    scrub = Rounds(layout.data / NOTE).load()
    said = "" if scrub.finished_at is None else f"; {scrub.unmended} items not well"
    typer.echo(
        f"scrubbed  {scrub.finished_at or 'never by the server'}{said if not scrub.next_folder else ', and now again'}"
    )
    hour_ago = ids.time_of(ids.moment_of(ids.now()) - timedelta(hours=1))
    late = s3 is not None and backlog.oldest is not None and backlog.oldest < hour_ago
    sys.exit(EXIT_INCOMPLETE if late else 0)


def _tell_scrubbed(report: "Report", sealed: "dict[ids.Sha256, verifying.Sealed]", what: str = "items") -> None:
    for finding in report.findings:
        one = sealed.get(finding.sha256)
        of = f"event {one.index}, item {one.item}, case {one.case}" if one else "not sealed"
        typer.echo(f"{finding.kind.value.upper():<8} {finding.sha256}  ({of}){', mended' if finding.mended else ''}")
    bad = sum(not finding.mended for finding in report.findings)
    unsealed = f", {report.unsealed} of them not sealed (yet)" if report.unsealed else ""
    typer.echo(f"{report.blobs} {what}, {report.size_bytes / MIB:.1f} MiB read{unsealed}; {bad} not well")


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(backup)
    app.command()(restore)
    app.command()(scrub)
    storage = typer.Typer(no_args_is_help=True, help="Copies of sealed items in S3.")
    storage.command()(status)
    app.add_typer(storage, name="storage")

"""`getuige migrate`: bring the tables of the journal's database to those of this Getuige."""

from typing import Annotated

import typer


def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the steps and their SQL; change nothing.")] = False,
) -> None:
    """Bring the database's tables to those of this Getuige: all steps, or none.

    A SQLite file is migrated by itself when it is opened; PostgreSQL waits for this command, and `serve` refuses to
    start before. Make a backup first. A database that a newer Getuige made is refused and not touched.
    """
    from evidence.store.database import migrating
    from evidence.store.database.engine import connect
    from server.settings import Settings

    engine = connect(Settings.load().database_url)
    try:
        plan = migrating.plan(engine) if dry_run else migrating.migrate(engine)
    finally:
        engine.dispose()
    if not plan.steps:
        typer.echo(f"Nothing to do: the database is at step {plan.current}.")
        return
    typer.echo(f"The database {'is' if dry_run else 'was'} {f'at step {plan.current}' if plan.current else 'empty'}.")
    for step in plan.steps:
        typer.echo(f"{'to do' if dry_run else 'done '}  {step.number}  {step.summary}")
    if dry_run:
        typer.echo(f"\n{plan.sql.rstrip()}")


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(migrate)

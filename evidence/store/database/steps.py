"""The steps of `migrations/`, by Alembic: which there are, their SQL, and taking them.

Apart from `migrating`, because most of what opens a database finds it at the newest step and needs none of this.
"""

import io

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from evidence.store.database.migrating import Step


def after(current: str | None) -> tuple[Step, ...]:
    """Return the steps behind one, in order; all of them behind None."""
    script = ScriptDirectory.from_config(config())
    steps = (Step(one.revision, (one.doc or "").strip()) for one in script.walk_revisions("base", "heads"))
    return tuple(sorted((step for step in steps if step.number > (current or "")), key=lambda step: step.number))


def sql(dialect: str, current: str | None, newest: str) -> str:
    """Return the SQL of the steps from `current` to `newest`."""
    text = io.StringIO()
    command.upgrade(config(dialect=dialect, text=text), f"{current or 'base'}:{newest}", sql=True)
    return text.getvalue()


def upgrade(connection: Connection, newest: str) -> None:
    """Take the steps up to `newest`, in the transaction of a connection."""
    command.upgrade(config(connection=connection), newest)


def config(**attributes: object) -> Config:
    """Return where the steps are, with what their environment (`migrations/env.py`) is told."""
    found = Config(attributes=attributes)
    found.set_main_option("script_location", "evidence.store.database:migrations")
    found.set_main_option("path_separator", "os")
    return found

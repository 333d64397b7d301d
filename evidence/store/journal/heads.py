"""The head row of the custody log: where integrators meet, compared and swapped in one transaction."""

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from evidence.custody.log.integrator import Head
from evidence.store.database.engine import reading, writing
from evidence.store.database.schema import log_head


class SqlHeads:
    """A `HeadStore` in the database of the journal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self) -> Head | None:
        """Return the head row, or None for a log that was never signed."""
        with reading(self._engine) as connection:
            row = connection.execute(select(log_head.c.size, log_head.c.root, log_head.c.note)).one_or_none()
        return None if row is None else Head(row.size, row.root, row.note)

    def swap(self, expected: Head | None, new: Head) -> bool:
        """Durably replace `expected` by `new`; False, and nothing changed, when it is not `expected`."""
        row = {"size": new.size, "root": new.root, "note": new.note}
        try:
            with writing(self._engine) as connection:
                if expected is None:
                    connection.execute(insert(log_head).values(id=1, **row))
                    return True
                unchanged = (
                    log_head.c.id == 1,
                    log_head.c.size == expected.size,
                    log_head.c.root == expected.root,
                    log_head.c.note == expected.note,
                )
                return connection.execute(update(log_head).where(*unchanged).values(row)).rowcount == 1
        except IntegrityError:
            return False

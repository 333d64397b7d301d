"""Leases: which of several processes does something that one should do, by a row that runs out when its holder dies.

A lease is advice and not a lock: clocks stop, networks part, and two holders can overlap for a moment. Whoever asks
must be right without it too.
"""

import time

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from evidence.store.database.engine import writing
from evidence.store.database.schema import leases


def take(engine: Engine, name: str, holder: str, for_s: float) -> str:
    """Take or renew the lease `name` for `holder` if it is free, ran out, or is theirs; return who holds it now.

    Time is the database's own, so that it is one clock. Raises what the database raises.
    """
    with writing(engine) as connection:
        now_ms = _now_ms(connection)
        insert = sqlite_insert if engine.dialect.name == "sqlite" else postgresql_insert
        row = {"name": name, "holder": holder, "until_ms": now_ms + round(for_s * 1000)}
        made = insert(leases).values(row)
        free = (leases.c.holder == holder) | (leases.c.until_ms < now_ms)
        connection.execute(
            made.on_conflict_do_update(
                index_elements=[leases.c.name],
                set_={"holder": made.excluded.holder, "until_ms": made.excluded.until_ms},
                where=free,
            )
        )
        return str(connection.execute(select(leases.c.holder).where(leases.c.name == name)).scalar_one())


def _now_ms(connection: Connection) -> int:
    if connection.dialect.name == "sqlite":
        return time.time_ns() // 1_000_000  # the file is on this machine, and so is its clock
    seconds = connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one()
    return int(seconds * 1000)

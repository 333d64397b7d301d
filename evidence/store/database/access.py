"""Rows about signing in: locked keys, sessions, and challenges that were used. Nothing here is evidence.

A session is stored under the hash of its token, so that a copy of the database opens no session.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from evidence import ids
from evidence.keys import LockedKey
from evidence.store.database.engine import reading, writing
from evidence.store.database.schema import former_locked_keys, locked_keys, sessions, spent_challenges
from evidence.store.errors import StoreError


class HandleTakenError(StoreError):
    """Another key lives under this handle."""


@dataclass(frozen=True)
class Session:
    """A browser that proved, once, to hold a staff key."""

    kid: ids.KeyId
    expires_at: ids.Time


@dataclass(frozen=True)
class KeptKey:
    """A locked key and the name of the signing key inside, as its owner stated it (and proves at sign-in)."""

    kid: ids.KeyId
    key: LockedKey


def _sha256(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()


class AccessStore:
    """Locked keys, sessions and spent challenges in the database of the journal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep_locked_key(self, kid: ids.KeyId, key: LockedKey) -> None:
        """Store or replace a locked key; the last other one is kept. HandleTakenError: the handle is another kid's."""
        with writing(self._engine) as connection:
            owner = connection.scalar(select(locked_keys.c.kid).where(locked_keys.c.handle == key.handle))
            if owner not in {None, kid}:
                raise HandleTakenError("this handle is in use")
            found = connection.execute(select(locked_keys).where(locked_keys.c.handle == key.handle)).one_or_none()
            if found is not None and found.document != key.to_bytes():
                connection.execute(delete(former_locked_keys).where(former_locked_keys.c.handle == key.handle))
                connection.execute(insert(former_locked_keys).values(found._asdict()))
            connection.execute(delete(locked_keys).where(locked_keys.c.handle == key.handle))
            connection.execute(insert(locked_keys).values(handle=key.handle, kid=kid, document=key.to_bytes()))

    def locked_key(self, handle: str) -> KeptKey | None:
        """Return the locked key under a handle."""
        query = select(locked_keys.c.kid, locked_keys.c.document).where(locked_keys.c.handle == handle)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else KeptKey(ids.KeyId(row.kid), LockedKey.from_bytes(row.document))

    def former_locked_key(self, handle: str) -> KeptKey | None:
        """Return what stood under a handle before it was last replaced."""
        table = former_locked_keys
        query = select(table.c.kid, table.c.document).where(table.c.handle == handle)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else KeptKey(ids.KeyId(row.kid), LockedKey.from_bytes(row.document))

    def spend(self, challenge: bytes, expires_at: ids.Time, now: ids.Time) -> bool:
        """Mark a challenge as used; False when it was used before. Forgets those that expired."""
        row = {"challenge_sha256": _sha256(challenge), "expires_at": expires_at}
        try:
            with writing(self._engine) as connection:
                connection.execute(delete(spent_challenges).where(spent_challenges.c.expires_at <= now))
                connection.execute(insert(spent_challenges).values(row))
        except IntegrityError:
            return False
        return True

    def open_session(self, token: bytes, session: Session, now: ids.Time) -> None:
        """Store a session under the hash of its token. Forgets those that expired."""
        row = {"token_sha256": _sha256(token), "kid": session.kid, "expires_at": session.expires_at}
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
            connection.execute(insert(sessions).values(row))

    def session(self, token: bytes, now: ids.Time) -> Session | None:
        """Return the session of a token, None when there is none or it has expired."""
        query = select(sessions.c.kid, sessions.c.expires_at).where(
            sessions.c.token_sha256 == _sha256(token), sessions.c.expires_at > now
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Session(ids.KeyId(row.kid), ids.Time(row.expires_at))

    def close_session(self, token: bytes) -> None:
        """End a session."""
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.token_sha256 == _sha256(token)))

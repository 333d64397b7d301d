"""A trial on the real bucket of what it all rests on: locked, nothing can be written over, shortened or deleted.

A store can accept every header of Object Lock and keep to none. One small object, locked for a minute, tells.
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from evidence import ids
from evidence.store.blobs import shipping
from evidence.store.blobs.s3 import Place, S3Blobs, S3RefusedError, S3TakenError

LOCKED_FOR: Final = timedelta(minutes=1)
"""Longer than the trial takes, clocks that differ included; afterwards anybody may remove what it left."""

FOLDER: Final = "check/"
"""Of the trials' objects, behind the prefix of the bucket: for a lifecycle rule, or a broom."""


def try_lock(place: Place) -> list[str]:
    """Return what the bucket does not hold to, in words; empty when it holds to everything.

    Raises BlobAwayError, and S3RefusedError when the key may not even write or read.
    """
    s3 = S3Blobs(replace(place, prefix=place.prefix + FOLDER))
    why = s3.check_bucket()
    return [why] if why is not None else list(_faults(s3))


def _faults(s3: S3Blobs) -> Iterator[str]:
    data = secrets.token_bytes(32)
    name = ids.Sha256(hashlib.sha256(data).hexdigest())
    now = ids.moment_of(ids.now())
    until, sooner = ids.time_of(now + LOCKED_FOR), ids.time_of(now + LOCKED_FOR / 2)
    version = s3.put(name, data, until)
    found = s3.look(name, version)
    if found is None or found.locked_until is None:
        yield "it stores without the lock that was asked for"
    try:
        s3.delete(name, version)
    except S3RefusedError:
        pass
    else:
        yield "it deletes a locked version"
        return
    try:
        s3.put(name, data, until)
        yield "it writes again over a name that is taken (If-None-Match)"
    except S3TakenError:
        pass
    try:
        s3.lock(name, version, sooner)
        yield "it shortens a lock"
    except S3RefusedError:
        pass
    if s3.look(name, version) is None or not shipping.is_whole(s3, name, version):
        yield "it does not give back what was stored"

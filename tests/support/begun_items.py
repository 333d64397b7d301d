"""Items that a phone announced and has not sealed yet, at a running server."""

import os

from evidence.statements import bodies
from tests.support.server_world import CaseOfHers, Person, SealedItem, seal

SIZE = 300_000


def begun(case: CaseOfHers, phone: Person, size: int = SIZE) -> tuple[SealedItem, str, bodies.ItemOpen, int]:
    """Seal a file and create its upload; returns item, address, announcement, and where the content starts."""
    item = seal(phone, [case.vault.identity.xwing_public], content=os.urandom(size))
    where = phone.create(len(item.container), item.body.container.sha256, item.body.item).headers["location"]
    start = len(item.container) - (item.body.content.size if item.body.content else 0)
    return item, where, bodies.ItemOpen(item.body.item, item.body.head), start


def announced(case: CaseOfHers, phone: Person, arrived: int) -> tuple[SealedItem, str]:
    """Begin an item, announce it, and let `arrived` bytes of its content come in."""
    item, where, opening, start = begun(case, phone)
    assert phone.patch(where, 0, item.container[:start]).status_code == 204
    phone.act("item.open", opening)
    assert phone.patch(where, start, item.container[start : start + arrived]).status_code == 204
    return item, where

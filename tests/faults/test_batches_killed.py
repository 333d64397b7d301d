"""Proves that a batch on its way when the server is killed is in the journal whole or not at all, and each once.

The server is a process of its own (`getuige serve`), as in earnest.
"""

import signal
import threading

import httpx

from evidence import canonical, ids, keys
from evidence.statements import event
from evidence.statements.statement import Statement
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from server.settings import Settings
from tests.support.batches import post_batch
from tests.support.server_process import invitation, serving
from tests.support.server_world import Person, World
from tests.support.waiting import until

TOGETHER = 20
SENDERS = 4


def test_a_batch_is_stored_whole_or_not_at_all(settings: Settings, root: keys.Identity) -> None:
    """Batches are sent at full speed while the process is killed; then all of them are sent again."""
    sent: list[list[Statement]] = []
    given: dict[ids.Sha256, dict[str, str]] = {}
    with serving(settings) as process:
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        who = case.world.caseworker

        def send() -> None:
            try:
                while True:
                    said = [invitation(who, case) for _ in range(TOGETHER)]
                    sent.append(said)
                    answer = post_batch(who, said)
                    if answer.status_code != 201:
                        return
                    given.update(zip([one.id for one in said], answer.json()["receipts"], strict=True))
            except httpx.TransportError:
                return

        threads = [threading.Thread(target=send) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        until(lambda: len(given) > 3 * TOGETHER, "receipts come")
        process.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
    assert len(sent) * TOGETHER > len(given), "some were on their way"
    stored = stored_in(settings)
    for said in sent:
        here = [one.id in stored for one in said]
        assert all(here) or not any(here), "a batch is one commit"
        assert all(here) or not any(one.id in given for one in said), "what has a receipt is stored"
    with serving(settings):
        for said in sent:
            answer = post_batch(who, said)
            assert answer.status_code in {200, 201}, answer.text
            for one, receipt in zip(said, answer.json()["receipts"], strict=True):
                assert given.get(one.id, receipt) == receipt, "the same receipt again"
    again = stored_in(settings)
    assert set(again) == set(stored) | {one.id for said in sent for one in said}


def stored_in(settings: Settings) -> list[ids.Sha256]:
    """Return the statements in the journal, in order; fail when one is there twice, or an index is missing."""
    engine = open_engine(settings.database_url)
    try:
        events = SqlJournal(engine).read(limit=10_000)
    finally:
        engine.dispose()
    assert [one.index for one in events] == list(range(len(events)))
    found = [event.parse(one.event).statement.id for one in events]
    assert len(set(found)) == len(found)
    assert all(canonical.decode_exact(one.event) for one in events)
    return found

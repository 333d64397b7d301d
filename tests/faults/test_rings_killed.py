"""Proves that a ring which is renewed when the server is killed is the one before or the next, and never a part.

The server is a process of its own (`getuige serve`), as in earnest.
"""

import signal
import threading

import httpx

from evidence import keys
from evidence.envelope import rings
from server.settings import Settings
from tests.support.ring_bytes import ring
from tests.support.server_process import serving
from tests.support.server_world import Person, World
from tests.support.waiting import until

SENDERS = 3


def test_a_ring_is_renewed_whole_or_not_at_all(settings: Settings, root: keys.Identity) -> None:
    sent: dict[int, bytes] = {}
    acknowledged: list[int] = []
    with serving(settings) as process:
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        phone = case.phone()
        items = [case.sealed(phone).body.item for _ in range(3)]
        where = f"{settings.public_url}/api/v1/cases/{case.case}/ring"

        def send(first: int) -> None:
            number = first
            try:
                while True:
                    sent[number] = ring(number, *items)
                    if case.vault.http.put(where, content=sent[number]).status_code != 204:
                        return
                    acknowledged.append(number)
                    number += SENDERS
            except httpx.TransportError:
                return

        threads = [threading.Thread(target=send, args=(first,)) for first in range(1, SENDERS + 1)]
        for thread in threads:
            thread.start()
        until(lambda: len(acknowledged) > 5 * SENDERS, "rings are renewed")
        process.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
    assert len(sent) > len(acknowledged), "some were on their way"
    with serving(settings):
        found = case.vault.http.get(where)
        assert found.status_code == 200
        number = rings.parse(found.content).number
        assert found.content == sent[number]
        assert number >= max(acknowledged) - 2 * SENDERS, "none of long before"
        assert case.vault.http.put(where, content=ring(max(sent) + 1, *items)).status_code == 204

"""A bare server of signed statements in plain asyncio: the least that a receipt costs in Python.

It verifies the signatures of request and statement, commits the row together with all that wait, and signs a receipt.
It knows no rule, case, problem, log line or retry. Words: a port, a file of public keys, and a new database.
"""

import asyncio
import hashlib
import json
import secrets
import sqlite3
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey, VerifyKey
from sqlalchemy import create_engine

from evidence.custody.log.leaf import leaf_entry
from evidence.store.database.schema import metadata

KEYS = {kid: VerifyKey(bytes.fromhex(public)) for kid, public in json.loads(Path(sys.argv[2]).read_text()).items()}
OWN = SigningKey.generate()
COLUMNS = ("idx", "statement", "type", "case_id", "signer", "received_at", "event", "salt", "leaf")
INSERT = f"INSERT INTO events ({','.join(COLUMNS)}) VALUES ({','.join('?' * len(COLUMNS))})"  # noqa: S608 - names of ours


def pae(kind: str, body: bytes) -> bytes:
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(body), body)


def verified(head: dict[str, str], line: list[str], body: bytes) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return the envelope, what it says, and its id, once both signatures hold."""
    params = head["signature-input"].partition("=")[2]
    digest = b64encode(hashlib.sha256(body).digest()).decode()
    base = (
        f'"@method": {line[0]}\n"@authority": {head["host"]}\n"@path": {line[1]}\n"@query": ?\n'
        f'"content-digest": sha-256=:{digest}:\n"@signature-params": {params}'
    )
    kid = params.partition('keyid="')[2][:32]
    KEYS[kid].verify(base.encode(), b64decode(head["signature"].partition("=:")[2][:-1]))
    envelope = json.loads(body)
    payload = b64decode(envelope["payload"])
    KEYS[kid].verify(pae(envelope["payloadType"], payload), b64decode(envelope["signatures"][0]["sig"]))
    return envelope, json.loads(payload), hashlib.sha256(payload).hexdigest()


class Store:
    """Commits all that wait by one transaction, in a thread, while the next gather."""

    def __init__(self, path: str) -> None:
        engine = create_engine(f"sqlite:///{path}")
        metadata.create_all(engine)
        engine.dispose()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self.size = 0
        self._waiting: list[tuple[tuple[Any, ...], asyncio.Future[None]]] = []
        self._at_work: asyncio.Task[None] | None = None

    async def add(self, row: tuple[Any, ...]) -> None:
        """Return when the row is durable."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        if self._at_work is None:
            self._at_work = asyncio.create_task(self._work())
        await done

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await asyncio.to_thread(self._write, [row for row, _ in batch])
            for _, done in batch:
                done.set_result(None)
        self._at_work = None

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(INSERT, rows)
        self._connection.execute("COMMIT")


async def serve(store: Store, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with_end = b"\r\n\r\n"
    while raw := await reader.readuntil(with_end):
        first, *lines = raw.decode().removesuffix("\r\n\r\n").split("\r\n")
        head = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(head["content-length"]))
        envelope, said, name = verified(head, first.split(), body)
        index, salt = store.size, secrets.token_bytes(32)
        store.size += 1
        event = json.dumps({"dsse": envelope, "index": index, "received_at": said["at"], "v": 1}).encode()
        leaf = leaf_entry(salt, event)
        await store.add((index, name, said["type"], said["case"], said["by"], said["at"], event, salt, leaf))
        about = {"index": index, "statement": name, "event": hashlib.sha256(event).hexdigest(), "leaf": leaf.hex()}
        payload = json.dumps(about).encode()
        receipt = {
            "payload": b64encode(payload).decode(),
            "sig": b64encode(OWN.sign(pae("r", payload)).signature).decode(),
        }
        answer = json.dumps({"receipt": receipt, "event": b64encode(event).decode(), "salt": salt.hex()}).encode()
        writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n%b" % (len(answer), answer))


async def main() -> None:
    store = Store(sys.argv[3])

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(store, reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    async with await asyncio.start_server(one, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

"""What an upload costs until it is sealed: a film of a gigabyte, and incidents of 200 KiB from one phone, one by one.

Run by `make bench-uploads`; adds its rows to `var/bench/uploads.json`. Ours is the whole way: the bytes and the
statement that seals them, up to the receipt (an incident is announced as well). Peers take turns in a rotated order: a
bare uvicorn that hashes, writes and flushes once (the floor of processor time), `@tus/server` followed by sha256sum and
sync, `cp` with a flush, and hashlib alone.
"""

import base64
import hashlib
import json
import socket
import statistics
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest

from evidence import keys
from evidence.envelope import sealing
from evidence.statements import bodies
from evidence.statements.statement import Chain
from server.founding import found
from server.uploads import core
from tests.bench.upload_peers import bare_uvicorn, tus_server
from tests.bench.uploads import (
    MIB,
    PART,
    SIZE,
    SMALL_BYTES,
    Measured,
    copy_and_flush,
    create_at_reference,
    figure,
    head_of,
    keep,
    send,
    signed,
)
from tests.support.incidents import photo
from tests.support.server_process import serving
from tests.support.server_world import (
    STATEMENTS,
    TUS,
    UPLOADS,
    CaseOfHers,
    Person,
    SealedItem,
    World,
    seal,
    settings_in,
)

ROUNDS = 3
INCIDENTS = 100
Turn = Callable[[], None]


def in_turns(took: dict[str, Measured], turns: dict[str, tuple[int | None, Turn]], number: int) -> None:
    """Let each do its work once; who begins changes from round to round."""
    names = list(turns)
    for name in names[number % len(names) :] + names[: number % len(names)]:
        took[name].turn(*turns[name])


def seal_request(phone: Person, body: bodies.ItemSeal) -> httpx.Request:
    """Return the statement as a signed request, and have the phone count it as accepted."""
    statement = phone.sign("item.seal", body)
    assert phone.chain is not None
    phone.chain = Chain(phone.chain.seq + 1, statement.id)
    return signed(phone, httpx.Request("POST", phone.url + STATEMENTS, content=statement.envelope.to_bytes()))


def ask(line: socket.socket, request: httpx.Request, content: bytes = b"") -> HTTPResponse:
    """Send a request and read its whole answer."""
    line.sendall(head_of(request) + (content or request.read()))
    answer = HTTPResponse(line, method=request.method)
    answer.begin()
    assert answer.status in {200, 201, 204}, answer.read()
    answer.read()
    return answer


def asked_alone(port: int, request: httpx.Request) -> None:
    with connected(port) as line:
        ask(line, request)


def connected(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def hashed_and_flushed(path: Path) -> None:
    subprocess.run(["sha256sum", path], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["sync", "--data", path], check=True)


def hashed(path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")


# --------------------------------------------------------------------------------------------------- a gigabyte, sealed


def film_of(case: CaseOfHers, phone: Person, original: Path, target: Path) -> bodies.ItemSeal:
    """Seal a film into `target`."""
    content = sealing.Content.of_file(original, "video/mp4")
    readers = [case.vault.identity.xwing_public]
    prepared = sealing.prepare(phone.identity, case.case, photo("Voordeur", kind="video"), readers, content)
    with target.open("wb") as out:
        return sealing.write(prepared, content, out)


@pytest.mark.timeout(1800)
def test_a_film_until_it_is_sealed(tmp_path: Path) -> None:
    settings, root = settings_in(tmp_path / "data"), keys.Identity.generate()
    found(settings, root, "Filomena")
    original, film, copy = tmp_path / "film.mp4", tmp_path / "film", tmp_path / "copy"
    block = hashlib.shake_256(b"a film").digest(MIB)
    with original.open("wb") as file:
        for number in range(SIZE // MIB):
            file.write(number.to_bytes(8, "big") + block[8:])
    took = {name: Measured() for name in ("ours", "seal", "bare", "reference", "cp", "sha256")}
    with ExitStack() as stack:
        server = stack.enter_context(serving(settings))
        bare, reference = stack.enter_context(bare_uvicorn(tmp_path)), stack.enter_context(tus_server(tmp_path))
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        phone = case.phone()
        for number in range(ROUNDS + 1):
            body = film_of(case, phone, original, film)
            size = {"content-length": str(film.stat().st_size)}
            where = phone.create(film.stat().st_size, body.container.sha256, body.item).headers["location"]
            ours = signed(phone, httpx.Request("PATCH", where, headers={**PART, **size}))
            sealing_it = seal_request(phone, body)
            put = httpx.Request("PUT", f"http://127.0.0.1:{bare.port}/", headers=size)
            there = create_at_reference(reference.port, film.stat().st_size)
            patch = httpx.Request("PATCH", there, headers={**PART, **size})
            at_reference = tmp_path / "tus" / there.rsplit("/", 1)[1]

            def sent_and_sealed(ours: httpx.Request = ours, last: httpx.Request = sealing_it) -> None:
                send(settings.port, ours, film)
                took["seal"].turn(server.pid, partial(asked_alone, settings.port, last))

            def at_the_reference(patch: httpx.Request = patch, path: Path = at_reference) -> None:
                send(reference.port, patch, film)
                hashed_and_flushed(path)

            turns: dict[str, tuple[int | None, Turn]] = {
                "ours": (server.pid, sent_and_sealed),
                "bare": (bare.pid, partial(send, bare.port, put, film)),
                "reference": (reference.pid, at_the_reference),
                "cp": (None, partial(copy_and_flush, film, copy)),
                "sha256": (None, partial(hashed, film)),
            }
            in_turns(took, turns, number)
            for path in (
                settings.data / "blobs" / body.container.sha256[:2] / body.container.sha256,
                at_reference,
                copy,
            ):
                path.unlink()
            if number == 0:  # to warm up
                took.update({name: Measured() for name in took})
    rate = {name: SIZE / MIB / statistics.median(one.seconds) for name, one in took.items()}
    work = {name: statistics.median(one.cpu) / (SIZE / MIB / 1024) for name, one in took.items()}
    print(json.dumps({name: [round(second, 2) for second in one.seconds] for name, one in took.items()}))
    print(json.dumps({name: [round(second, 2) for second in one.cpu] for name, one in took.items()}), "CPU seconds")
    floor = min(rate["sha256"], rate["cp"])
    again = statistics.median(took["sha256"].seconds)
    keep(
        tmp_path,
        figure("CPU until sealed", "s/GiB", work["ours"], work["bare"], "bare uvicorn: hash, write", 1.25, less=True),
        figure("Film until sealed", "MiB/s", rate["ours"], floor, "the slower of SHA-256 and cp + sync", 0.8),
        figure(
            "Film until sealed against @tus/server",
            "MiB/s",
            rate["ours"],
            rate["reference"],
            "with sha256sum and sync",
            0.8,
        ),
        figure(
            "The seal alone", "s", statistics.median(took["seal"].seconds), again, "SHA-256 of the film", 0.2, less=True
        ),
    )


# ------------------------------------------------------------------------------------------- one incident after another


def from_her_phone(phone: Person, item: SealedItem) -> list[tuple[httpx.Request, bytes]]:
    """Return what her phone sends for an incident: the announcement, the bytes, the statement; signed beforehand."""
    size = len(item.container)
    creation = core.Creation(size, item.body.item, item.body.container.sha256)
    pairs = {"item": creation.item, "sha256": creation.sha256}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    announced = {**TUS, "upload-length": str(size), "upload-metadata": metadata, "content-length": "0"}
    where = f"{phone.url}{UPLOADS}"
    create = signed(phone, httpx.Request("POST", where, headers=announced))
    where = f"{where}/{core.upload_id(phone.kid, creation)}"
    patch = signed(phone, httpx.Request("PATCH", where, headers={**PART, "content-length": str(size)}))
    return [(create, b""), (patch, item.container), (seal_request(phone, item.body), b"")]


def all_sent(port: int, requests: list[tuple[httpx.Request, bytes]]) -> None:
    with connected(port) as line:
        for request, content in requests:
            ask(line, request, content)


def sent_to_reference(port: int, folder: Path, items: list[SealedItem]) -> None:
    """Send them to a server that neither hashes nor flushes, and do that afterwards."""
    with connected(port) as line:
        for item in items:
            size = len(item.container)
            announced = {**TUS, "upload-length": str(size), "content-length": "0"}
            there = ask(line, httpx.Request("POST", f"http://127.0.0.1:{port}/files", headers=announced))
            where = there.headers["location"]
            ask(line, httpx.Request("PATCH", where, headers={**PART, "content-length": str(size)}), item.container)
            hashed_and_flushed(folder / where.rsplit("/", 1)[1])


@pytest.mark.timeout(900)
def test_incidents_until_they_are_sealed(tmp_path: Path) -> None:
    settings, root = settings_in(tmp_path / "data"), keys.Identity.generate()
    found(settings, root, "Filomena")
    took = {name: Measured() for name in ("ours", "reference")}
    content = bytes(SMALL_BYTES)
    with ExitStack() as stack:
        server, reference = stack.enter_context(serving(settings)), stack.enter_context(tus_server(tmp_path))
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        phone = case.phone()
        for number in range(ROUNDS):
            items = [seal(phone, [case.vault.identity.xwing_public], content=content) for _ in range(INCIDENTS)]

            requests = [request for item in items for request in from_her_phone(phone, item)]
            turns: dict[str, tuple[int | None, Turn]] = {
                "ours": (server.pid, partial(all_sent, settings.port, requests)),
                "reference": (reference.pid, partial(sent_to_reference, reference.port, tmp_path / "tus", items)),
            }
            in_turns(took, turns, number)
    rate = {name: INCIDENTS / statistics.median(one.seconds) for name, one in took.items()}
    keep(
        tmp_path,
        figure(
            "Incidents from one phone until sealed",
            "a second",
            rate["ours"],
            rate["reference"],
            "@tus/server, sha256sum, sync",
            0.8,
        ),
    )
    print(json.dumps({name: [round(second, 2) for second in one.seconds] for name, one in took.items()}))
    print(json.dumps({name: round(statistics.median(one.cpu), 2) for name, one in took.items()}), "CPU seconds")

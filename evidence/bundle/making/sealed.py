"""The maker of sealed bundles: ciphertext and proofs in one stored ZIP, by a server that can read none of it.

Two steps, because the export is itself an event: `plan` fixes the payload and its manifest; the investigator signs an
`export` statement over that manifest's hash; `write` adds the proof of that event and everything else.
"""

import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from evidence import canonical, files, ids
from evidence.bundle.checking import shell
from evidence.bundle.format import bag, layout
from evidence.bundle.format.howto import HOWTO_TEXT
from evidence.bundle.format.rotations import Handover
from evidence.bundle.format.tokens import Tokens
from evidence.bundle.making.selection import Read, Request
from evidence.errors import EvidenceError
from evidence.statements import bodies
from evidence.statements import event as events

ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time a ZIP can hold: the archive says nothing about this machine's clock."""

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


class BuildError(EvidenceError):
    """The bundle cannot be built from what the store holds."""


@dataclass(frozen=True)
class Source:
    """The first `size` bytes of a local file."""

    path: Path
    size: int


@dataclass(frozen=True)
class Plan:
    """A bundle's payload, fixed: its events, its containers and its manifest."""

    request: Request
    events: tuple[events.Recorded, ...]
    containers: Mapping[str, Source]
    manifest: bytes

    @property
    def manifest_sha256(self) -> ids.Sha256:
        """What the `export` statement commits to."""
        return ids.Sha256(bag.sha256_of([self.manifest]))


@dataclass(frozen=True)
class Proofs:
    """What proves the payload: proof files by event index, RFC 3161 tokens and their renewals.

    `head` is the consistency proof from the head that the export names to the one that holds the export's own event, or
    to the last one of its log when that ended in between.
    """

    export_event: events.Recorded
    by_index: Mapping[int, bytes]
    tokens: Tokens
    head: tuple[bytes, ...]
    handover: Handover | None = None
    """How the log went on under other keys; None when its key was never rotated."""


def plan(
    request: Request,
    chosen: Sequence[Read],
    container_path: Callable[[ids.Sha256], Path],
    begun: Mapping[ids.ItemId, Source] = MappingProxyType({}),
) -> Plan:
    """Fix the payload. `container_path` gives the local file of a container; BuildError if one is not there.

    `begun` has what arrived of items that were announced and never sealed; one that is not named is left out.
    """
    digests: dict[str, str] = {}
    containers: dict[str, Source] = {}
    for recorded, statement in chosen:
        digests[layout.event(recorded.index)] = recorded.event_sha256
        body = statement.body
        if isinstance(body, bodies.ItemSeal):
            name = layout.container(body.item)
            containers[name] = Source(container_path(body.container.sha256), body.container.size)
            digests[name] = body.container.sha256
            if containers[name].path.stat().st_size != body.container.size:
                raise BuildError(f"the store holds item {body.item} in another size than was sealed")
        elif isinstance(body, bodies.ItemOpen) and body.item in begun:
            name = layout.container(body.item)
            containers[name] = begun[body.item]
            digests[name] = bag.sha256_of(_read(begun[body.item]))
    taken = tuple(one.recorded for one in chosen)
    digests[layout.SALTS] = bag.sha256_of([_salts(taken)])
    return Plan(request, taken, containers, bag.manifest_text(digests))


def write(planned: Plan, proofs: Proofs, target: Path, progress: Progress = lambda _done, _all: None) -> None:
    """Write the ZIP to `target`: whole and durable, or not at all. Containers are hashed as they are copied.

    BuildError if a container is no longer what was sealed.
    """
    partial = target.with_suffix(".partial")
    with partial.open("wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            _write_members(archive, planned, proofs, progress)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)
    files.sync_folder(target.parent)


def _write_members(archive: zipfile.ZipFile, planned: Plan, proofs: Proofs, progress: Progress) -> None:
    top = f"getuige-{planned.request.export}"
    expected = bag.parse_manifest(planned.manifest)
    total = sum(source.size for source in planned.containers.values())
    done = 0

    def add(name: str, pieces: Iterator[bytes]) -> str:
        nonlocal done
        info = zipfile.ZipInfo(f"{top}/{name}", ZIP_EPOCH)
        info.external_attr = 0o644 << 16
        with archive.open(info, "w", force_zip64=name in planned.containers) as member:

            def copied() -> Iterator[bytes]:
                for data in pieces:
                    member.write(data)
                    yield data

            digest = bag.sha256_of(copied())
        if name in planned.containers:
            done += planned.containers[name].size
            progress(done, total)
        return digest

    tags = dict(_tag_files(planned, proofs, total))
    tag_digests = {name: add(name, iter([data])) for name, data in tags.items()}
    for name, data in _payload_files(planned):
        if add(name, data) != expected[name]:
            raise BuildError(f"{name} is not what was sealed: the stored copy changed")
    add(bag.TAG_MANIFEST, iter([bag.manifest_text(tag_digests)]))


def _payload_files(planned: Plan) -> Iterator[tuple[str, Iterator[bytes]]]:
    yield layout.SALTS, iter([_salts(planned.events)])
    for recorded in planned.events:
        yield layout.event(recorded.index), iter([recorded.event])
    for name, source in planned.containers.items():
        yield name, _read(source)


def _tag_files(planned: Plan, proofs: Proofs, container_bytes: int) -> Iterator[tuple[str, bytes]]:
    salts = _salts(planned.events)
    octets = container_bytes + len(salts) + sum(len(recorded.event) for recorded in planned.events)
    count = 1 + len(planned.events) + len(planned.containers)
    info = (
        f"Bag-Software-Agent: getuige\nBagging-Date: {datetime.now(UTC).date()}\n"
        f"External-Identifier: {planned.request.export}\nInternal-Sender-Identifier: {planned.request.case}\n"
        f"Payload-Oxum: {octets}.{count}\n"
    )
    yield bag.DECLARATION, bag.DECLARATION_TEXT.encode()
    yield bag.INFO, info.encode()
    yield bag.MANIFEST, planned.manifest
    yield layout.HOWTO, HOWTO_TEXT.encode()
    yield layout.SCRIPT, shell.script()
    yield layout.EXPORT_EVENT, proofs.export_event.event
    yield layout.EXPORT_SALT, f"{proofs.export_event.salt.hex()}\n".encode()
    yield layout.EXPORT_PROOF, proofs.by_index[proofs.export_event.index]
    yield layout.EXPORT_HEAD, "".join(f"{one.hex()}\n" for one in proofs.head).encode()
    for recorded in planned.events:
        yield layout.proof(recorded.index), proofs.by_index[recorded.index]
    if proofs.handover is not None:
        yield layout.ROTATIONS, proofs.handover.to_bytes()
    yield from proofs.tokens.files()


def _salts(chosen: Sequence[events.Recorded]) -> bytes:
    return canonical.encode({str(recorded.index): recorded.salt.hex() for recorded in chosen})


def _read(source: Source) -> Iterator[bytes]:
    left = source.size
    with source.path.open("rb") as file:
        while left and (data := file.read(min(left, bag.READ_BYTES))):
            left -= len(data)
            yield data

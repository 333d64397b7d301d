"""`data/case.jsonld`: the opened items in the words of CASE 1.5 and UCO 1.5, for forensic tools that read them.

Made from what the bag holds anyway; it proves nothing by itself (docs/formats/opened-bundle.md). The context is inlined
and terms of vocabularies are plain strings, so that it can be read and validated without a network
(https://caseontology.org, https://unifiedcyberontology.org).
"""

import functools
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from evidence import ids
from evidence.bundle.format.kinds import kind_of
from evidence.envelope import words
from evidence.envelope.meta import Incident, Media, Meta
from evidence.statements import bodies
from evidence.statements import event as events

_WRITER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
Node = dict[str, Any]
"""A JSON-LD object: its members depend on its class."""

CONTEXT: Final = {
    "kb": "urn:getuige:",
    "investigation": "https://ontology.caseontology.org/case/investigation/",
    **{
        part: f"https://ontology.unifiedcyberontology.org/uco/{part}/"
        for part in ("action", "core", "identity", "observable", "types")
    },
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
NAMES: Final = uuid.UUID("8f4a4b6e-1f0e-5a55-9c3f-6d6e2a1c7b10")
"""UCO wants names that end in a UUID; ours are derived from it, so that the same bundle gets the same names."""


@dataclass(frozen=True)
class OpenedFile:
    """A file of the bag: its name inside the bag, SHA-256 and size in bytes; MIME type if it is known."""

    name: str
    sha256: str
    size: int
    mime: str | None = None


@dataclass(frozen=True)
class OpenedItem:
    """An item with its description (also in words), the event that sealed it, and its files."""

    item: ids.ItemId
    meta: Meta
    words: Mapping[str, str]
    event: events.Event
    files: tuple[OpenedFile, ...]
    later: Mapping[str, str]
    """What was said of it after it was sealed, by what that is called."""


def document(items: Iterable[OpenedItem], export: events.Event, names: Mapping[ids.KeyId, str]) -> Iterator[bytes]:
    """Yield the file, a line for each object, so that a case of any size passes through memory item by item.

    `export` is the event of the export, `names` says whose each signing key is.
    """
    yield f'{{"@context":{_WRITER.encode(CONTEXT)},"@graph":[\n'.encode()
    told: list[str] = []
    for node in _nodes(items, export, names):
        told.append(node["@id"])
        yield f"{_WRITER.encode(node)},\n".encode()
    yield f"{_WRITER.encode(_investigation(told, export))}\n]}}\n".encode()


def _nodes(items: Iterable[OpenedItem], export: events.Event, names: Mapping[ids.KeyId, str]) -> Iterator[Node]:
    opened: list[ids.ItemId] = []
    signers = {export.statement.by}
    for entry in items:
        opened.append(entry.item)
        signers.add(entry.event.statement.by)
        yield from _item(entry)
    yield from _export(opened, export)
    yield from (_identity(kid, names.get(kid, f"sleutel/key {kid[:8]}")) for kid in sorted(signers))


def _item(entry: OpenedItem) -> Iterator[Node]:
    """Yield the files, their provenance record, what the description says, and the act of sealing that it came from."""
    yield from (_file(file) for file in entry.files)
    statement, meta = entry.event.statement, entry.meta
    conduct = meta.conduct if isinstance(meta, Incident | Media) else ()
    yield {
        **_node("investigation:ProvenanceRecord", entry.item),
        "core:name": meta.title,
        "core:description": meta.words,
        "core:tag": [kind_of(meta), meta.source, *conduct],
        "core:objectCreatedTime": _time(meta.recorded),
        "investigation:exhibitNumber": entry.item,
        "core:object": [_ref("observable:File", file.name) for file in entry.files],
    }
    yield {
        **_node("core:Annotation", entry.item),
        "core:object": [_ref("investigation:ProvenanceRecord", entry.item)],
        "core:statement": [
            *(f"{words.label(member)}: {told}" for member, told in entry.words.items()),
            *(f"{name}: {told}" for name, told in entry.later.items()),
        ],
    }
    yield {
        **_node("investigation:InvestigativeAction", statement.id),
        "core:name": statement.type,
        "core:description": f"Event {entry.event.index} of the custody log; received at {entry.event.received_at}",
        "action:startTime": _time(statement.at),
        "action:performer": _ref("identity:Identity", statement.by),
        "action:result": [_ref("investigation:ProvenanceRecord", entry.item)],
    }


def _export(opened: Iterable[ids.ItemId], export: events.Event) -> Iterator[Node]:
    """Yield the investigator's act of taking the bundle, and the ground that was given for it."""
    body = export.statement.body
    ground, manifest = (body.ground, body.manifest) if isinstance(body, bodies.Export) else ("", "")
    yield {
        **_node("investigation:Authorization", export.statement.id),
        "investigation:authorizationIdentifier": [ground],
    }
    yield {
        **_node("investigation:InvestigativeAction", export.statement.id),
        "core:name": "export",
        "core:description": f"Event {export.index} of the custody log; SHA-256 of the sealed manifest {manifest}",
        "action:startTime": _time(export.statement.at),
        "action:endTime": _time(export.received_at),
        "action:performer": _ref("identity:Identity", export.statement.by),
        "action:object": [_ref("investigation:ProvenanceRecord", item) for item in opened],
    }


def _investigation(told: Iterable[str], export: events.Event) -> Node:
    return {
        **_node("investigation:Investigation", str(export.statement.case)),
        "core:name": export.statement.case,
        "investigation:investigationForm": "case",
        "investigation:focus": ["stalking"],
        "investigation:relevantAuthorization": [_ref("investigation:Authorization", export.statement.id)],
        "core:object": [{"@id": name} for name in told],
    }


def _file(file: OpenedFile) -> Node:
    content = {
        **_node("observable:ContentDataFacet", file.name),
        "observable:sizeInBytes": file.size,
        "observable:hash": [
            {
                **_node("types:Hash", file.name),
                "types:hashMethod": "SHA256",
                "types:hashValue": {"@type": "xsd:hexBinary", "@value": file.sha256},
            }
        ],
    }
    if file.mime is not None:
        content["observable:mimeType"] = file.mime
    named = {
        **_node("observable:FileFacet", file.name),
        "observable:fileName": file.name.rpartition("/")[2],
        "observable:filePath": file.name,
        "observable:sizeInBytes": file.size,
    }
    return {**_node("observable:File", file.name), "core:hasFacet": [named, content]}


def _identity(kid: ids.KeyId, label: str) -> Node:
    return {**_node("identity:Identity", kid), "core:name": label, "core:tag": [f"kid {kid}"]}


def _node(kind: str, about: str) -> Node:
    return {**_ref(kind, about), "@type": kind}


def _ref(kind: str, about: str) -> Node:
    return {"@id": _name(kind, about)}


@functools.lru_cache(maxsize=64)  # a thing is named by what stands around it
def _name(kind: str, about: str) -> str:
    return f"kb:{kind.rpartition(':')[2]}-{uuid.uuid5(NAMES, f'{kind}/{about}')}"


def _time(time: ids.Time) -> Node:
    return {"@type": "xsd:dateTime", "@value": time}

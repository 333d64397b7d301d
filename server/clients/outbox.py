"""The outbox of a phone: what is kept until it has arrived, one folder per item, in the order of adding.

An entry passes two states, each visible from the files alone, so that a phone that was killed knows what to do:

- *draft*: `draft.json` holds the prepared item (head, sealed description, content key) and where the file to seal is.
  Sealing it again gives the same bytes (`evidence.envelope.sealing`).
- *sealed*: `seal.json` exists and `container` is whole and durable. Only then is `draft.json` removed, and with it the
  content key: from here on this phone cannot open the item either.

A large file is not copied: a second film of gigabytes does not fit on a phone. It is sealed from the original while
it is sent, again after a restart, so its draft (and the content key, beside a file that lies open on this phone anyway)
stays until the receipt. Such an entry needs its original; when that is gone, what arrived remains, as an incomplete
item.

`upload.json` remembers where an upload that was begun goes on; `why.json` says why it has not arrived.
"""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from evidence import canonical, files, ids, schema
from evidence.envelope import container, sealing
from evidence.errors import EvidenceError
from evidence.statements import bodies
from server.clients import memory
from server.clients.errors import ClientError, FolderError

STREAM_ABOVE_BYTES: Final = 64 * 1024 * 1024
"""A file larger than this is sealed from its original each time. Below it a phone has room for a second, sealed copy,
and what she added survives even when the original is removed a moment later."""


READ_BYTES: Final = 1024 * 1024


class OriginalError(ClientError):
    """A large file is gone or changed before it arrived: it cannot be sealed to the same bytes any more."""


@dataclass(frozen=True)
class Source:
    """The file that an item's content comes from: where it is on this phone, and how its reader will see it."""

    path: Path
    name: str
    mime: str

    def content(self) -> sealing.Content:
        """Return it as content to seal, to be read from anywhere, again and again."""
        return replace(sealing.Content.of_file(self.path, self.mime), name=self.name)


@dataclass(frozen=True)
class Entry:
    """One item in the outbox."""

    folder: Path
    item: ids.ItemId

    @property
    def container(self) -> Path:
        """The sealed bytes that are uploaded."""
        return self.folder / "container"

    @property
    def sealed(self) -> bool:
        """Whether sealing was finished."""
        return (self.folder / "seal.json").exists()

    def seal_body(self) -> bodies.ItemSeal:
        """Return the body of the `item.seal` statement about this item."""
        return schema.decode(bodies.ItemSeal, memory.read_json(self.folder / "seal.json"))

    def pieces(self, offset: int) -> Iterator[bytes]:
        """Yield the sealed bytes from `offset` on; a large file is sealed from its original.

        Raises:
            OriginalError: the original is gone, or is another one now. Nothing that differs was yielded.
        """
        if self.container.exists():
            with self.container.open("rb") as file:
                file.seek(offset)
                while data := file.read(READ_BYTES):
                    yield data
            return
        prepared, source = _read_draft(memory.read_json(self.folder / "draft.json"))
        if offset < len(prepared.prefix):
            yield prepared.prefix[offset:]
        content = source.content() if source else None
        try:
            # From the content on, never from before: then the file is hashed before any of it is sealed.
            yield from prepared.stream(content, offset=max(offset, len(prepared.prefix)))
        except (OSError, sealing.ChangedError) as error:
            raise OriginalError(
                "The file on this phone is gone or was changed before all of it arrived. What arrived is kept at the "
                "server, as incomplete."
            ) from error

    @property
    def needs_original(self) -> bool:
        """Whether it is sealed from the original file while it is sent, so that this file must stay until then."""
        return self.sealed and not self.container.exists()

    def prefix_size(self) -> int:
        """Return how many bytes head and sealed description have: they go first."""
        body = self.seal_body()
        return container.HEAD_OFFSET + body.head.size + body.meta.size

    @property
    def location(self) -> str | None:
        """Where on the server its upload goes on, None when none was begun."""
        file = self.folder / "upload.json"
        return str(memory.read_json(file)["location"]) if file.exists() else None

    def begin_upload(self, value: str) -> None:
        """Remember where an upload that was begun goes on."""
        memory.write_json(self.folder / "upload.json", {"location": value})

    @property
    def why(self) -> str | None:
        """Why it has not arrived, in words for her; None when it was not tried yet."""
        file = self.folder / "why.json"
        return str(memory.read_json(file)["why"]) if file.exists() else None

    def explain(self, value: str) -> None:
        """Remember why it has not arrived."""
        memory.write_json(self.folder / "why.json", {"why": value, "at": ids.now()})


class Outbox:
    """The folder of entries, held by one process at a time (`memory.alone_in`).

    What is in it is listed once and remembered: years of evidence may wait here for a first connection.
    """

    def __init__(self, folder: Path, stream_above_bytes: int = STREAM_ABOVE_BYTES) -> None:
        self._folder = memory.make_folder(folder)
        self._stream_above_bytes = stream_above_bytes
        self._listed: dict[ids.ItemId, Entry] | None = None

    def entries(self) -> Iterator[Entry]:
        """Yield what has not arrived, oldest first; the folder is listed anew."""
        self._listed = {}
        for folder in sorted(self._folder.iterdir()):
            order, dash, item = folder.name.partition("-")
            if dash and order.isdecimal():
                self._listed.setdefault(ids.ItemId(item), Entry(folder, ids.ItemId(item)))
        yield from list(self._listed.values())

    def find(self, item: ids.ItemId) -> Entry | None:
        """Return the entry of `item`, None when it is not here."""
        if self._listed is None:
            list(self.entries())
        return (self._listed or {}).get(item)

    def add(self, prepared: sealing.Prepared, source: Source | None) -> Entry:
        """Keep a prepared item and seal it. When this returns, it is safe on this phone.

        Raises:
            EvidenceError: the file changed meanwhile; nothing is kept.
        """
        item = container.parse_prefix(prepared.prefix).head.item
        # Time first: entries are sent in the order in which she added them.
        entry = Entry(memory.make_folder(self._folder / f"{time.time_ns():020d}-{item}"), item)
        streams = source is not None and source.path.stat().st_size > self._stream_above_bytes
        memory.write_json(entry.folder / "draft.json", {**_draft(prepared, source), "streams": streams})
        files.sync_folder(self._folder)
        try:
            self._seal(entry, prepared, source, streams=streams)
        except EvidenceError:
            self.forget(entry)
            raise
        if self._listed is not None:
            self._listed[item] = entry
        return entry

    def recover(self) -> list[Entry]:
        """Finish what a killed phone had begun, and return the entries whose file is gone (they are dropped).

        A draft without a file to seal is finished from the draft alone.
        """
        lost = []
        for entry in list(self.entries()):
            draft = entry.folder / "draft.json"
            if entry.sealed:
                if draft.exists() and not memory.read_json(draft).get("streams"):
                    memory.remove(draft)
                continue
            if not draft.exists():
                self.forget(entry)  # killed before anything was kept: add() had not returned
                continue
            read = memory.read_json(draft)
            prepared, source = _read_draft(read)
            try:
                self._seal(entry, prepared, source, streams=bool(read.get("streams")))
            except (FileNotFoundError, sealing.ChangedError):
                # Its file is gone, and add() never said that it was kept. A full disk is no such reason.
                lost.append(entry)
                self.forget(entry)
        return lost

    def forget(self, entry: Entry) -> None:
        """Remove an entry durably. A flash memory may keep worn-out cells: the ciphertext protects those."""
        shutil.rmtree(entry.folder, ignore_errors=True)
        files.sync_folder(self._folder)
        if self._listed is not None:
            self._listed.pop(entry.item, None)

    def _seal(self, entry: Entry, prepared: sealing.Prepared, source: Source | None, *, streams: bool) -> None:
        """Write the container, make it durable, and only then forget the content key.

        When it `streams`, only its hashes are computed here.
        """
        content = source.content() if source else None
        if streams:
            with Path(os.devnull).open("wb") as nowhere:
                body = sealing.write(prepared, content, nowhere)
            memory.write_json(entry.folder / "seal.json", schema.encode(body))
            return
        with entry.container.open("wb") as out:
            body = sealing.write(prepared, content, out)
            out.flush()
            os.fsync(out.fileno())
        memory.write_json(entry.folder / "seal.json", schema.encode(body))
        memory.remove(entry.folder / "draft.json")


def _draft(prepared: sealing.Prepared, source: Source | None) -> dict[str, Any]:
    return {
        "prefix": canonical.b64(prepared.prefix),
        "content_key": prepared.content_key.hex(),
        "content_salt": prepared.content_salt.hex() if prepared.content_salt else None,
        "source": {"path": canonical.b64(os.fsencode(source.path)), "name": source.name, "mime": source.mime}
        if source
        else None,
    }


def _read_draft(draft: dict[str, Any]) -> tuple[sealing.Prepared, Source | None]:
    """Read a draft back; FolderError when it is damaged."""
    try:
        salt, source = draft["content_salt"], draft["source"]
        prepared = sealing.Prepared(
            canonical.unb64(draft["prefix"]),
            bytes.fromhex(draft["content_key"]),
            bytes.fromhex(salt) if salt else None,
        )
        if source is None:
            return prepared, None
        path = Path(os.fsdecode(canonical.unb64(source["path"])))  # bytes: a name need not be text
        return prepared, Source(path, source["name"], source["mime"])
    except (KeyError, TypeError, ValueError, EvidenceError) as error:
        raise FolderError("A draft on this phone is damaged.") from error

"""One table of hostile spellings, and every reader of JSON in Python says the same about each of its rows.

`tests/interop/test_spellings_node.py` puts the table to the page's reader, `tests/interop/test_spellings_sh.py` to that
of `verify.sh`, `tests/api/test_hostile_bytes.py` to every route that takes a body.
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from device_bridge.registry import Registry
from evidence import canonical, ids, keys
from evidence.bundle.checking import erasure_proof
from evidence.bundle.format import rotations
from evidence.envelope import container, meta
from evidence.errors import FormatError
from evidence.statements import bodies, dsse, event, statement, tombstone
from server.clients import memory
from server.clients.errors import FolderError
from tests.vectors import make_spellings

ROWS: Final[list[dict[str, Any]]] = json.loads(make_spellings.FILE.read_text(encoding="utf-8"))["spellings"]
EACH = pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["name"]))
WHO = keys.Identity.generate()
MARK: Final = "het merk van deze test"
DOCUMENT: Final = statement.sign(
    WHO, "break_glass", bodies.BreakGlass(ids.ItemId("ab" * 16), MARK), case=ids.CaseId("cd" * 16)
).envelope


def bytes_of(row: dict[str, Any]) -> bytes:
    return base64.b64decode(row["bytes"])


def says(read: Callable[[bytes], object], data: bytes) -> bool:
    """Whether a reader takes these bytes; anything but its own error comes out of this."""
    try:
        read(data)
    except FormatError:
        return False
    return True


@EACH
def test_both_readers_say_what_the_table_says(row: dict[str, Any]) -> None:
    data = bytes_of(row)
    assert says(canonical.decode, data) is row["read"]
    assert says(canonical.decode_exact, data) is row["signed"]
    if row["signed"]:
        assert canonical.encode(canonical.decode(data)) == data


def test_the_table_is_the_one_that_its_program_writes() -> None:
    assert make_spellings.FILE.read_text(encoding="utf-8") == make_spellings.text()


READERS_OF_SIGNED_BYTES: Final[dict[str, Callable[[bytes], object]]] = {
    "statement": lambda data: statement.from_envelope(dsse.sign(dsse.STATEMENT_TYPE, data, WHO)),
    "event": event.parse,
    "item head": container.parse_head,
    "payload of an item head": lambda data: container.parse_head(dsse.sign(dsse.ITEM_HEAD_TYPE, data, WHO).to_bytes()),
    "description": meta.parse,
    "tombstone": tombstone.parse,
    "rotations of a bundle": rotations.Handover.parse,
    "proof of an erasure": erasure_proof.parse,
}
"""Every reader of what is signed or hashed; a document that is none of theirs is refused as well, and as form."""


@pytest.mark.parametrize("read", READERS_OF_SIGNED_BYTES.values(), ids=READERS_OF_SIGNED_BYTES.keys())
def test_no_reader_of_signed_bytes_lets_another_error_out(read: Callable[[bytes], object]) -> None:
    for row in ROWS:
        assert not says(read, bytes_of(row)), row["name"]


@EACH
def test_a_statement_is_signed_in_one_spelling(row: dict[str, Any]) -> None:
    """The row stands where a reason stood, in a statement that is right otherwise and signed as it is."""
    if not row["value"]:
        return
    payload = DOCUMENT.body.replace(json.dumps(MARK).encode(), bytes_of(row))
    read = READERS_OF_SIGNED_BYTES["statement"]
    is_text = bytes_of(row).startswith(b'"')
    assert says(read, payload) is (row["signed"] and is_text)


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_a_statement_is_signed_in_one_encoding(encoding: str) -> None:
    assert says(READERS_OF_SIGNED_BYTES["statement"], DOCUMENT.body)
    assert not says(READERS_OF_SIGNED_BYTES["statement"], DOCUMENT.body.decode().encode(encoding))
    whole = DOCUMENT.to_bytes()
    assert says(statement.parse, whole)
    assert not says(statement.parse, whole.decode().encode(encoding))


def test_an_event_is_written_in_one_spelling() -> None:
    made = event.record(statement.from_envelope(DOCUMENT), 7, ids.now())
    assert says(event.parse, made.event)
    for other in (
        b" " + made.event,
        made.event.replace(b'"index":7', b'"index":7.0'),
        made.event.replace(b":7", b": 7"),
    ):
        assert other != made.event
        assert not says(event.parse, other)


def test_the_bridges_register_reads_the_journal_again_behind_a_line_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "registry"
    for row in ROWS:
        path.write_bytes(bytes_of(row).replace(b"\n", b" ") + b"\n")
        registry = Registry(path, WHO.sign_public)
        registry.load()
        assert (registry.next_index, registry.device_count) == (0, 0)
        assert registry.trouble


def test_a_clients_memory_is_read_like_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    for row in ROWS:
        path.write_bytes(bytes_of(row))
        if row["read"]:
            memory.read_json(path)
        else:
            with pytest.raises(FolderError):
                memory.read_json(path)


OTHER_READERS: Final = {
    "server/alarms/link.py": "what the organisation's own bridge says; whatever it is becomes health, never an error",
    "server/demo/disclosure.py": "what commands of this very program printed",
    "server/demo/panic.py": "what commands of this very program printed",
}


def test_no_other_module_reads_json_by_itself() -> None:
    """`json.loads` lets pass what the strict reader refuses; a new one needs a reason here."""
    root = Path(__file__).parents[2]
    found = {
        str(path.relative_to(root))
        for package in ("evidence", "server")
        for path in (root / package).rglob("*.py")
        if "node_modules" not in path.parts and "json.loads(" in path.read_text(encoding="utf-8")
    }
    assert not found - OTHER_READERS.keys()

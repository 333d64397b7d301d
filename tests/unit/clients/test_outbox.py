"""What a phone keeps until it arrived: whole after a kill at any moment, and unreadable as soon as it is sealed."""

import io
import os
import signal
import sys
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.envelope import container, opening, sealing
from evidence.envelope.meta import Media
from server.clients import attachments
from server.clients.outbox import Outbox, Source
from tests.support import starter
from tests.support.incidents import incident

SECRET = "Hij stond weer bij de halte Walenburgerweg"
CASE = ids.CaseId("0c" * 16)
READER = keys.Identity.generate()
PHONE = keys.Identity.generate()


def _meta() -> Media:
    return Media(kind="photo", source="victim", recorded=ids.now(), title=SECRET)


def _source(folder: Path, size: int = 300_000) -> Source:
    file = folder / "gallery.jpg"
    if not file.exists():
        file.write_bytes(SECRET.encode() + os.urandom(size))
    return Source(file, "halte-walenburgerweg.jpg", "image/jpeg")


def _prepared(source: Source) -> sealing.Prepared:
    return sealing.prepare(PHONE, CASE, _meta(), [READER.xwing_public], source.content())


def test_what_was_added_opens_for_its_reader_and_is_what_was_sealed(tmp_path: Path) -> None:
    source = _source(tmp_path)
    entry = Outbox(tmp_path / "outbox").add(_prepared(source), source)
    sealed = entry.container.read_bytes()
    prefix = container.parse_prefix(sealed)
    container.verify_head(prefix, PHONE.sign_public)
    container.check_against(prefix, CASE, PHONE.kid, entry.seal_body())
    key = opening.content_key(prefix, READER)
    meta = opening.open_meta(prefix, key)
    assert meta.title == SECRET
    assert b"".join(opening.open_content(prefix, key, meta, [sealed[prefix.size :]])) == source.path.read_bytes()


def test_a_file_whose_name_is_no_text_is_kept_under_a_readable_one(tmp_path: Path) -> None:
    """A card of an old camera holds names in Latin-1; the draft finds such a file again after a kill."""
    path = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    path.write_bytes(b"\xff\xd8\xff" + os.urandom(100))
    source = Source(path, attachments.name_of(path), attachments.type_of(path))
    outbox = Outbox(tmp_path / "outbox", stream_above_bytes=0)
    entry = outbox.add(_prepared(source), source)
    assert (source.name, source.mime) == ("caf\ufffd.jpg", "image/jpeg")
    (again,) = Outbox(tmp_path / "outbox").entries()
    sealed = b"".join(again.pieces(0))
    prefix = container.parse_prefix(sealed)
    meta = opening.open_meta(prefix, opening.content_key(prefix, READER))
    assert isinstance(meta, Media)
    assert meta.file.name == "caf\ufffd.jpg"
    assert entry.needs_original


def test_a_sealed_entry_holds_no_plaintext_and_no_content_key(tmp_path: Path) -> None:
    source = _source(tmp_path)
    prepared = _prepared(source)
    Outbox(tmp_path / "outbox").add(prepared, source)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "outbox").rglob("*") if path.is_file())
    assert len(kept) > 300_000
    for secret in (SECRET.encode(), b"walenburgerweg", prepared.content_key, prepared.content_key.hex().encode()):
        assert secret not in kept
    names = "".join(path.name for path in (tmp_path / "outbox").rglob("*"))
    assert "halte" not in names


def test_entries_come_in_the_order_in_which_they_were_added(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    added = [outbox.add(sealing.prepare(PHONE, CASE, incident(), [READER.xwing_public]), None).item for _ in range(5)]
    assert [entry.item for entry in Outbox(tmp_path / "outbox").entries()] == added


LISTED: list[str] = []


def _count(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"os.listdir", "os.scandir"}:
        LISTED.append(str(arguments[0]))


def test_a_long_outbox_is_listed_once_and_not_for_each_item(tmp_path: Path) -> None:
    """An audit hook cannot be taken away again; this one only appends to a list that nobody else reads."""
    folder = tmp_path / "outbox"
    outbox = Outbox(folder)
    added = [outbox.add(sealing.prepare(PHONE, CASE, incident(), [READER.xwing_public]), None).item for _ in range(12)]
    again = Outbox(folder)
    sys.addaudithook(_count)
    LISTED.clear()
    assert again.find(ids.ItemId(ids.new_id())) is None
    for item in added:  # as a phone delivers: found three times, then forgotten
        entries = [again.find(item) for _ in range(3)]
        assert entries[0] is not None
        assert entries[0].seal_body().item == item
        again.forget(entries[0])
        assert again.find(item) is None
    assert LISTED.count(str(folder)) == 1
    assert not list(folder.iterdir())


def test_a_draft_is_sealed_to_the_same_bytes_again(tmp_path: Path) -> None:
    source = _source(tmp_path)
    prepared = _prepared(source)
    expected = io.BytesIO()
    sealing.write(prepared, source.content(), expected)
    outbox = Outbox(tmp_path / "outbox")
    entry = outbox.add(prepared, source)
    assert entry.container.read_bytes() == expected.getvalue()


CHILD = """
import os, signal, sys
from pathlib import Path
from evidence import ids, keys
from evidence.envelope import sealing
from evidence.envelope.meta import Media
from server.clients.outbox import Outbox, Source

folder, calls = Path(sys.argv[1]), int(sys.argv[2])

def trace(frame, event, _argument):
    # Dies at the n-th call into the code that writes: between any two steps of keeping an entry.
    global calls
    if event == "call" and frame.f_code.co_filename.endswith(("outbox.py", "memory.py", "sealing.py")):
        calls -= 1
        if calls == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return None

source = Source(folder / "gallery.jpg", "x.jpg", "image/jpeg")
meta = Media(kind="photo", source="victim", recorded=ids.now(), title="title")
prepared = sealing.prepare(
    keys.Identity.generate(), ids.CaseId("0c" * 16), meta, [keys.Identity.generate().xwing_public], source.content()
)
outbox = Outbox(folder / "outbox")
print("ready", flush=True)
sys.settrace(trace)
outbox.add(prepared, source)
sys.settrace(None)
print("kept", flush=True)
"""


@pytest.mark.parametrize("calls", [1, 2, 4, 6, 8, 10, 14, 18, 22, 26, 30, 10_000])
def test_a_kill_at_any_moment_leaves_a_whole_entry_or_none(tmp_path: Path, calls: int) -> None:
    source = _source(tmp_path)
    result = starter.run(tmp_path, calls, code=CHILD)
    assert "ready" in result.stdout, result.stderr
    assert result.returncode in (0, -signal.SIGKILL), result.stderr
    outbox = Outbox(tmp_path / "outbox")
    lost = outbox.recover()
    assert not lost
    entries = list(outbox.entries())
    if "kept" in result.stdout:
        assert len(entries) == 1
    for entry in entries:
        assert entry.sealed
        assert not (entry.folder / "draft.json").exists()
        sealed = entry.container.read_bytes()
        assert container.parse_prefix(sealed).container_size == len(sealed) == entry.seal_body().container.size
    assert source.path.exists()


def test_a_draft_whose_photo_was_deleted_is_named_as_lost_and_not_sent_half(tmp_path: Path) -> None:
    _source(tmp_path)
    outbox, drafts = Outbox(tmp_path / "outbox"), []
    for calls in range(1, 40):
        starter.run(tmp_path, calls, code=CHILD)
        drafts = [entry for entry in outbox.entries() if not entry.sealed and (entry.folder / "draft.json").exists()]
        if drafts:
            break
        outbox.recover()
    assert drafts, "no kill left a draft: the test no longer kills where it should"
    (tmp_path / "gallery.jpg").unlink()
    lost = outbox.recover()
    assert {entry.item for entry in drafts} <= {entry.item for entry in lost}
    assert all(entry.sealed for entry in outbox.entries())

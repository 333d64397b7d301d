"""Durable files: whole or not at all, the first writer counts where a file never changes, and refusals have numbers."""

import errno
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import files
from evidence.errors import DurabilityError, EvidenceError, ImmutableFileError, StorageError


def test_replacing_leaves_one_file_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "head"
    files.replace(path, b"one")
    assert path.stat().st_mode & 0o777 == 0o600
    files.replace(path, b"two", files.PUBLIC)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o644)
    assert list(tmp_path.iterdir()) == [path]


def test_what_never_changes_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "tile"
    files.write_once(path, b"one", files.PUBLIC)
    files.write_once(path, b"one", files.PUBLIC)
    with pytest.raises(ImmutableFileError, match="tile"):
        files.write_once(path, b"two", files.PUBLIC)
    assert files.keep_first(path, b"three") == b"one"
    assert files.read_if_there(path) == b"one"
    assert files.read_if_there(tmp_path / "none") is None
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_appears_while_a_file_is_written_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    link = os.link

    def late(source: Path, target: Path) -> None:
        path.write_bytes(b"another process")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    assert files.keep_first(path, b"ours") == b"another process"
    assert list(tmp_path.iterdir()) == [path]


def test_the_disks_refusal_has_a_number_and_leaves_nothing(tmp_path: Path) -> None:
    acts: list[Callable[[], None]] = [
        lambda: files.replace(tmp_path / "no" / "x", b""),
        lambda: files.sync_folder(tmp_path / "no"),
    ]
    for act in acts:
        with pytest.raises(StorageError) as caught:
            act()
        assert caught.value.errno == errno.ENOENT
        assert isinstance(caught.value, OSError)
        assert isinstance(caught.value, EvidenceError)


def test_a_failed_flush_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    files.replace(tmp_path / "x", b"old")
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(DurabilityError) as caught:
        files.replace(tmp_path / "x", b"new")
    assert caught.value.errno == errno.EIO
    assert (tmp_path / "x").read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "x"], "what is half-written has no name"


def test_what_is_shredded_is_overwritten_where_it_lay(tmp_path: Path) -> None:
    path, other = tmp_path / "secret", tmp_path / "the same bytes"
    path.write_bytes(b"her words" * 200_000)
    other.hardlink_to(path)
    files.shred(path)
    assert not path.exists()
    assert other.read_bytes() == bytes(9 * 200_000)


def _holds(path: Path, connection: "multiprocessing.connection.Connection") -> None:
    with files.lock_if_free(path) as alone:
        connection.send(alone)
        connection.recv()


def test_a_lock_is_held_by_one_process_and_freed_when_it_dies(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    holder = context.Process(target=_holds, args=(tmp_path / "lock", theirs))
    holder.start()
    assert ours.recv() is True
    with files.lock_if_free(tmp_path / "lock") as alone:
        assert not alone
    holder.kill()
    holder.join()
    with files.locked(tmp_path / "lock"), files.lock_if_free(tmp_path / "other") as alone:
        assert alone

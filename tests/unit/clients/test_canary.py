"""The search for readable text finds a phrase in each form that it could take, and fails without its control."""

import base64
import os
from pathlib import Path

import pytest

from server.demo import canary

PHRASE = "De gele lelies stonden op de mat"
CONTROL = "SQLite format 3"


def _folder(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "blob").write_bytes(os.urandom(4096) + content + os.urandom(4096))
    (tmp_path / "database").write_bytes(b"SQLite format 3\0")
    return tmp_path


@pytest.mark.parametrize(
    "content",
    [
        PHRASE.encode(),
        PHRASE.lower().encode(),
        PHRASE.encode("utf-16-le"),
        PHRASE.encode("utf-16-be"),
        PHRASE.encode().hex().encode(),
        PHRASE.encode().hex().upper().encode(),
        base64.b64encode(PHRASE.encode()),
        base64.b64encode(b"x" + PHRASE.encode() + b"y"),
        base64.b64encode(b"xy" + PHRASE.encode()),
    ],
)
def test_a_readable_phrase_is_found_in_every_form(tmp_path: Path, content: bytes) -> None:
    found = canary.search([_folder(tmp_path, content)], [PHRASE], CONTROL)
    assert found.readable == (tmp_path / "blob",)
    assert not found.held


def test_ciphertext_is_not_readable_and_says_how_much_was_searched(tmp_path: Path) -> None:
    found = canary.search([_folder(tmp_path, b"")], [PHRASE], CONTROL)
    assert found.held
    assert (found.files, found.size_bytes, found.phrases) == (2, 8192 + 16, 1)


def test_a_search_that_does_not_find_its_control_does_not_hold(tmp_path: Path) -> None:
    found = canary.search([_folder(tmp_path, b"")], [PHRASE], "this stands nowhere")
    assert not found.readable
    assert not found.held


def test_a_file_that_cannot_be_searched_is_an_error_and_not_calm(tmp_path: Path) -> None:
    found = canary.search([tmp_path / "absent"], [PHRASE], CONTROL)
    assert not found.held

"""Progress of a long command: a bar on a terminal, plain lines elsewhere, never on standard output."""

import os
import pty
import subprocess
import sys

import pytest

from server.cli import progress

CODE = """
from server.cli import progress
progress.BAR_EVERY_S = 0
with progress.shown() as tell:
    tell("opening", 1, 3)
print("answer")
"""


def test_without_a_terminal_it_is_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0)
    with progress.shown() as tell:
        tell("opening", 1, 3)
        tell("building", 0, 0)
    said = capsys.readouterr()
    assert said.err == "opening: 1 of 3\nbuilding\n"
    assert not said.out


def test_what_is_soon_done_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown() as tell:
        for number in range(1000):
            tell("opening", number, 1000)
    assert not any(capsys.readouterr())


def test_on_a_terminal_it_is_a_bar_and_the_answer_stands_alone() -> None:
    ours, theirs = pty.openpty()
    variables = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=variables, stdout=subprocess.PIPE, stderr=theirs, check=True
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # how a terminal says that nobody is at the other end
        pass
    os.close(ours)
    assert b"opening" in shown
    assert done.stdout == b"answer\n"

"""No English text says "a" or "an" before a word that is filled in: nobody knows which of the two is right there."""

import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[3]
GUESSED = re.compile(r"\b[Aa]n? (\{|\$\{|\$[a-z]|%s)")
TEXTS = ("evidence/*.py", "server/*.py", "device_bridge/*.py", "infra/*.py", "server/web/static/*.js", "*.sh", "*.ftl")


def test_no_article_is_guessed() -> None:
    listed = subprocess.run(("git", "ls-files", *TEXTS), cwd=PROJECT, capture_output=True, text=True, check=True)
    named = listed.stdout.split()
    assert {Path(name).suffix for name in named} == {".py", ".js", ".sh", ".ftl"}
    found = [
        f"{name}:{number}: {line.strip()}"
        for name in named
        for number, line in enumerate((PROJECT / name).read_text("utf-8").splitlines(), 1)
        if GUESSED.search(line)
    ]
    assert found == []


def test_a_guess_would_be_seen() -> None:
    assert GUESSED.search('f"a {role} key does not sign"')
    assert GUESSED.search("`expected a ${type}`")

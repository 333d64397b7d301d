"""A file of code can be read in one sitting: none has more than 400 lines, about a third more than what we aim at."""

import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[3]
MOST_LINES = 400
CODE = ("*.py", "*.sh", "server/web/static/*.js", "*.mjs", "server/web/static/*.css", "server/web/static/*.html")


def test_no_file_of_code_is_too_long_to_read() -> None:
    listed = subprocess.run(("git", "ls-files", *CODE), cwd=PROJECT, capture_output=True, text=True, check=True)
    sizes = {name: len((PROJECT / name).read_text("utf-8").splitlines()) for name in listed.stdout.split()}
    assert sizes["server/uploads/folder.py"] > 0
    assert {Path(name).suffix for name in sizes} >= {".py", ".sh", ".js", ".css", ".html"}
    assert {name: lines for name, lines in sizes.items() if lines > MOST_LINES} == {}

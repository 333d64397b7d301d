"""Write docs/cli.md, the reference of the `getuige` command, from the command itself; `--check` only compares.

`python infra/toolchain/cli_page.py [--check]`
"""

import difflib
import re
import sys
from pathlib import Path
from typing import Final

import typer.cli
import typer.main

from server.cli import build_app

PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "cli.md"
HEAD: Final = "<!-- Made by infra/toolchain/cli_page.py from the command itself; do not edit. -->\n\n"


def page() -> str:
    """Return the Markdown page of the whole command tree."""
    command = typer.main.get_command(build_app())
    context = typer.Context(command, info_name="getuige")
    text = typer.cli.get_docs_for_click(obj=command, ctx=context, name="getuige")
    return HEAD + re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def main(arguments: list[str]) -> int:
    """Write or compare the page; return the exit code."""
    made = page()
    if "--check" not in arguments:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(made)
        return 0
    kept = PAGE.read_text() if PAGE.exists() else ""
    if kept == made:
        return 0
    changes = difflib.unified_diff(kept.splitlines(), made.splitlines(), "docs/cli.md", "getuige --help", "", "", 1)
    print("\n".join(changes))
    print("\nMend: make docs, and read what changed")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

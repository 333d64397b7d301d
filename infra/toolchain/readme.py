"""Compare README.md with the project, print what does not hold, and exit with 1 when something does not.

Every `make` target, every `getuige` command and option in its shell blocks exists; every relative link leads to
a file.
"""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer.main
from typer.core import TyperCommand, TyperGroup

from server.cli import build_app

ROOT: Final = Path(__file__).parent.parent.parent
README: Final = ROOT / "README.md"

SHELL_BLOCK: Final = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
TARGET: Final = re.compile(r"^([a-z-]+):", re.MULTILINE)
ASSIGNMENT: Final = re.compile(r"^[A-Z_]+=")


def command_lines(text: str) -> Iterator[list[str]]:
    """Yield the words of each command in the shell blocks: after `$ `, without comments and variables."""
    for block in SHELL_BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and ASSIGNMENT.match(words[0]):
                words.pop(0)
            if words:
                yield words


def wrong_make(words: list[str], targets: set[str]) -> Iterator[str]:
    """Yield what is wrong with one `make …` line."""
    for word in words[1:]:
        if not ASSIGNMENT.match(word) and not word.startswith("-") and word not in targets:
            yield f"make has no target {word!r}: {' '.join(words)}"


def wrong_getuige(words: list[str], root: TyperGroup) -> Iterator[str]:
    """Yield what is wrong with one `getuige …` line: an unknown command or an unknown option."""
    here: TyperGroup | TyperCommand = root
    for word in words[1:]:
        if word.startswith("-"):
            known = {name for option in here.params for name in option.opts + option.secondary_opts}
            if word.split("=")[0] not in known | {"--help"}:
                yield f"{here.name or 'getuige'} has no option {word}: {' '.join(words)}"
        elif isinstance(here, TyperGroup):
            found = here.commands.get(word)
            if not isinstance(found, TyperGroup | TyperCommand):
                yield f"getuige has no command {word!r}: {' '.join(words)}"
                return
            here = found


def wrong_links(text: str) -> Iterator[str]:
    """Yield each relative link that leads nowhere."""
    for target in LINK.findall(text):
        if "://" not in target and not target.startswith("mailto:") and not (ROOT / target).exists():
            yield f"the link to {target} leads nowhere"


def main() -> int:
    """Print everything that does not hold and return the exit code."""
    text = README.read_text()
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    root = typer.main.get_command(build_app())
    if not isinstance(root, TyperGroup):
        raise TypeError("the getuige command is no group of commands")
    wrong = list(wrong_links(text))
    for words in command_lines(text):
        program = words[0].rsplit("/", 1)[-1]
        if program == "make":
            wrong += wrong_make(words, targets)
        elif program == "getuige":
            wrong += wrong_getuige(words, root)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""The progress of a command that takes long: a bar on a terminal, and elsewhere a plain line now and then.

It goes to standard error: what a command answers stays alone on standard output.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

LINE_EVERY_S: Final = 5.0
"""Between two plain lines: a log of an hour is read to its end, and silence never lasts."""

BAR_EVERY_S: Final = 0.1
"""Between two changes of the bar; to draw one costs more than to verify an item."""

Tell = Callable[[str, int, int], None]
"""Called with (what happens, done, of); `of` is 0 while nobody knows."""


@contextmanager
def shown() -> Iterator[Tell]:
    """Give what tells of progress; the bar goes when the context ends."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield paced(lambda what, done, of: sys.stderr.write(line(what, done, of)), LINE_EVERY_S)
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        show: Tell = lambda what, done, of: bar.update(task, description=what, completed=done, total=of or None)  # noqa: E731
        yield paced(show, BAR_EVERY_S)


def paced(show: Callable[[str, int, int], object], every_s: float) -> Tell:
    """Return what shows at most once in `every_s` seconds: of what is done sooner it shows nothing."""
    due = time.monotonic() + every_s

    def tell(what: str, done: int, of: int) -> None:
        nonlocal due
        if (now := time.monotonic()) >= due:
            due = now + every_s
            show(what, done, of)

    return tell


def line(what: str, done: int, of: int) -> str:
    """Return a plain line, `opening: 1200 of 10000`."""
    return f"{what}: {done} of {of}\n" if of else f"{what}\n"

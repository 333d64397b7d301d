"""Narration of the demonstration: one line a step with what was done and how long it took, a table at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table


@dataclass(frozen=True)
class Told:
    """One step as it was told: done now, or found done."""

    title: str
    said: str
    milliseconds: float
    before: bool = False


@dataclass
class Narrator:
    """Writes to a terminal; everything it says is plain text when that is a file."""

    console: Console
    told: list[Told] = field(default_factory=list)

    def part(self, title: str) -> None:
        """Begin a part of the story."""
        self.console.print(f"\n[bold]{escape(title)}[/]")

    def line(self, text: str) -> None:
        """Say one thing."""
        self.console.print(f"  {escape(text)}", highlight=False, soft_wrap=True)

    def raw(self, text: str) -> None:
        """Print a text as it is: a QR code, the verdicts of the verifier."""
        self.console.out(text, highlight=False)

    def step(self, told: Told) -> None:
        """Say that a step is done."""
        self.told.append(told)
        when = "[dim]done before[/]" if told.before else f"[cyan]{told.milliseconds:,.0f} ms[/]"
        text = f"  [green]✓[/] {escape(told.title)}: {escape(told.said)}  {when}"
        self.console.print(text, highlight=False, soft_wrap=True)

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Show that something is going on."""
        with self.console.status(escape(text)):
            yield

    @contextmanager
    def transfer(self) -> Iterator[Progress]:
        """Show bars for bytes that go over the line."""
        columns = (TextColumn("  {task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            yield progress

    def summary(self) -> None:
        """Print the table of everything that was told."""
        table = Table("Step", "What was shown", "ms", title="The main job, step by step", title_justify="left")
        for told in self.told:
            table.add_row(told.title, told.said, "before" if told.before else f"{told.milliseconds:,.0f}")
        table.columns[2].justify = "right"
        self.console.print()
        self.console.print(table)

"""DATA/run.json: what the story has done, so that a used folder starts with what is there and is not seeded twice.

A *fact* is a value that was made once (an id, a grant) and is written down as soon as it exists. A *step* is done
when it is in `steps`. A story that was cut off goes on with the first step that is not done; within it, facts keep it
from doing the same thing twice.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from evidence import ids
from server.clients import memory
from server.clients.errors import RefusedError

FILE: Final = "run.json"

ALREADY: Final = "exists"
"""How the server refuses an act that it has: the story was cut off between the act and writing it down."""


@dataclass
class Ledger:
    """The file and what is in it."""

    path: Path
    content: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def open(data: Path) -> "Ledger":
        """Read the ledger of a data folder, or begin one."""
        path = memory.make_folder(data) / FILE
        content = memory.read_json(path) if path.exists() else {"v": 1, "begun_at": ids.now()}
        for part in ("facts", "steps", "ports", "addresses"):
            content.setdefault(part, {})
        return Ledger(path, content)

    def save(self) -> None:
        """Write it down, durably."""
        memory.write_json(self.path, self.content)

    def fact(self, name: str, make: Callable[[], str]) -> str:
        """Return the fact `name`, making it (and writing it down) when it is not there."""
        facts: dict[str, str] = self.content["facts"]
        if name not in facts:
            facts[name] = make()
            self.save()
        return facts[name]

    def new_id(self, name: str) -> str:
        """Return the id of something in the story: random, and the same in every run on this folder."""
        return self.fact(name, ids.new_id)

    def once(self, name: str, act: Callable[[], object]) -> None:
        """Do `act` unless it was done; that the server has it already counts as done."""
        if self.content["facts"].get(name) == "done":
            return
        try:
            act()
        except RefusedError as refused:
            if ALREADY not in (refused.reason, refused.name):
                raise
        self.content["facts"][name] = "done"
        self.save()

    def done(self, step: str) -> dict[str, Any] | None:
        """Return what was noted when the step was done, None when it was not."""
        noted: dict[str, Any] | None = self.content["steps"].get(step)
        return noted

    def finish(self, step: str, said: str, milliseconds: float) -> None:
        """Note that a step is done."""
        self.content["steps"][step] = {"at": ids.now(), "said": said, "ms": round(milliseconds)}
        self.save()

"""The trust folder after a rotation: readers get the root's statement about it, and a policy that names the new log.

`log.vkey` stays the key of the first log: verifiers inside bundles of that time read it.
"""

from collections.abc import Iterable
from pathlib import Path

from evidence import files
from evidence.bundle.checking import trust
from evidence.custody.succession.lineage import Lineage
from evidence.statements import dsse, event
from evidence.statements.bodies import LogRotate
from evidence.statements.event import Recorded
from server.layout import Layout


def rotations(organisation: Iterable[Recorded]) -> list[dsse.Envelope]:
    """Return the root's rotations among the events about the organisation, oldest first."""
    found = (event.parse(recorded.event).statement for recorded in organisation)
    return [statement.envelope for statement in found if isinstance(statement.body, LogRotate)]


def with_logs(policy: str, line: Lineage) -> str:
    """Return the text of a policy with a line for each log of the line: those that are missing follow the last one."""
    lines = policy.splitlines(keepends=True)
    last = max((number for number, text in enumerate(lines) if text.split()[:1] == ["log"]), default=-1)
    missing = [f"log {era.key.vkey}\n" for era in line.eras if era.key.vkey not in policy.split()]
    return "".join([*lines[: last + 1], *missing, *lines[last + 1 :]])


def refresh(layout: Layout, line: Lineage, organisation: Iterable[Recorded]) -> None:
    """Bring the trust folder up to date with the journal's rotations.

    The statements come first: a policy that names a log which no rotation explains is refused by readers.
    """
    for path, data in _stale(layout, line, organisation).items():
        files.replace(path, data)
        path.chmod(0o644)


def are_fresh(layout: Layout, line: Lineage, organisation: Iterable[Recorded]) -> bool:
    """Say whether the trust folder shows the journal's rotations."""
    return not _stale(layout, line, organisation)


def _stale(layout: Layout, line: Lineage, organisation: Iterable[Recorded]) -> dict[Path, bytes]:
    policy, signed = layout.trust / trust.POLICY, layout.trust / trust.ROTATIONS
    wanted = {signed: trust.rotations_text(rotations(organisation))}
    if policy.exists():
        wanted[policy] = with_logs(policy.read_text(encoding="utf-8"), line).encode()
    return {path: data for path, data in wanted.items() if not path.exists() or path.read_bytes() != data}

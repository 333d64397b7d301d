"""The investigator on the command line: takes a sealed bundle of what was granted, on a stated ground."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from evidence import ids, schema
from evidence.statements import bodies
from evidence.statements import statement as statements
from server.clients import timeline
from server.clients.errors import ClientError
from server.clients.signing import Signer
from server.clients.timeline import Moment

BUILT_WITHIN_S: Final = 600.0
"""A bundle waits for a log head with its export event and for a time stamp; gigabytes are copied after that."""

POLL_S: Final = 0.25
"""Between two looks; the server answers from memory."""

Progress = Callable[[str, int, int], None]
"""Called with (what happens, done, all) in bytes while downloading; all is 0 when it is not known."""


@dataclass(frozen=True)
class Export:
    """A bundle that was asked for and signed."""

    export: ids.ExportId
    manifest: ids.Sha256
    items: tuple[ids.ItemId, ...]


@dataclass(frozen=True)
class Investigator:
    """An investigator at one server."""

    signer: Signer = field(repr=False)

    def timeline(self, case: ids.CaseId) -> list[Moment]:
        """Return what was granted of the case, opened; what does not open says so.

        Raises:
            ClientError: as for `timeline.read`.
        """
        return timeline.read(self.signer, case, [self.signer.reader])

    def order(self, case: ids.CaseId, ground: str, grants: Sequence[ids.GrantId] | None = None) -> Export:
        """Ask for a bundle (of what these grants give), sign that it is taken: this commits to the bundle's manifest.

        Raises:
            ClientError: refused or not reachable.
            FormatError: the server prepared something else than an export.
        """
        asked = {"ground": ground} if grants is None else {"ground": ground, "grants": list(grants)}
        prepared = self.signer.api.post(f"/api/v1/cases/{case}/exports", asked)
        fixed = {name: prepared[name] for name in ("export", "manifest", "items", "head", "last")}
        body = schema.decode(bodies.Export, {**fixed, "ground": ground})
        self.signer.post(statements.sign(self.signer.identity, "export", body, case=case))
        return Export(body.export, body.manifest, body.items)

    def wait(self, export: ids.ExportId, progress: Progress | None = None) -> None:
        """Return when the bundle is built.

        Raises:
            ClientError: refused, not reachable, or not built in time.
        """
        deadline = time.monotonic() + BUILT_WITHIN_S
        while time.monotonic() < deadline:
            answer = self.signer.api.get(f"/api/v1/exports/{export}")
            if answer["state"] == "ready":
                return
            if progress is not None:
                progress(str(answer["state"]), int(answer["progress"]["done"]), int(answer["progress"]["of"]))
            time.sleep(POLL_S)
        raise ClientError("The bundle is not ready yet. It is being built; ask again later.")

    def download(self, export: ids.ExportId, target: Path, progress: Progress | None = None) -> int:
        """Fetch the bundle into the file `target` and return its size in bytes. The file appears whole or not at all.

        Raises:
            ClientError: refused, or the connection broke.
        """
        beside = target.with_name(target.name + ".part")
        with self.signer.api.streaming(f"/api/v1/exports/{export}/bundle.zip") as answer, beside.open("wb") as out:
            whole = int(answer.headers.get("content-length", 0))
            done = 0
            for piece in answer.iter_bytes():
                out.write(piece)
                done += len(piece)
                if progress is not None:
                    progress("download", done, whole)
        if whole and done != whole:
            raise ClientError("The connection broke before the bundle was whole. Nothing was kept; try again.")
        beside.rename(target)
        return done

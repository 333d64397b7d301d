"""An incident as she types it."""

from typing import Any

from evidence import ids
from evidence.envelope.meta import Meta


def incident(title: str = "Hij stond voor de deur", text: str | None = "Een uur lang.", **more: Any) -> Meta:  # noqa: ANN401 - fields of Meta
    """Return what she tells; `more` are fields of `Meta`, or others than the ones chosen here."""
    chosen = {"v": 1, "kind": "incident", "source": "victim", "recorded": ids.now(), "happened": "2026-05~"}
    return Meta(title=title, text=text, **{**chosen, **more})  # type: ignore[arg-type]

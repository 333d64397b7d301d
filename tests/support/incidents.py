"""An incident as she types it, and a photo as she adds it."""

from typing import Any

from evidence import ids
from evidence.envelope import pieces
from evidence.envelope.meta import Incident, Media


def incident(title: str = "Hij stond voor de deur", text: str = "Een uur lang.", **more: Any) -> Incident:  # noqa: ANN401 - members of an incident
    """Return what she tells; `more` are members of an incident, or others than the ones chosen here."""
    chosen = {"source": "victim", "recorded": ids.now(), "happened": "2026-05~"}
    return Incident(title=title, text=pieces.cut(text), **{**chosen, **more})


def photo(title: str = "Voor de deur", **more: Any) -> Media:  # noqa: ANN401 - members of a photo
    """Return the description of a photo that is sealed with it; `more` are members, as above."""
    return Media(title=title, **{"kind": "photo", "source": "victim", "recorded": ids.now(), **more})

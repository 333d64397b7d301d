"""Names of keys' owners in verdicts: the label that was certified, and the role in the language of whoever reads it."""

from dataclasses import dataclass
from typing import Final, Literal

from evidence import ids

Language = Literal["nl", "en"]

SHOWN: Final = 8
"""Of an id: enough to tell apart the few of a case. The review page shows the same characters of the same id."""

ROLES: Final[dict[str, tuple[str, str]]] = {
    "server": ("server", "server"),
    "bridge": ("alarmbrug", "bridge"),
    "caseworker": ("casemanager", "caseworker"),
    "dispatcher": ("meldkamer", "dispatcher"),
    "desk": ("meldtafel", "desk"),
    "investigator": ("rechercheur", "investigator"),
    "phone": ("telefoon", "phone"),
    "vault": ("kluis", "vault"),
    "key": ("sleutel", "key"),
}
"""Dutch and English, as on the pages."""

INVITED: Final[dict[Language, str]] = {"nl": "uitgenodigd door", "en": "invited by"}


@dataclass(frozen=True)
class Owner:
    """Whose key it is. `label` is what the root certified; without one, `id` tells it apart from others of its role."""

    role: str
    label: str | None = None
    id: str = ""
    invited_by: str | None = None
    """Of a phone: the label of whoever let it in."""

    @classmethod
    def unknown(cls, kid: ids.KeyId) -> "Owner":
        """Return the owner of a key that nothing here certifies."""
        return cls("key", id=kid)

    def text(self, language: Language) -> str:
        """Return `Marit Verhoeven (casemanager)` or `telefoon 0ed6404e (uitgenodigd door Marit Verhoeven)`."""
        dutch, english = ROLES.get(self.role, (self.role, self.role))
        role = dutch if language == "nl" else english
        if self.label is not None:
            return f"{self.label} ({role})"
        invited = "" if self.invited_by is None else f" ({INVITED[language]} {self.invited_by})"
        return f"{role} {self.id[:SHOWN]}{invited}"

    def __str__(self) -> str:
        return self.text("en")


@dataclass(frozen=True)
class Tally:
    """Owners and how often, the most often first."""

    counts: tuple[tuple[Owner, int], ...]

    @classmethod
    def of(cls, counts: dict[Owner, int]) -> "Tally":
        """Return the tally of a count."""
        return cls(tuple(sorted(counts.items(), key=lambda one: (-one[1], str(one[0])))))

    def text(self, language: Language) -> str:
        """Return `Marit (casemanager) (2×), telefoon 0ed6404e (1×)`."""
        return ", ".join(f"{owner.text(language)} ({count}×)" for owner, count in self.counts)

    def __str__(self) -> str:
        return self.text("en")

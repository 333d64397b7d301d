"""Words of the layer that a professional lays over a case: red flags, and the phases of the chain's process.

Set by a person and shown, never computed, and never hers to tick. The chain's own documents name them; a `note` may say
others in its writer's words. What he did is classified by the tags of conduct.
"""

from collections.abc import Mapping
from typing import Final

from evidence.envelope import conduct

RED_FLAGS: Final[Mapping[str, tuple[str, str]]] = {
    "rising-severity": ("Het wordt erger", "Rising severity"),
    "rising-frequency": ("Het gebeurt vaker", "Rising frequency"),
    "escalation": ("Escalatie", "Escalation"),
    "isolation": ("Isolatie", "Isolation"),
    "control": ("Controle en dwang", "Control and coercion"),
    "firearms": ("Vuurwapens", "Firearms"),
    "dependence": ("Afhankelijkheid", "Dependence"),
    "violence": conduct.TAGS["violence"],
    "sexual-violence": conduct.TAGS["sexual-violence"],
    "death-threats": ("Doodsbedreigingen", "Death threats"),
    "suicide-threats": ("Dreigen met zelfdoding", "Suicide threats"),
    "extreme-fear": ("Extreme angst", "Extreme fear"),
}
"""Death threats against her or others."""

PHASES: Final[Mapping[str, tuple[str, str]]] = {
    "recognise": ("Tijdige herkenning", "Timely recognition"),
    "assess": ("Risico inschatten", "Assessing the risk"),
    "triage": ("Triëren en prioriteren", "Triage and priority"),
    "respond": ("Adequaat reageren", "Adequate response"),
}

TAGS: Final = {**conduct.TAGS, **RED_FLAGS, **PHASES}
"""All that a note can be of."""

"""Tags of what he did, with their Dutch and English words: the kinds of conduct that the chain's own documents name.

One table for the commands, the page, the timeline and the search. Another tag is kept, and shown, as it was written.
"""

from collections.abc import Mapping
from typing import Final

TAGS: Final[Mapping[str, tuple[str, str]]] = {
    "call": ("Bellen", "Calls"),
    "message": ("Berichten", "Messages"),
    "following": ("Volgen of wachten", "Following or waiting"),
    "visit": ("Aan de deur", "At the door"),
    "gift": ("Cadeaus of brieven", "Gifts or letters"),
    "threat": ("Bedreiging", "Threat"),
    "damage": ("Vernieling", "Damage"),
    "theft": ("Diefstal", "Theft"),
    "violence": ("Lichamelijk geweld", "Physical violence"),
    "sexual-violence": ("Seksueel geweld", "Sexual violence"),
    "online": ("Online of in haar naam", "Online or in her name"),
    "exposing": ("Beelden of gegevens gedeeld", "Pictures or data shared"),
    "tracking": ("Zender of app", "Tracker or app"),
    "through-children": ("Via kinderen of omgang", "Through children or contact arrangements"),
    "through-others": ("Via familie, vrienden, werk of buren", "Through family, friends, work or neighbours"),
    "money": ("Geld", "Money"),
    "false-report": ("Valse meldingen", "False reports"),
    "breach": ("Verbod overtreden", "Breach of an order"),
    "other": ("Anders", "Other"),
}
"""A threat is against her, others or himself; money is withheld, owed or spent in her name; through others is also
related to honour."""

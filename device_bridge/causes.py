"""The causes of red health: a code, what it is about, and words in Dutch and in English for whoever mends it.

Everything here can keep a press from a person. What a part says of itself is English and stands in `about`; the Dutch
words say what that means at the console.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

CauseCode = Literal[
    "broker-away",
    "login-away",
    "nobody-watches",
    "route-away",
    "no-account",
    "lane-away",
    "lane-unbelieved",
    "presses-not-stored",
    "presses-wait",
    "presses-not-taken",
    "presses-not-completed",
    "press-kept",
    "press-quarantined",
    "unsealed",
    "spool-unreadable",
    "disk-low",
    "clock-set",
    "alarms-unreadable",
    "check-in-unread",
    "devices-unjudged",
    "bridge-away",
    "keys",
    "journal-away",
    "journal-behind",
    "journal-refused",
    "part-failed",
]

WORDS: Final[dict[CauseCode, tuple[str, str]]] = {
    "broker-away": ("Broker {about} is niet verbonden.", "broker {about} is not connected"),
    "login-away": ("Geen knop kan inloggen bij broker {about}.", "no device can log in at broker {about}"),
    "nobody-watches": (
        "Niemand kijkt: er is geen meldtafel open met een begonnen dienst.",
        "nobody watches: no console is open with a shift begun",
    ),
    "route-away": ("Een weg naar buiten werkt niet: {about}.", "{about}"),
    "no-account": (
        "Een centrale gaf knoppen geen aansluitnummer ({about}): een druk daarop komt daar niet aan.",
        "a centre gave devices no account ({about}): it is not told when they are pressed",
    ),
    "lane-away": ("Het deel dat een druk op de knop opslaat, draait niet: {about}.", "{about}"),
    "lane-unbelieved": ("De lijst van knoppen klopt niet: {about}.", "{about}"),
    "presses-not-stored": ("Een druk op de knop wordt niet opgeslagen: {about}.", "{about}"),
    "presses-wait": ("Een druk op de knop wacht op opslag: {about}.", "{about}"),
    "presses-not-taken": ("Een druk is opgeslagen en nog geen alarm: {about}.", "{about}"),
    "presses-not-completed": ("Een druk is nog niet verwerkt tot bewijs: {about}.", "{about}"),
    "press-kept": ("Een druk van meer dan een dag geleden staat nog niet in het logboek.", "{about}"),
    "press-quarantined": ("Berichten van knoppen zijn apart gelegd: {about}.", "{about}"),
    "unsealed": ("Een druk kon voor niemand worden versleuteld: {about}.", "{about}"),
    "spool-unreadable": ("Het geheugen van de alarmbrug is niet te lezen: {about}.", "{about}"),
    "disk-low": ("De schijf van de alarmbrug is bijna vol: nog {about} MB.", "only {about} MB are free on its disk"),
    "clock-set": ("De klok van de alarmbrug is verzet: {about}.", "{about}"),
    "alarms-unreadable": ("Een alarm is niet te lezen: {about}.", "{about}"),
    "check-in-unread": ("Iemand meldde zich niet op tijd, en er kon geen alarm open: {about}.", "{about}"),
    "devices-unjudged": ("Van een knop is niet te zeggen of hij het doet: {about}.", "{about}"),
    "bridge-away": ("De andere alarmbrug wordt niet gehoord: {about}.", "{about}"),
    "keys": ("Sleutels of knoppen zijn niet goed bewaard: {about}.", "{about}"),
    "journal-away": ("Het logboek neemt niets aan: {about}.", "{about}"),
    "journal-behind": (
        "Het logboek loopt uren achter; wat daar nog niet staat, ziet niemand in een zaak: {about}.",
        "the journal is hours behind: {about} wait for it",
    ),
    "journal-refused": ("Het logboek weigerde iets: {about}.", "{about}"),
    "part-failed": ("Een onderdeel van de alarmbrug doet het niet: {about}.", "{about}"),
}
"""Code → Dutch, English."""

ALL: Final[frozenset[str]] = frozenset(get_args(CauseCode))


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong."""

    code: CauseCode
    about: str = ""

    @property
    def english(self) -> str:
        """What it is, for whoever mends it."""
        return WORDS[self.code][1].format(about=self.about)

    def to_json(self) -> dict[str, str]:
        """Return it for pages, `getuige doctor` and metrics."""
        return {
            "code": self.code,
            "about": self.about,
            "nl": WORDS[self.code][0].format(about=self.about),
            "en": self.english,
        }

"""The warnings of a phone, in the language of whoever holds it: what happened, what is safe, what to do next."""

from collections.abc import Iterator, Mapping
from typing import Final

from server.clients.phone import FOREIGN, Phone

STRANGER: Final[Mapping[str, str]] = {
    "nl": "Er is iets verstuurd dat deze telefoon niet kent (bericht {number}, ontvangen {at}). Wat u zelf toevoegt, "
    "komt gewoon aan. Misschien heeft iemand een kopie van deze telefoon, of is een oude back-up teruggezet. Bespreek "
    "het met uw begeleider, op een moment en plek die veilig zijn.",
    "en": "Something was sent that this phone does not know (message {number}, received {at}). What you add yourself "
    "arrives as always. Somebody may have a copy of this phone, or an old backup was put back. Tell your caseworker, "
    "at a moment and in a place that are safe.",
}
CONTRADICTED: Final[Mapping[str, str]] = {
    "nl": "Het logboek van de server klopt niet met wat deze telefoon eerder zag. Beide zijn hier bewaard. Wat u "
    "toevoegt, komt gewoon aan. Laat het uw begeleider weten.",
    "en": "The server's log does not agree with what this phone saw before. Both are kept here. What you add arrives "
    "as always. Tell your caseworker.",
}


def warnings(phone: Phone) -> Iterator[str]:
    """Yield what she should know; nothing when all is well."""
    language = phone.signer.api.language
    for kept in phone.strangers():
        number = int(kept.name.removeprefix(FOREIGN))
        yield STRANGER.get(language, STRANGER["nl"]).format(number=number, at=kept.recorded.received_at)
    if phone.contradicted:
        yield CONTRADICTED.get(language, CONTRADICTED["nl"])

"""The warnings of a phone, in the language of whoever holds it: what happened, what is safe, what to do next."""

from collections.abc import Iterator, Mapping
from typing import Final

from server.clients.phone import Phone
from server.clients.phone_chain import FOREIGN

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
TWO_LISTS: Final[Mapping[str, str]] = {
    "nl": "Er zijn twee verschillende lijsten van wie mag lezen, met hetzelfde nummer. Beide zijn hier bewaard. Wat u "
    "toevoegt, komt gewoon aan. Laat het uw begeleider weten.",
    "en": "There are two different lists of who may read, with the same number. Both are kept here. What you add "
    "arrives as always. Tell your caseworker.",
}
NOT_BELIEVED: Final[Mapping[str, str]] = {
    "nl": "De server liet een lijst zien van wie mag lezen, die niet van uw kluis komt. Deze telefoon gebruikt die "
    "niet. Wat u toevoegt, komt gewoon aan. Laat het uw begeleider weten.",
    "en": "The server showed a list of who may read that is not from your vault. This phone does not use it. What you "
    "add arrives as always. Tell your caseworker.",
}
LEFT_OUT: Final[Mapping[str, str]] = {
    "nl": "Eén van de mensen die meelezen, kon het laatste niet krijgen. Het komt gewoon aan. Uw kluis kan het geven.",
    "en": "One of the people who read along could not be given the last entry. It arrives as always. Your vault can "
    "give it.",
}


def warnings(phone: Phone) -> Iterator[str]:
    """Yield what she should know; nothing when all is well."""
    language = phone.signer.api.language
    for kept in phone.strangers():
        number = int(kept.name.removeprefix(FOREIGN))
        yield STRANGER.get(language, STRANGER["nl"]).format(number=number, at=kept.recorded.received_at)
    if phone.chain.contradicted:
        yield CONTRADICTED.get(language, CONTRADICTED["nl"])
    for shown, text in (
        (phone.lists.two, TWO_LISTS),
        (phone.lists.not_believed, NOT_BELIEVED),
        (phone.lists.left_out, LEFT_OUT),
    ):
        if shown:
            yield text.get(language, text["nl"])

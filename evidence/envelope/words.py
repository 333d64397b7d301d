"""Words for each member of a description, in Dutch and English: one table for the page, the commands and the docs.

A member is named by its dotted path from the kind (`order.until`); those of a list stand under the list. Plain words
(B1), because she reads them.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from evidence import ids, schema
from evidence.envelope import conduct, layers
from evidence.envelope.meta import KINDS

Words = tuple[str, str]
"""Dutch, English."""

MEMBERS: Final[Mapping[str, Words]] = {
    "kind": ("Soort", "Kind"),
    "source": ("Bron", "Source"),
    "recorded": ("Opgeschreven", "Written down"),
    "title": ("In het kort", "In short"),
    "text": ("In haar woorden", "In her words"),
    "happened": ("Gebeurd", "Happened"),
    "discovered": ("Ontdekt", "Discovered"),
    "only_mine": ("Alleen voor mij", "Only for me"),
    "lasted_minutes": ("Hoe lang het duurde (minuten)", "How long it lasted (minutes)"),
    "conduct": ("Wat hij deed", "What he did"),
    "count": ("Hoe vaak", "How many"),
    "counted": ("Wat er geteld is", "What was counted"),
    "place": ("Plaats", "Place"),
    "position": ("Plek op de kaart", "Place on the map"),
    "position.lat": ("Breedte", "Latitude"),
    "position.lon": ("Lengte", "Longitude"),
    "position.accuracy_m": ("Nauwkeurig op (meter)", "Accurate to (metres)"),
    "present": ("Was zij erbij", "Was she there"),
    "against": ("Tegen wie", "Against whom"),
    "done_by": ("Wie het deed", "Who did it"),
    "how_known": ("Hoe zij dat weet", "How she knows"),
    "witnesses": ("Wie het zag of hoorde", "Who saw or heard it"),
    "children_present": ("Waren er kinderen bij", "Were children there"),
    "severity": ("Hoe erg", "How bad"),
    "impact": ("Wat het met haar doet", "What it does to her"),
    "told": ("Aan wie zij het meteen vertelde", "Whom she told at once"),
    "told.whom": ("Aan wie", "Whom"),
    "told.at": ("Wanneer", "When"),
    "told.number": ("Nummer van de melding", "Number of the report"),
    "told.no_number": ("Geen nummer bekend", "No number known"),
    "about": ("Hoort bij", "Belongs to"),
    "file": ("Bestand", "File"),
    "file.name": ("Naam", "Name"),
    "file.mime": ("Type", "Type"),
    "file.size": ("Grootte (bytes)", "Size (bytes)"),
    "file.sha256": ("SHA-256", "SHA-256"),
    "origin": ("Hoe het hier kwam", "How it came here"),
    "origin_of": ("Uit welke app, of van wie", "From which app, or from whom"),
    "grade": ("Hoe dicht bij de bron", "How near to the source"),
    "how_made": ("Hoe het is gemaakt", "How it was made"),
    "took_part": ("Deed zij mee aan het gesprek", "Was she part of the conversation"),
    "camera": ("Wat de camera zegt", "What the camera says"),
    "camera.taken": ("Tijd volgens de camera", "Time according to the camera"),
    "camera.taken_from": ("Veld in het bestand", "Field in the file"),
    "camera.position": ("Plek volgens de camera", "Place according to the camera"),
    "camera.position.lat": ("Breedte", "Latitude"),
    "camera.position.lon": ("Lengte", "Longitude"),
    "camera.position.accuracy_m": ("Nauwkeurig op (meter)", "Accurate to (metres)"),
    "order": ("Verbod", "Order"),
    "order.kind": ("Welk verbod", "Which order"),
    "order.valid_from": ("Eerste dag", "First day"),
    "order.until": ("Laatste dag", "Last day"),
    "order.number": ("Nummer", "Number"),
    "order.area": ("Waar hij niet mag komen", "Where he may not come"),
    "order.persons": ("Met wie geen contact", "No contact with"),
    "order.watched_by": ("Wie erop toeziet", "Who watches over it"),
    "order.said_by": ("Hoe stop is gezegd", "How he was told to stop"),
    "order.proof": ("Waaruit dat blijkt", "What shows it"),
    "assessment": ("Inschatting", "Assessment"),
    "assessment.instrument": ("Formulier", "Form"),
    "assessment.outcome": ("Uitkomst, zoals het formulier het zegt", "Outcome, in the form's own words"),
    "assessment.version": ("Versie van het formulier", "Version of the form"),
    "assessment.items": ("Over welke stukken", "On which items"),
    "assessment.assessor": ("Functie van wie inschatte", "Function of the assessor"),
    "assessment.organisation": ("Organisatie", "Organisation"),
    "assessment.decided": ("Wat er is besloten", "What was decided"),
    "assessment.next": ("Volgende keer", "Next time"),
    "report": ("Bij de politie", "With the police"),
    "report.kind": ("Melding, aangifte of klacht", "Which report"),
    "report.at": ("Dag", "Day"),
    "report.number": ("Nummer", "Number"),
    "report.officer": ("Wie het opnam", "Who took it"),
    "report.withdraw_until": ("Intrekken kan tot en met", "May be withdrawn until"),
    "report.domicile": ("Ander adres in de stukken (domicilie)", "Another address in the papers (domicile)"),
    "report.individual_assessment": ("Individuele beoordeling gedaan", "Individual assessment done"),
    "report.contact": ("Vast aanspreekpunt", "Fixed contact"),
    "card": ("Kaart voor de meldkamer", "Card for the control room"),
    "card.name": ("Haar naam", "Her name"),
    "card.address": ("Adres", "Address"),
    "card.address.street": ("Straat", "Street"),
    "card.address.number": ("Huisnummer", "House number"),
    "card.address.postcode": ("Postcode", "Postcode"),
    "card.address.town": ("Plaats", "Town"),
    "card.call_back": ("Terugbellen", "Calling back"),
    "card.call_back.may": ("Mag het", "May it be done"),
    "card.call_back.number": ("Nummer", "Number"),
    "card.call_back.how": ("Hoe", "How"),
    "card.safe_word": ("Veilig woord", "Safe word"),
    "card.language": ("Taal", "Language"),
    "card.how_to_enter": ("Hoe komt u binnen", "How to enter"),
    "card.key_holders": ("Wie heeft een sleutel", "Who has a key"),
    "card.household": ("Wie is er nog in huis", "Who else is in the house"),
    "card.children": ("Kinderen", "Children"),
    "card.suspect": ("De verdachte", "The suspect"),
    "card.suspect.description": ("Hoe ziet hij eruit", "How to know him"),
    "card.suspect.name": ("Zijn naam", "His name"),
    "card.suspect.picture": ("Foto van hem", "Picture of him"),
    "card.suspect.picture.mime": ("Type van de foto", "Type of the picture"),
    "card.weapons": ("Wapens", "Weapons"),
    "card.orders": ("Verboden", "Orders"),
    "card.orders.kind": ("Welk verbod", "Which order"),
    "card.orders.valid_from": ("Eerste dag", "First day"),
    "card.orders.until": ("Laatste dag", "Last day"),
    "card.orders.number": ("Nummer", "Number"),
    "card.orders.area": ("Waar hij niet mag komen", "Where he may not come"),
    "card.orders.persons": ("Met wie geen contact", "No contact with"),
    "card.orders.watched_by": ("Wie erop toeziet", "Who watches over it"),
    "card.orders.said_by": ("Hoe stop is gezegd", "How he was told to stop"),
    "card.orders.proof": ("Waaruit dat blijkt", "What shows it"),
    "card.known_places": ("Plekken waar zij kan zijn", "Places to look for her"),
    "card.known_places.label": ("Naam van de plek", "Name of the place"),
    "card.known_places.lat": ("Breedte", "Latitude"),
    "card.known_places.lon": ("Lengte", "Longitude"),
    "card.aol": ("Afspraak op Locatie (AOL)", "Afspraak op Locatie (AOL)"),
    "card.aol.number": ("Nummer", "Number"),
    "card.aol.until": ("Geldt tot en met", "Holds until"),
    "cost": ("Kosten", "Cost"),
    "cost.what": ("Waarvoor", "For what"),
    "cost.amount_cents": ("Bedrag (in centen)", "Amount (in cents)"),
    "cost.at": ("Dag", "Day"),
    "cost.receipt": ("Bon", "Receipt"),
    "trace": ("Spoor", "Trace"),
    "trace.kind": ("Wat voor spoor", "What kind of trace"),
    "trace.what": ("Wat er is gevonden", "What was found"),
    "trace.found_by": ("Wie het vond", "Who found it"),
    "trace.found_with": ("Waarmee het is gevonden", "What it was found with"),
    "trace.report": ("Verslag van het onderzoek", "Report of the search"),
    "trace.removed": ("Weggehaald op", "Removed on"),
    "translation": ("Vertaling", "Translation"),
    "translation.item": ("Van welk stuk", "Of which item"),
    "translation.of": ("Zegel van dat stuk", "Commitment of that item"),
    "translation.language": ("In welke taal", "Into which language"),
    "translation.by": ("Wie vertaalde", "Who translated"),
    "translation.sworn": ("Beëdigd", "Sworn"),
    "note": ("Aantekening", "Note"),
    "note.kind": ("Wat voor aantekening", "What kind of note"),
    "note.of": ("Welke", "Which"),
    "note.confirmed": ("Bevestigd", "Confirmed"),
    "question": ("Vraag", "Question"),
    "question.to": ("Aan wie", "To whom"),
    "question.answer_by": ("Antwoord voor", "Answer before"),
    "answer": ("Antwoord", "Answer"),
    "answer.question": ("Op welke vraag", "To which question"),
    "screening": ("Vragen over veiligheid", "Questions on safety"),
    "screening.version": ("Welke lijst", "Which list"),
    "screening.answers": ("Antwoorden", "Answers"),
    "screening.answers.question": ("Vraag", "Question"),
    "screening.answers.answer": ("Antwoord", "Answer"),
    "digest": ("Stand van de zaak", "State of the case"),
    "digest.read_to": ("Gelezen tot en met regel", "Read up to entry"),
    "digest.items": ("Stukken", "Items"),
    "digest.alarms": ("Alarmen", "Alarms"),
    "digest.newest": ("Nieuwste", "Newest"),
    "digest.orders_until": ("Verboden tot en met", "Orders until"),
    "alarm": ("Alarm", "Alarm"),
    "alarm.alarm": ("Nummer van het alarm", "Id of the alarm"),
    "alarm.device": ("Apparaat", "Device"),
    "alarm.boot": ("Keer aangezet", "Times switched on"),
    "alarm.counter": ("Bericht nummer", "Message number"),
    "alarm.kind": ("Wat voor bericht", "What kind of message"),
    "alarm.pressed_at": ("Tijd op het apparaat", "Time on the device"),
    "alarm.age_s": ("Leeftijd van de plek (seconden)", "Age of the place (seconds)"),
    "alarm.source": ("Hoe de plek is bepaald", "How the place was found"),
}

VALUES: Final[Mapping[str, Words]] = {
    "herself": ("zijzelf", "she herself"),
    "child": ("kind", "child"),
    "family": ("familie of vrienden", "family or friends"),
    "work": ("werk", "work"),
    "other": ("anders", "other"),
    "him": ("hij", "him"),
    "for-him": ("iemand voor hem", "someone for him"),
    "unknown": ("niet bekend", "not known"),
    "captured-in-app": ("gemaakt in de app", "made in the app"),
    "picked": ("gekozen", "picked"),
    "shared": ("gedeeld vanuit een app", "shared from an app"),
    "pasted": ("geplakt", "pasted"),
    "exported": ("uit een app gehaald", "exported from an app"),
    "report": ("verslag van een organisatie", "report of an organisation"),
    "gateway": ("van een camera of deurbel", "from a camera or doorbell"),
    "screen-recording": ("opname van het scherm", "recording of the screen"),
    "source": ("het bestand zelf", "the file itself"),
    "export": ("uitvoer van een app", "export of an app"),
    "copy": ("kopie", "copy"),
    "picture-of": ("foto van een scherm of papier", "picture of a screen or paper"),
    "huisverbod": ("huisverbod", "huisverbod (home ban)"),
    "contactverbod": ("contactverbod", "contactverbod (contact ban)"),
    "gebiedsverbod": ("gebiedsverbod", "gebiedsverbod (area ban)"),
    "gedragsaanwijzing": ("gedragsaanwijzing (509hh Sv)", "gedragsaanwijzing (509hh Sv)"),
    "voorwaarde": ("voorwaarde bij schorsing of straf", "condition at suspension or sentence"),
    "maatregel": ("maatregel (38v Sr)", "measure (38v Sr)"),
    "civiel": ("verbod van de civiele rechter", "order of a civil judge"),
    "burgemeester": ("verbod van de burgemeester", "order of the mayor"),
    "stop-gezegd": ("stop gezegd", "told to stop"),
    "letter": ("brief", "letter"),
    "lawyer": ("advocaat", "lawyer"),
    "police": ("stopgesprek van de politie", "talk by the police"),
    "melding": ("melding", "melding (notification)"),
    "aangifte": ("aangifte", "aangifte (report)"),
    "klacht": ("klacht", "klacht (wish to prosecute)"),
    "aanvulling": ("aanvulling", "addition"),
    "intrekking": ("intrekking", "withdrawal"),
    "tracker": ("zender", "tracker"),
    "account": ("account", "account"),
    "app": ("app", "app"),
    "note": ("aantekening", "note"),
    "red-flag": ("rode vlag", "red flag"),
    "classification": ("soort gedrag", "classification"),
    "breach": ("overtreding van een verbod", "breach of an order"),
    "phase": ("fase", "phase"),
    "lead": ("casusregisseur", "lead"),
    "checklist": ("lijst bij het sluiten", "checklist at closing"),
    "yes": ("ja", "yes"),
    "write": ("alleen schrijven", "only write"),
    "no": ("nee", "no"),
}
"""Of members that have only so many answers."""

TERMS: Final[Mapping[str, Mapping[str, Words]]] = {
    "kind": {
        "incident": ("Gebeurtenis", "Incident"),
        "photo": ("Foto", "Photo"),
        "sound": ("Geluid", "Sound"),
        "video": ("Video", "Video"),
        "file": ("Bestand", "File"),
        "alarm": ("Alarm", "Alarm"),
        "position": ("Positie tijdens alarm", "Position during an alarm"),
        "order": ("Verbod", "Order"),
        "card": ("Kaart meldkamer", "Dispatcher card"),
        "assessment": ("Inschatting", "Assessment"),
        "report": ("Bij de politie", "With the police"),
        "cost": ("Kosten", "Cost"),
        "trace": ("Spoor", "Trace"),
        "translation": ("Vertaling", "Translation"),
        "note": ("Aantekening", "Note"),
        "question": ("Vraag", "Question"),
        "answer": ("Antwoord", "Answer"),
        "screening": ("Vragen over veiligheid", "Questions on safety"),
        "label": ("Naam van de zaak", "Name of the case"),
        "digest": ("Stand van de zaak", "State of the case"),
        "check-in": ("Terugmelding", "Check-in"),
    },
    "source": {
        "victim": ("Zijzelf", "Herself"),
        "sensor": ("Sensor", "Sensor"),
        "camera": ("Camera van een ander", "Someone else’s camera"),
        "witness": ("Getuige", "Witness"),
        "police": ("Politie", "Police"),
        "caseworker": ("Casemanager", "Caseworker"),
        "dispatcher": ("Meldtafel", "Control room"),
    },
    "severity": {
        "0": ("Geen ernst gekozen", "No severity chosen"),
        "1": ("Hinderlijk", "Disturbing"),
        "2": ("Ernstig", "Severe"),
        "3": ("Zeer ernstig", "Very severe"),
        "4": ("Levensgevaar", "Danger to life"),
    },
    "conduct": conduct.TAGS,
    "note.of": layers.TAGS,
}
"""Of members whose answers have words of their own, also where another member has the same answer."""

TAGGED: Final = ("conduct", "note.of")
"""Members that take any text, and have words for some: tags."""


def paths(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield the path of each member of a kind that is for people, also inside records and lists, and its type."""
    for name, hint in get_type_hints(kind).items():
        inner = schema.without_none(hint)
        if name != "v" and inner is not ids.Base64:
            yield name, inner
            one = get_args(inner)[0] if get_origin(inner) is tuple else inner
            if isinstance(one, type) and is_dataclass(one):
                yield from ((f"{name}.{path}", more) for path, more in paths(one))


def choices(hint: Any) -> tuple[str, ...]:  # noqa: ANN401 - a type form has no common type
    """Return the answers of a member, or of the members of a list, that has only so many."""
    one = get_args(hint)[0] if get_origin(hint) is tuple else hint
    return tuple(str(option) for option in get_args(one)) if get_origin(one) is Literal else ()


def every_path() -> dict[str, Any]:
    """Return the paths of all kinds, and their types."""
    return {path: hint for kind in KINDS.values() for path, hint in paths(kind)}


def both(words: Words) -> str:
    """Return the words in both languages, once where they are the same."""
    return " / ".join(dict.fromkeys(words))


@functools.cache
def label(path: str) -> str:
    """Return how a member is called beside others: its words with those of what holds it, and its path for programs."""
    names = path.split(".")
    above = [MEMBERS[".".join(names[:place])] for place in range(1, len(names) + 1)]
    return f"{both((': '.join(nl for nl, _ in above), ': '.join(en for _, en in above)))} [{path}]"


def tag_of(path: str, told: str) -> str:
    """Return the tag that is meant by what was told, also by its Dutch or English words; else what was told."""
    spelt = {one.casefold(): tag for tag, said in TERMS[path].items() for one in (tag, *said)}
    return spelt.get(told.strip().casefold(), told.strip())


def said(path: str, value: Any) -> str:  # noqa: ANN401 - plain JSON
    """Return what a member says, in words: one after another what is in a list, and of a record each of its members."""
    if isinstance(value, list):
        return "; ".join(said(path, one) for one in value)
    if isinstance(value, dict):
        inside = {f"{path}.{name}": member for name, member in value.items() if member not in (None, [])}
        return " · ".join(f"{both(MEMBERS[one])}: {said(one, member)}" for one, member in inside.items())
    if isinstance(value, bool):
        return both(VALUES["yes" if value else "no"])
    answers = TERMS.get(path) or (VALUES if path in _chosen() else {})
    told = "" if value is None else str(value)
    return both(answers[told]) if told in answers else told


@functools.cache
def _chosen() -> frozenset[str]:
    """Return the members that have only so many answers."""
    return frozenset(path for path, hint in every_path().items() if choices(hint))

"""The texts of a dossier, Dutch and English. Plain words: a lawyer, a judge and the defence read them without us."""

from typing import Final

from evidence.bundle.dossier.dates import Language

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "title": ("Dossier bij een zaak van belaging", "Dossier of a case of stalking"),
    "subtitle": (
        "Bijlage bij een aangifte. Dit is geen proces-verbaal en geen strafdossier.",
        "Annex to a report to the police. This is no police record and no criminal file.",
    ),
    "case": ("Zaak", "Case"),
    "export": ("Uitvoer", "Export"),
    "exported-by": ("Uitgevoerd door", "Exported by"),
    "exported-at": ("Uitgevoerd op", "Exported on"),
    "ground": ("Grond", "Ground"),
    "made-by": ("Gemaakt met", "Made with"),
    "items": ("Stukken", "Items"),
    "items-count": (
        "{all} stukken: {opened} open, {closed} niet te openen",
        "{all} items: {opened} open, {closed} do not open",
    ),
    "means": ("Wat dit document bewijst, en wat niet", "What this document proves, and what not"),
    "means-1": (
        (
            "Dit document bewijst zelf niets: het is een leesbare weergave van de map waaruit het is gemaakt."
            " De map bewijst zichzelf met de opdracht “getuige verify”, zonder ons."
        ),
        (
            "This document proves nothing by itself: it is a readable view of the folder that it was made "
            "from. The folder proves itself with the command “getuige verify”, without us."
        ),
    ),
    "means-2": (
        (
            "Wat de controle van de map wel aantoont: dat de bestanden en beschrijvingen zijn wat destijds is"
            " verzegeld, met welke sleutel, en dat zij niet later bij de server zijn binnengekomen dan hier "
            "staat."
        ),
        (
            "What checking the folder does show: that files and descriptions are what was sealed at the time,"
            " by which key, and that they reached the server no later than is said here."
        ),
    ),
    "means-3": (
        (
            "Wat zij niet aantoont: dat het verslag waar is, wie de telefoon in handen had, of wanneer iets "
            "gebeurde. “Gebeurd” en “ontdekt” zijn haar woorden; “vastgelegd” is de klok van het toestel; "
            "“ontvangen” is de server."
        ),
        (
            "What it does not show: that the account is true, who held the phone, or when something happened."
            " “Happened” and “discovered” are her words; “recorded” is the device’s clock; “received” is the "
            "server."
        ),
    ),
    "means-4": (
        (
            "Wie de zaak beoordeelt, hoort ook te weten wat hier ontbreekt: alleen stukken die aan de "
            "uitvoerder zijn gegeven, staan hierin. “getuige verify” noemt hoeveel er niet zijn gegeven."
        ),
        (
            "Whoever judges the case should know what is missing too: only items that were given to the "
            "exporter are here. “getuige verify” names how many were not given."
        ),
    ),
    "factors": (
        "Het patroon, langs de zes factoren van de Hoge Raad",
        "The pattern, along the six factors of the Hoge Raad",
    ),
    "factors-lead": (
        (
            "De Hoge Raad weegt aard, duur, frequentie, intensiteit, omstandigheden en invloed "
            "(ECLI:NL:HR:2013:BZ3626). Hier staan tellingen, geen score. Elk getal noemt de nummers van de "
            "stukken die het telt."
        ),
        (
            "The Hoge Raad weighs nature, duration, frequency, intensity, circumstances and impact "
            "(ECLI:NL:HR:2013:BZ3626). These are counts, no score. Each number names the items that it "
            "counts."
        ),
    ),
    "nature": ("Aard", "Nature"),
    "duration": ("Duur", "Duration"),
    "frequency": ("Frequentie", "Frequency"),
    "intensity": ("Intensiteit", "Intensity"),
    "circumstances": ("Omstandigheden", "Circumstances"),
    "impact": ("Invloed", "Impact"),
    "none": ("Hierover is niets vastgelegd.", "Nothing was recorded about this."),
    "days": ("{days} dagen, van {start} tot en met {end}", "{days} days, from {start} to {end}"),
    "days-vague": (
        "ongeveer {days} dagen (ten minste {least}), van {start} tot en met {end}",
        "about {days} days (at least {least}), from {start} to {end}",
    ),
    "undated": ("Zonder bruikbare tijd, hier niet in geteld", "Without a usable time, not counted here"),
    "happened": ("Gebeurtenissen", "Happenings"),
    "times": ("Samen {count} keer, zoals in de verslagen geteld", "{count} times in all, as counted in the reports"),
    "busiest": ("Meeste in één week (week van {day})", "Most in one week (week of {day})"),
    "severity-none": ("Geen ernst gekozen", "No severity chosen"),
    "alarms": ("Alarmen", "Alarms"),
    "breaches": (
        "Terwijl een verbod gold (of het is overtreden, zegt een mens)",
        "While an order was in force (whether it was breached, a person says)",
    ),
    "stop-before": ("Voordat hem stop is gezegd ({day})", "Before he was told to stop ({day})"),
    "stop-after": ("Nadat hem stop is gezegd ({day})", "After he was told to stop ({day})"),
    "stop-left": ("Niet bekend of het voor of na stop was", "Not known whether before or after he was told to stop"),
    "media": ("Beeld, geluid en bestanden", "Pictures, sound and files"),
    "weeks": ("Per week", "By week"),
    "week-of": ("Week van", "Week of"),
    "count": ("Aantal", "Number"),
    "week-left": ("Tijd te ruim voor een week", "Time too vague for a week"),
    "gaps": (
        "Langer dan vier weken niets vastgelegd (dat is niet hetzelfde als rust): {gaps}",
        "Nothing recorded for more than four weeks (which is not the same as calm): {gaps}",
    ),
    "hours": ("Per weekdag en uur", "By weekday and hour"),
    "hour-left": ("Tijd niet op de minuut bekend", "Time not known to the minute"),
    "sources": ("Wie het vastlegde", "Whose record it is"),
    "sources-lead": (
        (
            "Eén getuige is geen getuige (art. 342 lid 2 Sv). Per gebeurtenis: haar eigen verslag, en wat "
            "anderen of apparaten vastlegden."
        ),
        (
            "One witness is no witness (art. 342(2) Sv). For each happening: her own account, and what others"
            " or devices recorded."
        ),
    ),
    "alone": ("Geen andere bron dan zijzelf", "No other source than herself"),
    "incidents": ("Wat er is vastgelegd", "What was recorded"),
    "incidents-lead": (
        (
            "In de volgorde waarin het gebeurde, op de klok van Nederland. Vier tijden: gebeurd en ontdekt zoals "
            "verteld, vastgelegd door het toestel, ontvangen door de server."
        ),
        (
            "In the order in which it happened, on the clock of the Netherlands. Four times: happened and discovered "
            "as told, recorded by the device, received by the server."
        ),
    ),
    "number": ("Nr.", "No."),
    "what": ("Wat", "What"),
    "when": ("Gebeurd / ontdekt", "Happened / discovered"),
    "recorded": ("Vastgelegd / ontvangen", "Recorded / received"),
    "by": ("Bron / verzegeld door", "Source / sealed by"),
    "not-counted": ("telt niet mee", "not counted"),
    "orders": ("Verboden en stop gezegd", "Orders, and told to stop"),
    "order": ("Verbod", "Order"),
    "valid": ("Geldig", "Valid"),
    "during": ("Gebeurtenissen terwijl het gold", "Happenings while it was in force"),
    "police": ("Bij de politie", "With the police"),
    "report": ("Melding, aangifte, klacht", "Report"),
    "police-number": ("Nummer", "Number"),
    "no-number": ("geen nummer bekend", "no number known"),
    "called": ("Gebeld of verteld", "Called or told"),
    "costs": ("Kosten", "Costs"),
    "costs-lead": (
        "In de volgorde van deel B van het formulier Verzoek tot schadevergoeding, zonder gegevens van een persoon.",
        "In the order of part B of the form for damages, without data of a person.",
    ),
    "amount": ("Bedrag", "Amount"),
    "receipt": ("Bewijs", "Receipt"),
    "total": ("Samen", "In all"),
    "alarms-title": ("Alarmen: wie nam aan, wie sloot", "Alarms: who accepted, who closed"),
    "pressed": ("Ontvangen", "Received"),
    "accepted": ("Aangenomen door", "Accepted by"),
    "closed": ("Gesloten door", "Closed by"),
    "translations": ("Vertalingen", "Translations"),
    "translated": ("Van stuk {number}, naar {language}, door {by}", "Of item {number}, into {language}, by {by}"),
    "sworn": ("beëdigd", "sworn"),
    "corrections": ("Verbeterd, aangevuld, betwist", "Corrected, added to, disputed"),
    "exhibits": ("Stukkenlijst", "List of exhibits"),
    "exhibits-lead": (
        "SHA-256 van elk bestand zoals het in de map staat. “Beschrijving” is wat de maker erbij zei.",
        "SHA-256 of each file as it lies in the folder. “Description” is what its maker said of it.",
    ),
    "file": ("Bestand", "File"),
    "closed-items": ("Stukken die niet opengaan", "Items that do not open"),
    "closed-lead": (
        (
            "Dit zegt niet wie er iets fout deed. Een fout in de software ziet er net zo uit als iemand met "
            "een kopie van de sleutel."
        ),
        (
            "This does not say who did something wrong. A fault of software looks the same as somebody with a"
            " copy of the key."
        ),
    ),
    "paste": ("Tekst voor het proces-verbaal", "Text for the police record"),
    "paste-text": (
        (
            "Op ………… ontving ik van ………… op een gegevensdrager (…………) een map met {all} stukken uit de zaak "
            "{case}, uitgevoerd op {exported}. De SHA-256 van het manifest van de verzegelde bundel is "
            "{manifest}. Ik heb gezien: …………. De inhoud heb ik niet onderzocht."
        ),
        (
            "On ………… I received from ………… on a carrier (…………) a folder with {all} items of case {case}, "
            "exported on {exported}. The SHA-256 of the manifest of the sealed bundle is {manifest}. I have "
            "seen: …………. I did not examine the contents."
        ),
    ),
    "check": ("Hoe u dit controleert zonder ons", "How to check this without us"),
    "check-1": (
        (
            "Neem “getuige verify” ergens anders vandaan dan uit deze map, en het "
            "bestand met vertrouwde sleutels van de organisatie zelf. Of: bash verify.sh, met alleen openssl "
            "en awk."
        ),
        (
            "Take “getuige verify” from elsewhere than this folder, and the file of "
            "trusted keys from the organisation itself. Or: bash verify.sh, with openssl and awk only."
        ),
    ),
    "check-2": (
        (
            "De stappen staan in HOWTO.txt in de map. Verklaart de controle iets als “niet bewezen”, dan "
            "geldt dat, en niet dit document."
        ),
        (
            "The steps are in HOWTO.txt in the folder. Where the check calls something “not proven”, that "
            "holds, and not this document."
        ),
    ),
    "page": ("bladzijde", "page"),
    "of": ("van", "of"),
    "and-more": ("en {count} meer", "and {count} more"),
}


def text(key: str, in_language: Language, /, **values: object) -> str:
    """Return a text, with its values put in when there are any."""
    said = TEXTS[key][in_language == "en"]
    return said.format(**values) if values else said

"""The verifier's sentences about items: unchanged, opened, and what was said of them (`texts`, step 7)."""

from typing import Final

ITEMS: Final = {
    "item-unchanged": {
        "nl": "Item {about}: verzegeld door {who}, ontvangen {when}, tijdstempel {latest}, niet veranderd.",
        "en": "Item {about}: sealed by {who}, received {when}, time stamp {latest}, unchanged.",
    },
    "item-incomplete": {
        "nl": "Item {about} is ONVOLLEDIG: {here} van {whole} bytes zijn binnengekomen. Begonnen door {who}, ontvangen "
        "{when}, tijdstempel {latest}. Het begin en de beschrijving zijn echt; wat volgt bewijst zichzelf bij openen.",
        "en": "Item {about} is INCOMPLETE: {here} of {whole} bytes arrived. Begun by {who}, received {when}, time "
        "stamp {latest}. Its beginning and description are authentic; what follows proves itself when it is opened.",
    },
    "item-differs": {
        "nl": "Item {about} is niet wat er is verzegeld: {why}",
        "en": "Item {about} differs from its event: {why}",
    },
    "item-received": {
        "nl": "Item {about} is wat de server op {when} heeft ontvangen; het is sindsdien niet veranderd.",
        "en": "Item {about} is what the server received at {when}; it is unchanged since.",
    },
    "item-amended": {
        "nl": "Item {about} is verbeterd met item {by}, door {who}, ontvangen {when}. Beide blijven bewaard.",
        "en": "Item {about} was corrected by item {by}, by {who}, received {when}. Both are kept.",
    },
    "item-added-to": {
        "nl": "Item {about}: aanvulling met item {by} door {who}, ontvangen {when}, niet door haar bevestigd.",
        "en": "Item {about}: an addition, item {by}, by {who}, received {when}, not confirmed by her.",
    },
    "item-disputed": {
        "nl": "Wat telefoon {about} tussen {since} en {until} toevoegde, is niet van haar, zegt {who} (ontvangen "
        "{when}).",
        "en": "What phone {about} added between {since} and {until} is not hers, says {who} (received {when}).",
    },
    "item-held": {
        "nl": "Item {about} mag niet worden gewist, zegt {who} op {when}: {ground}",
        "en": "Item {about} must not be erased, says {who} at {when}: {ground}",
    },
    "item-erasure-asked": {
        "nl": "Item {about}: {who} vroeg op {when} om het te wissen.",
        "en": "Item {about}: {who} asked at {when} to have it erased.",
    },
    "item-glass-broken": {
        "nl": "Item {about} is geopend zonder open alarm, door {who} op {when}: {reason}",
        "en": "Item {about} was opened without an open alarm, by {who} at {when}: {reason}",
    },
    "case-rescued": {
        "nl": "{asker} kon met de noodsleutel van de zaak lezen, van {when} tot {until}; {who} ging akkoord: {reason}",
        "en": "{asker} could read with the case's rescue key, from {when} until {until}; {who} agreed: {reason}",
    },
    "grant-revoked": {
        "nl": "{who} trok op {when} een eerdere vrijgave aan deze lezer in.",
        "en": "{who} took back an earlier grant to this reader at {when}.",
    },
    "exported-before": {
        "nl": "Hiervan is eerder uitgeleverd: {exports}.",
        "en": "Part of this was exported before: {exports}.",
    },
    "derived-made-again": {
        "nl": "{about} is opnieuw gemaakt uit de bewezen beschrijvingen, en is hetzelfde.",
        "en": "{about} was made again from the proven descriptions, and is the same.",
    },
    "derived-differs": {
        "nl": "{about} is niet wat uit de beschrijvingen volgt.",
        "en": "{about} is not what follows from the descriptions.",
    },
    "derived-not-compared": {
        "nl": "{about} is gemaakt door {maker}, en deze controle is {here}: niet vergeleken, bewijst niets.",
        "en": "{about} was made by {maker}, and this verifier is {here}: not compared, proves nothing.",
    },
    "original-proven": {
        "nl": "{file} is wat {who} heeft verzegeld; ontvangen {when}, tijdstempel {latest} (item {about}).",
        "en": "{file} is what {who} sealed; received {when}, time stamp {latest} (item {about}).",
    },
    "original-incomplete": {
        "nl": "{file} is ONVOLLEDIG: {here} van {whole} verzegelde bytes waren binnen (item {about}). Begonnen door "
        "{who}, ontvangen {when}, tijdstempel {latest}. De beschrijving is bewezen. Het deel van het bestand is stuk "
        "voor stuk echt voor wie het opende; zonder de sleutel is dat hier niet na te gaan.",
        "en": "{file} is INCOMPLETE: {here} of {whole} sealed bytes had arrived (item {about}). Begun by {who}, "
        "received {when}, time stamp {latest}. The description is proven. The part of the file is authentic, piece by "
        "piece, for whoever opened it; without the key that cannot be checked here.",
    },
    "original-closed": {
        "nl": "Item {about} is niet geopend ({part}), zegt wie deze bundel opende. Verzegeld door {who}, ontvangen "
        "{when}, tijdstempel {latest}. Of dat zo is, laten de verzegelde bundel en de sleutel van die lezer zien.",
        "en": "Item {about} was not opened ({part}), says whoever opened this bundle. Sealed by {who}, received "
        "{when}, time stamp {latest}. The sealed bundle and that reader's key show whether that is so.",
    },
    "original-differs": {
        "nl": "Item {about}: het geopende bestand is niet wat er is verzegeld.",
        "en": "Item {about}: the opened file is not what was sealed.",
    },
}

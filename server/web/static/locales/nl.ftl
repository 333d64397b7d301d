# Getuige, Nederlands (B1). Korte zinnen. Zeg wat er gebeurde, wat veilig is en wat u nu kunt doen.

## Overal
language = Taal
leave = Weg van deze pagina
help = Hulp
close = Sluiten
skip = Naar de inhoud
loading = Een moment. De gegevens worden opgehaald en hier geopend.
case-rest = De eerste stukken staan hier. De rest komt er nog bij. Cijfers en grafieken staan er als alles er is.
unknown = onbekend
no-data = Geen gegevens

## Voordeur
landing-title = Getuige
landing-lead = Deze pagina is voor medewerkers. Kies waar u wilt werken.
landing-review = Overzicht
landing-review-text = Dossiers lezen en controleren. Voor casemanagers en rechercheurs.
landing-console = Meldtafel
landing-console-text = Alarmen aannemen en opvolgen. Voor de meldkamer.
landing-docs = Technische beschrijving
landing-danger = Is er nu gevaar? Bel 112.

## Inloggen
review-sign-in = Overzicht
console-sign-in = Meldtafel
sign-in-lead = Log in met uw naam en uw wachtzin. Uw wachtzin blijft op deze computer.
sign-in-again = De pagina is opnieuw geladen. Geef uw wachtzin, dan gaat u verder waar u was.
sign-in-handle = Naam
sign-in-phrase = Wachtzin
sign-in-phrase-hint = Zes woorden, met spaties ertussen.
sign-in-button = Inloggen
sign-in-asking = Contact met de server …
sign-in-deriving = Uw sleutel wordt geopend. Dat duurt een paar tellen.
sign-in-wrong-role = Deze pagina past niet bij uw werk
sign-in-wrong-role-text = U bent weer uitgelogd. Kies op de voorpagina de pagina die bij uw werk hoort.
root-summary = Sleutel van de organisatie: { $start } …
root-explained = Deze browser vertrouwt deze sleutel sinds { $day }. Vergelijk hem één keer met de sleutel op papier. Noemt de server later een andere sleutel, dan waarschuwt deze pagina.
problem-phrase = Inloggen is niet gelukt
problem-phrase-text = De naam en de wachtzin passen niet bij elkaar. Er is niets veranderd. Controleer beide en probeer het opnieuw.
problem-offline = Geen verbinding met de server
problem-offline-text = Uw gegevens zijn veilig. Controleer het netwerk en probeer het opnieuw.
problem-server = Dit is niet gelukt
problem-server-text = De server gaf een antwoord dat wij niet begrijpen. Er is niets veranderd. Probeer het later opnieuw of vraag de beheerder.
problem-anchor = De server noemt een andere sleutel
problem-anchor-text = Deze browser kent een andere sleutel van de organisatie. Log niet in. Bel uw beheerder en vergelijk de sleutel met de sleutel op papier.

## Overzicht van een dossier
review = Overzicht
review-title = Getuige – overzicht
cases = Dossiers
cases-none = Er is nog geen dossier dat u mag lezen.
case = Dossier
lead = Regie
opened = Geopend
reader = U leest als
assessment = Laatste inschatting (SASH)
assessment-none = Niet vastgelegd in dit dossier
verification-how = Hoe is dit gecontroleerd?
verification-explained = Deze browser heeft van elk item de handtekening gecontroleerd, tot aan de sleutel van de organisatie hieronder. Daarna is gekeken of het item in het logboek staat. De onafhankelijke getuigen van het logboek controleert u met het programma getuige verify.
proven-count = { $proven } van { $total } bewezen
failed-count = { $failed } { $failed ->
    [one] item klopt niet
   *[other] items kloppen niet
 }
signed-count = { $signed } nog niet in het logboek
wide-count = { $wide } met een ruim tijdvak
checking-count = { $total } items worden gecontroleerd …
erasure-title = { $count ->
    [one] Eén item wordt gewist op { $due }, of later
   *[other] { $count } items worden gewist op { $due }, of later
}
erasure-asked = Zij heeft dit gevraagd. Er gebeurt niets zolang geen hulpverlener instemt.
erasure-waiting = Zij heeft dit gevraagd en een hulpverlener stemde in. Tot die dag kan het worden afgezegd.
erasure-held = Iemand houdt een van deze items vast. Zolang dat zo is, gebeurt er niets.
erasure-kept = De zaak wordt bewaard voor een klacht of onderzoek. Tot die termijn gebeurt er niets.
erasure-asked-at = Gevraagd op { $asked }. Na { $lapses } geldt de vraag niet meer.
erasure-cancel = Niet wissen
erasure-agree = Instemmen
erasure-agree-explained = Spreek haar eerst alleen. Misschien vroeg iemand anders hierom. Wat gewist is, komt niet terug.
erasure-agree-really = Ik sprak haar alleen en stem in
erased-title = { $count ->
    [one] Eén item is gewist
   *[other] { $count } items zijn gewist
}
erased-row = gewist op { $erased } · ontvangen op { $received }
erased-explained = Het logboek bewijst dat er iets was. Wat het was, is hier niet meer te lezen.
sign-number-taken = Misschien heeft iemand een kopie van de sleutel van telefoon { $phone }
sign-number-taken-means = Er kwamen twee berichten binnen met hetzelfde nummer. Eén telefoon doet dat nooit. Iemand heeft dus een kopie van haar telefoon, of er is een oude back-up teruggezet. Met de sleutel kan iemand items toevoegen op haar naam. Lezen kan hij er niet mee. Wat zij zelf toevoegt, komt gewoon aan.
sign-number-taken-do = Praat alleen met haar, op een veilige plek, en niet via deze telefoon. Vraag of de telefoon is teruggezet of vervangen. Loop samen na welke items van haar zijn. Weet zij van niets: laat eerst alles van haar telefoon aankomen. Sluit de telefoon daarna buiten en nodig een nieuwe uit. Let op: wie de kopie heeft, merkt dat.
sign-seen-contradicts = Telefoon { $phone } zag een ander logboek dan dit
sign-seen-contradicts-means = De telefoon bewaart wat zij eerder van het logboek zag. Dat past niet bij het logboek van nu. Het logboek is veranderd, of iemand met een kopie van de sleutel zegt iets dat niet waar is. Wat zij toevoegt, komt gewoon aan.
sign-seen-contradicts-do = Meld dit vandaag aan de beheerder en laat het logboek controleren. Wis niets van de telefoon: beide versies staan daar. Vraag haar op een veilige plek of iemand anders de telefoon heeft gehad.
sign-seen-beyond = Telefoon { $phone } zag een langer logboek dan dit
sign-seen-beyond-means = Misschien is de server teruggezet en ontbreekt het nieuwste deel. Of iemand met een kopie van de sleutel zegt iets dat niet waar is. Wat zij toevoegt, komt gewoon aan.
sign-seen-beyond-do = Meld dit vandaag aan de beheerder. Vraag haar op een veilige plek wat zij het laatst heeft toegevoegd, en kijk of het hier staat.
mark-correction = Verbetering door haar
mark-correction-of = Zij heeft hiermee verbeterd:
mark-unconfirmed = Toevoeging door deze telefoon, niet door haar bevestigd
mark-unconfirmed-of = Toegevoegd door een telefoon, niet door haar bevestigd met haar kluis. Telt niet mee. Het gaat over:
mark-replaced = Door haar verbeterd
mark-replaced-by = Zij heeft dit verbeterd. Deze versie blijft staan en telt niet mee. De nieuwe versie:
mark-disputed = Zij zegt: niet van mij
mark-disputed-explained = Zij zegt dat wat dit apparaat toen toevoegde, niet van haar is. Er is niets gewist. Het telt niet mee.
readers-none = Niemand leest mee wat er nu bij komt
readers-none-do = Wat al gegeven is, blijft te lezen. Spreek met haar, op een veilige plek: zij kan u of een collega weer aanwijzen, met haar kluis.
readers-changed = Er is met haar wachtzin iets gewijzigd in wie mag lezen of wat van haar is ({ $at })
readers-changed-do = Doe de controle die bij de intake is afgesproken: het woord, de plek, wie er belt. Vraag het alleen aan haar zelf. Eén handeling met haar kluis zet het terug.
readers-end = De lijst van wie meeleest loopt af op { $at }
readers-end-do = Vraag haar, op een veilige plek, om de lijst te verlengen. Zij krijgt hiervan geen bericht op haar telefoon.
readers-grant = Wat zij aan iemand gaf, loopt af op { $at }
readers-grant-do = Vraag haar, op een veilige plek, of zij het opnieuw wil geven. Zij krijgt hiervan geen bericht op haar telefoon.
readers-held-back = Een server die niet eerlijk is, kan een nieuwe lijst achterhouden. Haar telefoon sluit dan nog af voor wie op de oude lijst staat, hooguit tot die afloopt. Haar kluis kan de nieuwe lijst zelf aan haar telefoon laten zien.
readers-next = Vanaf { $at } geldt een andere lijst van wie meeleest
readers-next-do = Tot dan blijft alles zoals het is. Spreek met haar voordat de lijst ingaat.
rescue-asked = { $asked } vraagt om met de noodsleutel te lezen
rescue-asked-until = Gevraagd op { $from }. Niemand ging nog akkoord, dus er is niets open. De vraag vervalt op { $until }.
rescue-asked-do = Heeft u ook een deel van de sleutel? Bel eerst met uw collega. Wat u geeft, kunt u niet terugnemen.
rescue-used = { $asked } mocht met de noodsleutel lezen; { $agreed } ging akkoord
rescue-used-until = Van { $from } tot { $until }. Wat gelezen is, blijft bekend.
rescue-used-do = De sleutel is nu op. Haar kluis maakt een nieuwe. Vertel het haar alleen op een veilige plek: haar telefoon zegt hier niets over.
readers-count = { $count ->
    [one] Eén lezer, tot en met { $until }.
   *[other] { $count } lezers, tot en met { $until }.
}
sign-closed-to-readers = Telefoon { $phone } voegde iets toe dat geen lezer kan openen
sign-closed-to-readers-means = Zij houdt het voor zichzelf, of haar telefoon kent de nieuwe lijst van lezers nog niet. Het is gewoon aangekomen en er is niets gewist.
sign-closed-to-readers-do = Doe de controle die bij de intake is afgesproken: het woord, de plek, wie er belt. Vraag het alleen aan haar zelf.
sign-do = Wat nu:
sign-once = Gezien op { $at }.
sign-seen = Voor het eerst op { $first }, het laatst op { $last }.
sign-added = { $count ->
    [one] 1 item van deze telefoon
   *[other] { $count } items van deze telefoon
 }
closed-count = { $count ->
    [one] 1 item is
   *[other] { $count } items zijn
 } niet aan u gegeven en niet geopend.
unopened-count = { $count ->
    [one] 1 item opent
   *[other] { $count } items openen
 } niet. De rest staat hieronder.
unopened-explained = Dit zegt niet wie er iets fout deed. Een fout in de telefoon ziet er net zo uit als iemand met een kopie van de sleutel. Vraag haar of zij weet wat dit is.
unopened-by = toegevoegd door
unopened-event = deze gebeurtenis is niet te lezen
unopened-served = wat de server gaf, is niet wat er is verzegeld
unopened-key = de sleutel erin past niet
unopened-description = de beschrijving is niet te lezen
proof-checking = bezig
proof-proven = bewezen
proof-signed = getekend
proof-failed = klopt niet
proof-checking-explained = De controle loopt nog.
proof-proven-explained = De handtekening klopt, de sleutel is bekend en het item staat in het logboek. Zo is het door de server ontvangen.
proof-signed-explained = De handtekening klopt en de sleutel is bekend. Het item staat nog niet in het logboek, of het bewijs was niet op te halen.
incomplete = onvolledig: { $part } %
incomplete-explained = Dit item is aangekondigd en niet afgemaakt, bijvoorbeeld omdat de telefoon tijdens het versturen is uitgevallen. Wat is binnengekomen, is echt en leesbaar. De rest ontbreekt.
proof-failed-explained = Dit item is niet te bewijzen. Gebruik het niet als bewijs. Meld het aan de beheerder.

pattern = Patroon
pattern-nature = Aard
pattern-duration = Duur
pattern-frequency = Frequentie
pattern-intensity = Intensiteit
pattern-circumstances = Omstandigheden
pattern-impact = Invloed
pattern-sources = Wie het vastlegde
days = { $count ->
    [one] 1 dag
   *[other] { $count } dagen
 }
days-about = { $count ->
    [one] ongeveer 1 dag
   *[other] ongeveer { $count } dagen
 }
days-least = { $count ->
    [one] ten minste 1 dag
   *[other] ten minste { $count } dagen
 }
undated-count = { $count ->
    [one] 1 gebeurtenis zonder tijd telt
   *[other] { $count } gebeurtenissen zonder tijd tellen
 } hier niet mee
left-out-week = { $count ->
    [one] 1 gebeurtenis heeft een te ruime tijd en telt
   *[other] { $count } gebeurtenissen hebben een te ruime tijd en tellen
 } hier niet mee
weeks-newest = De nieuwste { $shown } van { $all } weken.
severity-none = { $count } zonder gekozen ernst
figure-dated = Gebeurtenissen met een tijd
figure-undated = Gebeurtenissen zonder tijd
figure-alarms = Alarmen
figure-breaches = Tijdens een verbod
figure-wide = Met een ruim tijdvak
figure-alone = Geen andere bron dan zijzelf
figure-stop-before = Voordat hem stop is gezegd
figure-stop-after = Nadat hem stop is gezegd
figure-stop-left = Niet bekend of het voor of na stop was
figure-week = Week van { $day }
figure-week-left = Tijd te ruim voor een week
figure-hour-left = Tijd niet op de minuut
figure-no-severity = geen ernst gekozen
happenings = { $count ->
    [one] 1 gebeurtenis
   *[other] { $count } gebeurtenissen
 }
busiest = Hoogste aantal in één week: { $count }
times-in-all = Samen { $count } keer, zoals geteld in de verslagen
alarm-count = { $count ->
    [one] 1 alarm
   *[other] { $count } alarmen
 }
breach-count = { $count } tijdens een verbod
stop-before-count = { $count } voordat hem stop is gezegd
stop-after-count = { $count } nadat hem stop is gezegd
stop-left-count = { $count } waarvan niet bekend is of het voor of na stop was
alone-count = Van { $count } is er geen andere bron dan zijzelf
media-count = { $count ->
    [one] 1 beeld of geluid
   *[other] { $count } beelden en geluiden
 }
impact-count = { $count ->
    [one] 1 keer beschreven
   *[other] { $count } keer beschreven
 }

overview = Tijdlijn
overview-label = Tijdlijn met { $count } items, van { $from } tot { $to }. Rijen: { $lanes }. De tabel hieronder bevat dezelfde gegevens.
outside-before = { $count } eerder
outside-after = { $count } later
overview-tools = Tijdlijn verschuiven en vergroten
overview-earlier = Eerder
overview-later = Later
overview-in = Inzoomen
overview-out = Uitzoomen
overview-all = Alles
legend = Betekenis van de tekens
legend-tick = Hoe hoger, hoe ernstiger
legend-bar = Tijd niet precies bekend
legend-unknown = Tijd onbekend, staat bij het vastleggen
legend-alarm = Alarm
legend-band = Verbod van kracht
legend-breach = Omlijnd: tijdens een verbod
legend-gap = Niets vastgelegd

weekly-title = Per week
weekly-lead = Gebeurtenissen, alarmen met een schuin patroon
weekly-label = Staafdiagram van { $weeks } weken, hoogste aantal { $most }. De tabel bevat dezelfde gegevens.
week-of = Week van { $day }: { $total }, waarvan { $alarms } alarmen
rhythm-title = Dag en uur
rhythm-lead = Alleen wat op de minuut bekend is
rhythm-label = Kaart van dag en uur, hoogste aantal { $most }. De tabel bevat dezelfde gegevens.
left-out = { $count ->
    [one] 1 gebeurtenis heeft
   *[other] { $count } gebeurtenissen hebben
 } geen precieze tijd en { $count ->
    [one] staat
   *[other] staan
 } hier niet.

entries = { $count ->
    [one] 1 item
   *[other] { $count } items
 }
positions-count = { $count ->
    [one] 1 positie tijdens dit alarm
   *[other] { $count } posities tijdens dit alarm
 }
entries-label = Items, op volgorde van gebeuren. Kaarten voor de meldkamer staan achteraan.
entries-none = Geen item past bij dit filter. In het dossier staat misschien wel iets: maak het filter leeg.
case-empty = In dit dossier staat nog niets dat u mag lezen.
filter = Zoeken
filter-hint = Zoek met de woorden van deze pagina, zoals bedreiging, ernst 4, november of 2026-11-02. Escape maakt het veld leeg.
filter-on = Filter:
filter-shown = { $shown } van { $total } items getoond
filter-paper = { $shown } van { $total } items staan hieronder. Alle getallen gaan over het hele dossier.
filter-clear = Alles tonen
printed = Afgedrukt
zone = Tijden in { $zone }
column-thumbnail = Beeld
column-what = Wat
column-happened = Gebeurd
column-discovered = Ontdekt
column-recorded = Vastgelegd
column-received = Ontvangen
column-source = Bron
column-proof = Bewijs

kind-incident = Gebeurtenis
kind-photo = Foto
kind-sound = Geluid
kind-video = Video
kind-file = Bestand
kind-alarm = Alarm
kind-position = Positie tijdens alarm
kind-order = Verbod
kind-card = Kaart meldkamer
kind-assessment = Inschatting
kind-report = Bij de politie
kind-cost = Kosten
kind-trace = Spoor
kind-translation = Vertaling
kind-note = Aantekening
kind-question = Vraag
kind-answer = Antwoord
kind-screening = Vragen over veiligheid
kind-label = Naam van de zaak
kind-digest = Stand van de zaak
kind-check-in = Terugmelding

source-victim = Zijzelf
source-sensor = Sensor
source-camera = Camera van een ander
source-witness = Getuige
source-police = Politie
source-caseworker = Casemanager
source-dispatcher = Meldtafel

lane-media = Beeld en geluid
lane-assessment = Inschatting

severity = Ernst
severity-short = ernst { $level }
severity-0 = Geen ernst gekozen
severity-1 = Hinderlijk
severity-2 = Ernstig
severity-3 = Zeer ernstig
severity-4 = Levensgevaar

order-huisverbod = Huisverbod
order-contactverbod = Contactverbod
order-gebiedsverbod = Gebiedsverbod
order-gedragsaanwijzing = Gedragsaanwijzing (509hh Sv)
order-voorwaarde = Voorwaarde bij schorsing of straf
order-maatregel = Maatregel (38v Sr)
order-civiel = Verbod van de civiele rechter
order-burgemeester = Verbod van de burgemeester
order-stop-gezegd = Stop gezegd

role-phone = Telefoon van de zaak
role-caseworker = Casemanager
role-investigator = Rechercheur
role-dispatcher = Meldkamer
role-bridge = Alarmbrug
role-server = Server
role-vault = Kluis
role-root = Organisatie

time-unknown = onbekend
time-about = rond { $time }
time-perhaps = misschien { $time }
time-between = { $from } – { $to }
time-not-understood = “{ $told }” (zoals verteld, niet begrepen)
time-as-told = “{ $told }” (zoals verteld)
time-twice = { $time } (de klok wees dit die nacht twee keer aan)
time-elsewhere = { $time } (verteld als { $told })
time-future = { $time } (ligt in de toekomst)

detail = Item
detail-none = Kies een item in de tabel of op de tijdlijn.
detail-media = Beeld en geluid hierbij
detail-about = Hoort bij:
detail-during = Tijdens:
story = Wat er met dit alarm gebeurde
story-none = Wie het alarm aannam, staat niet in wat u mag lezen.
story-claim = bekeken
story-accept = aangenomen
story-dispatch = eenheid gestuurd
story-on_scene = ter plaatse
story-take_over = overgenomen
story-look = meegekeken met het sluiten
story-close = gesloten
story-second-look = Dit alarm is binnen een minuut na de druk gesloten, of als geen echt alarm.
story-look-do = Vraag haar of dat klopt, op de manier en het moment die u met haar afsprak.
story-refused = { $count } regels over dit alarm kloppen niet en staan hier niet. Meld het aan de beheerder.
card-says = Wat de meldkamer leest
card-places = Bekende plaatsen
detail-times = Vier tijden
detail-facts = Gegevens
impact = Wat het met haar doet
place = Plaats
position = Positie
order = Verbod
order-until = Tot en met
press = Knop
press-of = start { $boot }, druk { $counter }
device-message = Bericht van de knop
message-of = start { $boot }, bericht { $counter }
file = Bestand
custody = Herkomst
sealed-by = Verzegeld door
log-index = Nummer in het logboek
received-at = Server ontving het op
item-id = Item
bytes = { NUMBER($count) } bytes
file-hash = SHA-256 van het bestand
commitment = Vastlegging
proof-file = Bewijs uit het logboek opslaan
photo-of = Foto: { $title }
media-open = Openen ({ $size } MB)
media-opening = Wordt geopend ({ $size } MB) …
media-failed = Dit bestand kon niet worden geopend. Het origineel staat veilig op de server. Probeer het later opnieuw.
media-not-loaded = Beeld niet geladen
media-save = { $name } opslaan
media-empty = Dit bestand is leeg (0 bytes). Zo is het toegevoegd.
media-unshown = Deze browser kan dit bestand ({ $type }) niet tonen. Het is wel heel aangekomen: sla het op en open het met een ander programma.
media-unshown-short = Deze browser kan dit beeld niet tonen
media-pictureless = Deze browser speelt alleen het geluid van dit bestand ({ $type }). Sla het op om het beeld te zien.
camera-taken = Tijd volgens de camera
camera-position = Plaats volgens de camera
camera-field = (veld { $field } in het bestand; niet wat zij zelf vertelde)
honest = Wat hier staat is wat mensen en apparaten hebben vastgelegd. Ontvangen betekent: de server ontving het op dat moment. Dit programma berekent geen risico.

help-title = Toetsen
key-0 = volgend item
key-1 = vorig item
key-2 = eerder
key-3 = later
key-4 = inzoomen
key-5 = uitzoomen
key-6 = alles tonen
key-7 = filter
key-8 = deze hulp
key-9 = sluiten wat open is, of filter leegmaken

## Meldtafel
console = Meldtafel
console-title = Getuige – meldtafel
stale-bar = NIET ACTUEEL – gebruik telefoon
stale-since = Laatste teken van de server: { $time }
stale-first = Nog geen teken van de server
stale-bridge = De alarmbrug is niet bereikbaar.
stale-broker = Een verbinding met de knoppen is weg.
stale-database = De opslag van de alarmbrug werkt niet.
freshness = Hoe actueel is deze pagina
live = Actueel
live-at = laatste teken { $time }
desk-unopened = { $count ->
    [one] 1 sleutel van een meldtafel opent
   *[other] { $count } sleutels van meldtafels openen
 } hier niet
desk-unopened-text = U ziet elk alarm. Van alarmen voor die meldtafel opent u misschien de plaats en de kaart niet. Bel uw beheerder: die deelt de meldtafel opnieuw met u.
shift-start = Dienst starten
shift-lead = Eén keer klikken: dan test deze pagina het geluid, vraagt zij het scherm aan te laten en komt uw dienst in het logboek.
shift-running = Dienst loopt sinds { $time }
shift-sound-on = Geluid staat aan
shift-sound-off = Geluid werkt niet
shift-screen-on = Scherm blijft aan
shift-screen-off = Scherm kan uitgaan
shift-again = Geluid opnieuw testen
shift-recorded = Staat in het logboek
shift-unrecorded = Staat nog niet in het logboek
shift-refused = Niet in het logboek: de server weigerde het
shift-end = Dienst beëindigen

# Alarmapparaten
devices = Alarmapparaten
devices-failed = De lijst van alarmapparaten is nu niet te lezen. Laad de pagina opnieuw.
devices-dark = De alarmbrug geeft geen antwoord. Hoe de apparaten er nu voor staan is niet bekend.
device-ready = In orde
device-fault = Niet in orde
device-unknown = Niet bekend
device-silent = stil
device-never-heard = nooit gehoord
device-battery = Batterij
device-tamper = sabotage
device-test-overdue = test te laat
device-bridge-unreachable = alarmbrug niet bereikbaar
device-heard = Laatst gehoord
device-tested = Laatst getest
device-never = Nog nooit
device-test-due = Volgende test uiterlijk
device-missed = Te lang stil: { $count } keer
device-minutes = { $count ->
    [one] 1 minuut
   *[other] { $count } minuten
 }
device-presses = Alarmen van dit apparaat: { $count }
lending-to = Uitgeleend aan
lending-to-client = cliënt
lending-to-household = iemand in haar huishouden
lending-basis = Grond
lending-review = Opnieuw bekijken vóór
lending-overdue = had al opnieuw bekeken moeten zijn
lending-back = Teruggenomen
lending-none = niet uitgeleend
lending-whole = heel
lending-damaged = beschadigd
lending-lost = kwijt
silence = Sirene stil
silence-hint = Stil is niet aangenomen.
alarms = Alarmen
alarms-open = { $count ->
    [one] 1 alarm open
   *[other] { $count } alarmen open
 }
alarms-old = Laatst bekende stand
alarms-old-text = Deze lijst is niet actueel. Er kunnen alarmen bij zijn gekomen. Bel de alarmcentrale of uw collega.
alarms-none = Geen alarmen. De lijst is actueel zolang de balk bovenaan groen is en "Actueel" zegt.
alarms-closed = Gesloten
new-alarm = Nieuw alarm, { $kind }, { $age } geleden
state-raised = NIEUW
state-delivered = NIEUW
state-claimed = IN BEKIJK
state-accepted = AANGENOMEN
state-dispatched = EENHEID GESTUURD
state-on_scene = TER PLAATSE
state-closed = GESLOTEN
state-claimed-by = bekeken door { $who }
state-accepted-by = aangenomen door { $who }
state-taken-over = aangenomen door { $who }, overgenomen door { $now } om { $at }
check-ins-awaited = { $count ->
    [one] 1 terugmelding wordt verwacht
   *[other] { $count } terugmeldingen worden verwacht
 }, de eerste uiterlijk { $at }. Wie het is, staat hier pas als het moment voorbij is.
hand-over-own = Uw dienst is geëindigd om { $at } met { $count ->
    [one] 1 open alarm
   *[other] { $count } open alarmen
 } op uw naam
hand-over-stay = Blijf tot een collega op de eigen tafel heeft overgenomen. Dan staat hier wie het heeft.
hand-over-left = { $who } eindigde de dienst om { $at } met { $count ->
    [one] 1 open alarm
   *[other] { $count } open alarmen
 }
hand-over-dark = De meldtafel van { $who } is niet meer te horen, met { $count ->
    [one] 1 open alarm
   *[other] { $count } open alarmen
 } op die naam. Bel eerst: misschien slaapt alleen het scherm.
hand-over-begin = Start uw dienst om over te nemen.
hand-over-take = Ik neem over van { $who }
hand-over-refused = De overname is geweigerd. Misschien was een collega u voor.
hand-over-failed = Er kwam geen antwoord. Kijk of de overname er staat, en probeer het anders opnieuw.
state-closed-why = { $reason }
escalated-1 = 30 seconden niet aangenomen.
escalated-1-trying = Nu proberen wij de tweede alarmcentrale.
escalated-1-taken = Een alarmcentrale kreeg het alarm daarna. Dat is nog geen mens.
escalated-1-failed = Geen tweede alarmcentrale is bereikt. Neem zelf aan of bel.
escalated-1-nobody = Er is geen tweede alarmcentrale ingesteld. Neem zelf aan of bel.
escalated-2 = 60 seconden niet aangenomen.
escalated-2-trying = Nu proberen wij de achterwacht.
escalated-2-taken = De oproep aan de achterwacht is bij de oproepdienst. Dat is nog geen mens.
escalated-2-failed = De achterwacht is niet bereikt. Neem zelf aan of bel.
escalated-2-nobody = Er is geen achterwacht ingesteld. Neem zelf aan of bel.
escalated-again = Nog steeds niet aangenomen. Ronde { $round } van waarschuwen.
escalated-not-dispatched = { $who } nam dit aan, maar na 5 minuten was geen eenheid gestuurd. Nu heeft niemand het.
alarm-kind-press = Paniekknop
alarm-kind-duress = Dwang
alarm-kind-test = Test
alarm-kind-tamper = Sabotage
alarm-kind-overdue = Niet teruggemeld
reason-genuine = Echt alarm
reason-accidental = Per ongeluk
reason-test = Test
reason-technical = Technisch
act-claim = Ik kijk
act-accept = Aannemen
act-dispatch = Eenheid gestuurd
act-on_scene = Ter plaatse
act-close = Sluiten …
act-close-as = Sluiten als
act-close-not = Niet sluiten
closing-note = Notitie voor het dossier
closing-note-hint = Mag leeg blijven. Zijzelf en wie haar dossier leest kunnen dit lezen. De server en de andere meldtafels niet.
closing-note-title = Notitie bij het sluiten van een alarm
closing-note-sealing = De notitie bij het alarm van { $at } wordt versleuteld en opgestuurd
closing-note-waiting = De notitie bij het alarm van { $at } is nog niet bewaard. We proberen het opnieuw. Laat deze pagina open
closing-note-kept = De notitie bij het alarm van { $at } staat in het dossier
closing-note-refused = De notitie bij het alarm van { $at } is niet bewaard: de server neemt haar niet aan. Het alarm is wel gesloten
closing-note-unsealed = De notitie bij het alarm van { $at } is niet bewaard: versleutelen lukte niet. Het alarm is wel gesloten
closing-note-words = Uw woorden staan alleen nog hier:
closing-note-away = Weghalen
act-done = Vastgelegd: { $act }
act-failed = Niet vastgelegd
act-unsure = Niet bevestigd
act-unsure-text = Er kwam geen antwoord. Misschien is uw handeling wel vastgelegd. Kijk naar de stand van het alarm. Verandert die niet? Probeer het opnieuw of gebruik de telefoon.
act-stale-text = Het alarm is intussen veranderd. Uw handeling is niet vastgelegd. Kijk naar de nieuwe stand en kies opnieuw.
act-refused-text = { $why }
act-busy = Wordt vastgelegd …
card-none = Kies een alarm in de lijst.
card-where = Waar
card-no-position = De knop gaf geen positie mee.
card-position-follows = De plaats volgt. Het alarm telt al: wacht er niet op.
card-position-late = De plaats is er nog niet. De knop heeft misschien geen plaats gegeven, of het verzegelen lukt nog niet. Werk met de kaart.
card-position-closed = Deze positie gaat op deze tafel niet open.
card-position-gone = Het alarm is gesloten. De meldtafel toont de plaats niet meer. Wat de knop meegaf, staat in het dossier.
card-position-let-go = De meldtafel heeft van dit alarm geen plaats meer. Gaf de knop er een mee, dan staat die in het dossier.
card-accuracy = Nauwkeurigheid
card-accuracy-m = ± { $m } m
card-age = Leeftijd van de positie
card-source = Bron van de positie
place-source-gps = satelliet (gps)
place-source-gnss = satelliet (gps)
place-source-cell = zendmast van de telefoon
place-source-wifi = wifi in de buurt
card-sketch = Schets met afstand en richting tot bekende plaatsen. Noord is boven. Dichtbij is groter getekend.
position-of = Positie van { $time }
position-waits = Er is een nieuwere positie. Die opent als u het alarm aanneemt of de kaart opent.
position-empty = De nieuwste melding heeft geen plek. Dit is de plek daarvoor.
position-closed = De nieuwste positie kon niet worden geopend. Dit is de plek daarvoor.
moved = { $away } verder naar het { $point } dan de vorige
moved-not = op ongeveer dezelfde plek als de vorige
moved-N = noorden
moved-NE = noordoosten
moved-E = oosten
moved-SE = zuidoosten
moved-S = zuiden
moved-SW = zuidwesten
moved-W = westen
moved-NW = noordwesten
trail-since = De stippen zijn eerdere plekken, vanaf { $time }.
map-label = Kaart van deze computer. Noord is boven.
map-nearer = Dichterbij
map-farther = Verder weg
map-back = Terug naar de plek
map-choose = Kaart van deze computer kiezen (PMTiles)
map-none = Geen kaart gekozen
map-other = Andere kaart kiezen
map-keeping = De kaart wordt in deze browser bewaard …
map-kept = Deze browser onthoudt de kaart, ook na uitloggen.
map-unkept = Deze browser kon de kaart niet bewaren. Kies haar opnieuw nadat u de pagina hebt geladen.
map-ahead = Kaart voor als er een alarm komt
map-private = De kaart blijft op deze computer. Niemand ziet welk stuk u bekijkt.
map-failed = Deze kaart kan hier niet getekend worden. De schets hierboven klopt en blijft.
card-who = Wie
card-who-closed = De kaart opent zodra u het alarm aanneemt.
card-who-open = Kaart nu openen
card-who-gone = Het alarm is gesloten. De kaart is weer dicht.
card-who-missing = Er is geen kaart bij deze knop.
card-who-failed = De kaart kon niet worden geopend.
card-name = Naam
card-address = Haar adres
card-address-only = Dit adres staat op de kaart. Zij kan ergens anders zijn: zie Waar.
card-enter = Binnenkomen
card-keys = Wie heeft een sleutel
card-household = Wie nog meer in huis
card-weapons = Wapens
card-children = Kinderen
card-safe-word = Veilig woord
card-language = Taal
card-suspect = Zo herkent u hem
card-orders = Verboden op deze kaart
card-aol = Afspraak op Locatie (AOL)
card-until = tot en met { $until }
card-not-said = niet ingevuld
call-back-yes = U mag haar terugbellen
call-back-write = Niet bellen, wel een bericht sturen
call-back-no = Niet terugbellen
call-back-unknown = Niet ingevuld of u mag terugbellen. Bel niet: een telefoon die gaat, kan verraden dat zij drukte.
call-back-number = Nummer tonen
call-back-number-though = Nummer toch tonen
suspect-unknown = Hoe hij eruitziet is niet ingevuld.
suspect-picture = Foto van hem
orders-none = Op deze kaart staat geen verbod.
order-holds = geldt tot en met { $until }
order-from = begint { $from }, tot en met { $until }
order-ended = liep af op { $until }
order-open = geldt vanaf { $from }
card-logged = Het openen van de kaart is vastgelegd.
card-press = Druk
card-flags = Let op
card-repeats = Herhaald
card-repeats-count = { $count ->
    [one] 1 keer opnieuw gedrukt
   *[other] { $count } keer opnieuw gedrukt
 }
card-routes = Routes
card-history = Verloop
card-raised = Ontvangen
card-note = Waar zij heen ging
card-seal = Herkomst
card-seal-proven = Verzegeld door de alarmbrug, handtekening klopt
card-seal-failed = Herkomst hier niet te bewijzen. Vraag na voordat u op de plaats vertrouwt.
flag-late = te laat binnen
flag-clock-unsure = klok onzeker
flag-clock-ahead = klok loopt voor
flag-content-odd = bericht deels onleesbaar
flag-moved = hoorde bij een alarm dat zonder deze druk is gesloten
flag-counter-odd = teller klopt niet
flag-boot-ahead = nummer loopt ver vooruit
flag-second-look = gesloten: kijk mee of dat klopt
flag-duress = dwang
flag-cancel-asked = knop vraagt om annuleren
flag-cancel-right-code = annuleren gevraagd met de juiste code
flag-cancel-wrong-code = annuleren gevraagd met een verkeerde code
flag-duress-code = dwangcode ingetoetst
flag-test-outside-window = test buiten testvenster
by-device = knop, via verbinding { $broker }
route-console-feed = server van de meldtafels
route-console-siren = sirene op de meldtafels
route-second-look = tweede paar ogen
route-device = knop
route-second-centre = tweede alarmcentrale
route-on-call = achterwacht
route-dc09 = alarmcentrale
route-delivered = aangekomen
route-sent = verstuurd
route-sounds = klinkt op tafels waar een dienst is begonnen
route-asked = gevraagd
route-failed = mislukt
route-sip = meldkamer
route-scaip = zorgcentrale
said-feed-taken = wie kijkt, staat erbij zodra iemand het oppakt
said-feed-nobody = geen server luistert
said-dc09-ack = de ontvanger van de alarmcentrale heeft het; dat is nog geen mens
said-dc09-ack-no-position = de ontvanger heeft het, zonder plaats: die weigerde hij
said-sip-taken = de meldkamer heeft het in haar systeem; dat is nog geen mens
said-sip-taken-no-position = de meldkamer heeft het; de plaats staat alleen in het bericht
said-sip-withdrawn = de meldkamer weet dat het geen alarm was
said-scaip-taken = de zorgcentrale heeft het in haar systeem; dat is nog geen mens
said-page-taken = de oproep is bij de oproepdienst; dat is nog geen mens
said-receiver-silent = geen antwoord op tijd
said-receiver-unreachable = niet bereikbaar
said-receiver-untrusted = het certificaat van de ontvanger is hier niet vertrouwd
said-receiver-tls = geen beveiligde verbinding
said-receiver-refused = geweigerd { $about }
said-receiver-odd = een antwoord dat niet klopt
said-no-account = { $about } gaf deze knop geen aansluitnummer
said-not-opened = het bericht kan niet meer worden geopend
said-route-fault = een fout in de alarmbrug { $about }
said-alternate-tried = geen antwoord in { $about } s; het tweede adres wordt geprobeerd
said-nobody-second = er is geen tweede alarmcentrale ingesteld
said-nobody-on-call = er is geen achterwacht ingesteld
said-siren-not-accepted = niemand nam het aan binnen { $about } s
said-siren-claim-lapsed = { $about } kijkt niet meer
said-siren-unheard = geen meldtafel luistert
said-siren-again = nog steeds nam niemand het aan: de anderen worden opnieuw gewaarschuwd, ronde { $about }
said-siren-not-dispatched = { $about } nam het aan, en na 5 minuten was nog niemand op weg
said-second-look = gesloten; elke meldtafel is gevraagd te kijken of dat klopt
said-device-told-112 = de knop kreeg de opdracht te zeggen: bel 112; of hij dat deed, weten wij niet
said-device-watched = de knop zegt niets over 112: misschien kijkt iemand mee
said-device-no-broker = de knop is niet te bereiken: geen verbinding
bearing-N = noord
bearing-NE = noordoost
bearing-E = oost
bearing-SE = zuidoost
bearing-S = zuid
bearing-SW = zuidwest
bearing-W = west
bearing-NW = noordwest
here = hier
seconds = { $count } s
minutes = { $count } min
hours = { $count } uur
history-raised = ontvangen
history-delivered = aangekomen
history-failed = mislukt
history-escalated = niet op tijd aangenomen
history-escalated-again = opnieuw gewaarschuwd
history-round = ronde { $round }
history-accepted-nobody-dispatched = nam het aan, en stuurde in 5 minuten geen eenheid
history-claim-lapsed = kijkt niet meer
history-folded-into-another-alarm = was hetzelfde alarm als een ander: ga daar verder
history-an-alarm-was-folded-into-it = een tweede alarm was hetzelfde, en is hier bijgevoegd
history-pressed-again = opnieuw gedrukt
history-duress = dwang
history-cancel-asked = knop vraagt om annuleren
history-cancel-asked-with-the-right-code = annuleren gevraagd met de juiste code
history-cancel-asked-with-a-wrong-code = annuleren gevraagd met een verkeerde code
history-claimed = bekeken
history-accepted = aangenomen
history-taken-over = overgenomen
history-looked = keek mee
history-dispatched = eenheid gestuurd
history-on-scene = ter plaatse
history-closed = gesloten
second-look = Kijk mee met een gesloten alarm
second-look-asked = Andere meldtafels is gevraagd mee te kijken
second-look-how = { $reason }, { $after } na de druk gesloten door { $who }.
second-look-by = { $who } keek mee om { $at }
second-look-do = Klopt dat? Twijfelt u, bel dan meteen { $who }: die had de plaats en de kaart voor zich. Dit alarm gaat niet weer open. Een nieuwe druk maakt een nieuw alarm.
second-look-seen = Gezien
earlier = Eerdere alarmen van deze knop
earlier-count = { $count } op deze tafel: { $genuine } echt, { $none } niet echt
earlier-last = Laatste: { $at }, { $reason }
earlier-means = Eerdere alarmen zeggen niets over dit alarm.
earlier-none = Op deze tafel staan geen eerdere alarmen van deze knop.
report = Dagrapport
report-of = Dagrapport van { $day }
report-day = Dag
report-print = Afdrukken
report-dark = De alarmbrug geeft geen antwoord. Over deze dag is nu niets te zeggen.
report-failed = Het rapport is nu niet te lezen. Probeer het opnieuw.
report-presses = Alarmen
report-again = Opnieuw gedrukt tijdens een open alarm
report-overdue = Daarvan: niet teruggemeld
report-open = Nu nog open
report-genuine = Gesloten als echt alarm
report-accidental = Gesloten als per ongeluk
report-test = Gesloten als test
report-technical = Gesloten als technisch
report-late = Niet aangenomen binnen 30 s
report-second_looks = Tweede paar ogen gevraagd
report-tests = Testen van de knop
report-tampered = Sabotage
report-weak = Knoppen met batterij op { $percent } % of lager
report-unheard = Knoppen die nog niets lieten horen
report-device = Knop
report-none = Niet echt
report-battery = Batterij
report-heard = Laatst gehoord
report-tested = Laatst getest
report-made = Gemaakt op { $at } uit wat de alarmbrug weet. Batterij en laatst gehoord zijn van nu, niet van die dag.
console-help-title = Toetsen
console-key-0 = volgend alarm
console-key-1 = vorig alarm
console-key-2 = ik kijk
console-key-3 = aannemen
console-key-4 = eenheid gestuurd
console-key-5 = ter plaatse
console-key-6 = sluiten
console-key-7 = sirene stil
console-key-8 = deze hulp
console-key-9 = redenen om te sluiten weer weg
console-honest = Deze tafel is een hulpmiddel. De alarmbrug stuurt een alarm ook zonder deze pagina naar de andere routes die zijn ingesteld.

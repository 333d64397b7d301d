# Getuige, English. Short sentences. Say what happened, what is safe, what to do next.

## Everywhere
language = Language
leave = Leave this page
help = Help
close = Close
skip = Skip to content
loading = One moment. The data are fetched and opened here.
case-rest = The first items are here. The rest is coming. Figures and charts are shown when all of it is here.
unknown = unknown
no-data = No data

## Front door
landing-title = Getuige
landing-lead = This page is for staff. Choose where you want to work.
landing-review = Review
landing-review-text = Read and check cases. For caseworkers and investigators.
landing-console = Alarm desk
landing-console-text = Take and follow up alarms. For the control room.
landing-docs = Technical description
landing-danger = Is there danger now? Call 112.

## Sign in
review-sign-in = Review
console-sign-in = Alarm desk
sign-in-lead = Sign in with your name and your pass phrase. Your pass phrase stays on this computer.
sign-in-again = The page was loaded anew. Give your pass phrase, and you go on where you were.
sign-in-handle = Name
sign-in-phrase = Pass phrase
sign-in-phrase-hint = Six words, with spaces between them.
sign-in-button = Sign in
sign-in-asking = Contacting the server …
sign-in-deriving = Your key is being opened. This takes a few seconds.
sign-in-wrong-role = This page does not fit your work
sign-in-wrong-role-text = You are signed out again. Choose the page that fits your work on the front page.
root-summary = Key of the organisation: { $start } …
root-explained = This browser has trusted this key since { $day }. Compare it once with the key on paper. If the server names another key later, this page warns you.
problem-phrase = Signing in did not work
problem-phrase-text = The name and the pass phrase do not fit together. Nothing was changed. Check both and try again.
problem-offline = No connection to the server
problem-offline-text = Your data are safe. Check the network and try again.
problem-server = This did not work
problem-server-text = The server gave an answer that we do not understand. Nothing was changed. Try again later or ask the administrator.
problem-anchor = The server names another key
problem-anchor-text = This browser knows another key of the organisation. Do not sign in. Call your administrator and compare the key with the key on paper.

## Review of a case
review = Review
review-title = Getuige – review
cases = Cases
cases-none = There is no case yet that you may read.
case = Case
lead = Lead
opened = Opened
reader = You read as
assessment = Last assessment (SASH)
assessment-none = Not recorded in this case
verification-how = How was this checked?
verification-explained = This browser checked the signature of every item, up to the key of the organisation below. Then it checked that the item is in the log. The independent witnesses of the log are checked by the program getuige verify.
proven-count = { $proven } of { $total } proven
failed-count = { $failed } { $failed ->
    [one] item does not hold
   *[other] items do not hold
 }
signed-count = { $signed } not yet in the log
wide-count = { $wide } with a wide time interval
checking-count = { $total } items are being checked …
erasure-title = { $count ->
    [one] One item will be erased on { $due }, or later
   *[other] { $count } items will be erased on { $due }, or later
}
erasure-asked = She asked for this. Nothing happens as long as no caseworker agrees.
erasure-waiting = She asked for this and a caseworker agreed. Until that day it can be called off.
erasure-held = Somebody holds one of these items. As long as that is so, nothing happens.
erasure-kept = The case is kept for a complaint or an inquiry. Until its term nothing happens.
erasure-asked-at = Asked on { $asked }. After { $lapses } the request no longer counts.
erasure-cancel = Do not erase
erasure-agree = Agree
erasure-agree-explained = Speak to her alone first. Somebody else may have asked for this. What is erased does not come back.
erasure-agree-really = I spoke to her alone and agree
erased-title = { $count ->
    [one] One item was erased
   *[other] { $count } items were erased
}
erased-row = erased on { $erased } · received on { $received }
erased-explained = The log proves that there was something. What it was can no longer be read here.
sign-number-taken = Somebody may have a copy of the key of phone { $phone }
sign-number-taken-means = Two messages came in with the same number. One phone never does that. So somebody has a copy of her phone, or an old backup was put back. With the key somebody can add items in her name. It reads nothing. What she adds herself arrives as always.
sign-number-taken-do = Speak to her alone, in a safe place, and not by this phone. Ask whether the phone was restored or replaced. Go through the items with her: which are hers? If she knows nothing of it: first let everything on her phone arrive. Then shut the phone out and invite a new one. Mind: whoever has the copy will notice.
sign-seen-contradicts = Phone { $phone } saw another log than this one
sign-seen-contradicts-means = The phone keeps what it saw of the log before. That does not fit the log of now. The log was changed, or somebody with a copy of the key says what is not true. What she adds arrives as always.
sign-seen-contradicts-do = Tell the administrator today and have the log checked. Erase nothing from the phone: both versions are on it. Ask her in a safe place whether somebody else had the phone.
sign-seen-beyond = Phone { $phone } saw a longer log than this one
sign-seen-beyond-means = Perhaps the server was restored and the newest part is missing. Or somebody with a copy of the key says what is not true. What she adds arrives as always.
sign-seen-beyond-do = Tell the administrator today. Ask her in a safe place what she added last, and look whether it is here.
mark-correction = Her correction
mark-correction-of = With this she corrected:
mark-unconfirmed = An addition by this phone, not confirmed by her
mark-unconfirmed-of = Added by a phone, not confirmed by her with her vault. It does not count. It is about:
mark-replaced = Corrected by her
mark-replaced-by = She corrected this. This version stays and does not count. The new version:
mark-disputed = She says: not mine
mark-disputed-explained = She says that what this device added then was not hers. Nothing was erased. It does not count.
readers-none = Nobody reads what is added now
readers-none-do = What was given already can still be read. Speak to her in a safe place: she can name you or a colleague again, with her vault.
readers-changed = Something was changed under her phrase, in who may read or in what is hers ({ $at })
readers-changed-do = Make the check that was agreed at intake: the word, the place, who calls. Ask her alone. One act by her vault sets it right.
readers-end = The list of who reads ends at { $at }
readers-end-do = Ask her, in a safe place, to renew the list. She gets no message about it on her phone.
readers-grant = Something that she gave to somebody ends at { $at }
readers-grant-do = Ask her, in a safe place, whether she wants to give it again. Her phone is told nothing of this.
readers-held-back = A server that is not honest can keep a new list back. Her phone then goes on sealing for those on the old one, until that ends at most. Her vault can show the new list to her phone itself.
readers-next = From { $at } another list says who reads
readers-next-do = Until then everything stays as it is. Speak to her before the list begins.
rescue-asked = { $asked } asks to read with the rescue key
rescue-asked-until = Asked at { $from }. Nobody agreed yet, so nothing is open. It lapses at { $until }.
rescue-asked-do = Do you hold a part of the key as well? Call your colleague first. What you give cannot be taken back.
rescue-used = { $asked } could read with the rescue key; { $agreed } agreed
rescue-used-until = From { $from } until { $until }. What was read stays known.
rescue-used-do = The key is spent now. Her vault makes a new one. Tell her in a safe place only: her phone says nothing about this.
readers-count = { $count ->
    [one] One reader, until { $until }.
   *[other] { $count } readers, until { $until }.
}
sign-closed-to-readers = Phone { $phone } added something that no reader can open
sign-closed-to-readers-means = She keeps it to herself, or her phone does not know the new list of readers yet. It arrived as always, and nothing was erased.
sign-closed-to-readers-do = Make the check that was agreed at intake: the word, the place, who calls. Ask her alone.
sign-do = What to do:
sign-once = Seen on { $at }.
sign-seen = First on { $first }, last on { $last }.
sign-added = { $count ->
    [one] 1 item of this phone
   *[other] { $count } items of this phone
 }
closed-count = { $count ->
    [one] 1 item was
   *[other] { $count } items were
 } not given to you and not opened.
unopened-count = { $count ->
    [one] 1 item does
   *[other] { $count } items do
 } not open. The rest is below.
unopened-explained = This does not say who did something wrong. A fault in the phone looks the same as somebody with a copy of its key. Ask her whether she knows what this is.
unopened-by = added by
unopened-event = this event cannot be read
unopened-served = what the server gave is not what was sealed
unopened-key = the key in it does not fit
unopened-description = the description cannot be read
proof-checking = checking
proof-proven = proven
proof-signed = signed
proof-failed = does not hold
proof-checking-explained = The check is still running.
proof-proven-explained = The signature holds, the key is known and the item is in the log. This is how the server received it.
proof-signed-explained = The signature holds and the key is known. The item is not in the log yet, or its proof could not be fetched.
incomplete = incomplete: { $part } %
incomplete-explained = This item was announced and not finished, for instance because the phone broke down while it was sending. What arrived is authentic and readable. The rest is missing.
proof-failed-explained = This item cannot be proven. Do not use it as evidence. Tell the administrator.

pattern = Pattern
pattern-nature = Nature
pattern-duration = Duration
pattern-frequency = Frequency
pattern-intensity = Intensity
pattern-circumstances = Circumstances
pattern-impact = Impact
pattern-sources = Whose record it is
days = { $count ->
    [one] 1 day
   *[other] { $count } days
 }
days-about = { $count ->
    [one] about 1 day
   *[other] about { $count } days
 }
days-least = { $count ->
    [one] at least 1 day
   *[other] at least { $count } days
 }
undated-count = { $count ->
    [one] 1 happening without a time does
   *[other] { $count } happenings without a time do
 } not count here
left-out-week = { $count ->
    [one] 1 happening has a time too vague and does
   *[other] { $count } happenings have a time too vague and do
 } not count here
weeks-newest = The newest { $shown } of { $all } weeks.
severity-none = { $count } without a chosen severity
figure-dated = Happenings with a time
figure-undated = Happenings without a time
figure-alarms = Alarms
figure-breaches = During an order
figure-wide = With a wide time interval
figure-alone = No other source than herself
figure-stop-before = Before he was told to stop
figure-stop-after = After he was told to stop
figure-stop-left = Not known whether before or after he was told to stop
figure-week = Week of { $day }
figure-week-left = Time too vague for a week
figure-hour-left = Time not known to the minute
figure-no-severity = no severity chosen
happenings = { $count ->
    [one] 1 happening
   *[other] { $count } happenings
 }
busiest = Most in one week: { $count }
times-in-all = { $count } times in all, as counted in the reports
alarm-count = { $count ->
    [one] 1 alarm
   *[other] { $count } alarms
 }
breach-count = { $count } while an order was in force
stop-before-count = { $count } before he was told to stop
stop-after-count = { $count } after he was told to stop
stop-left-count = { $count } not known whether before or after he was told to stop
alone-count = Of { $count } there is no other source than herself
media-count = { $count ->
    [one] 1 picture or recording
   *[other] { $count } pictures and recordings
 }
impact-count = { $count ->
    [one] described once
   *[other] described { $count } times
 }

overview = Timeline
overview-label = Timeline of { $count } items, from { $from } to { $to }. Rows: { $lanes }. The table below holds the same data.
outside-before = { $count } earlier
outside-after = { $count } later
overview-tools = Move and zoom the timeline
overview-earlier = Earlier
overview-later = Later
overview-in = Zoom in
overview-out = Zoom out
overview-all = All
legend = Meaning of the signs
legend-tick = The higher, the more severe
legend-bar = Time not known exactly
legend-unknown = Time unknown, stands where it was recorded
legend-alarm = Alarm
legend-band = Order in force
legend-breach = Outlined: while an order was in force
legend-gap = Nothing recorded

weekly-title = By week
weekly-lead = Happenings, alarms with a slanted pattern
weekly-label = Bar chart of { $weeks } weeks, highest count { $most }. The table holds the same data.
week-of = Week of { $day }: { $total }, of which { $alarms } alarms
rhythm-title = Day and hour
rhythm-lead = Only what is known to the minute
rhythm-label = Map of day and hour, highest count { $most }. The table holds the same data.
left-out = { $count ->
    [one] 1 happening has
   *[other] { $count } happenings have
 } no precise time and { $count ->
    [one] is
   *[other] are
 } not shown here.

entries = { $count ->
    [one] 1 item
   *[other] { $count } items
 }
positions-count = { $count ->
    [one] 1 position during this alarm
   *[other] { $count } positions during this alarm
 }
entries-label = Items, in the order in which things happened. Cards for the control room stand last.
entries-none = No item fits this filter. There may be some in the case: clear the filter.
case-empty = There is nothing yet in this case that you may read.
filter = Search
filter-hint = Search with the words of this page, such as threat, severity 4, November or 2026-11-02. Escape clears the field.
filter-on = Filter:
filter-shown = { $shown } of { $total } items shown
filter-paper = { $shown } of { $total } items stand below. All numbers are about the whole case.
filter-clear = Show all
printed = Printed
zone = Times in { $zone }
column-thumbnail = Picture
column-what = What
column-happened = Happened
column-discovered = Discovered
column-recorded = Recorded
column-received = Received
column-source = Source
column-proof = Proof

kind-incident = Incident
kind-photo = Photo
kind-sound = Sound
kind-video = Video
kind-file = File
kind-alarm = Alarm
kind-position = Position during an alarm
kind-order = Order
kind-card = Dispatcher card
kind-assessment = Assessment
kind-report = With the police
kind-cost = Cost
kind-trace = Trace
kind-translation = Translation
kind-note = Note
kind-question = Question
kind-answer = Answer
kind-screening = Questions on safety
kind-label = Name of the case
kind-digest = State of the case
kind-check-in = Check-in

source-victim = Herself
source-sensor = Sensor
source-camera = Someone else’s camera
source-witness = Witness
source-police = Police
source-caseworker = Caseworker
source-dispatcher = Control room

lane-media = Pictures and sound
lane-assessment = Assessment

severity = Severity
severity-short = severity { $level }
severity-0 = No severity chosen
severity-1 = Disturbing
severity-2 = Severe
severity-3 = Very severe
severity-4 = Danger to life

order-huisverbod = House ban
order-contactverbod = Contact ban
order-gebiedsverbod = Area ban
order-gedragsaanwijzing = Gedragsaanwijzing (509hh Sv)
order-voorwaarde = Condition at suspension or sentence
order-maatregel = Measure (38v Sr)
order-civiel = Order of a civil judge
order-burgemeester = Order of the mayor
order-stop-gezegd = Told to stop

role-phone = Phone of the case
role-caseworker = Caseworker
role-investigator = Investigator
role-dispatcher = Control room
role-bridge = Alarm bridge
role-server = Server
role-vault = Vault
role-root = Organisation

time-unknown = unknown
time-about = around { $time }
time-perhaps = perhaps { $time }
time-between = { $from } – { $to }
time-not-understood = “{ $told }” (as told, not understood)
time-as-told = “{ $told }” (as told)
time-twice = { $time } (the clock showed this twice that night)
time-elsewhere = { $time } (told as { $told })
time-future = { $time } (lies in the future)

detail = Item
detail-none = Choose an item in the table or on the timeline.
detail-media = Pictures and sound with this
detail-about = Belongs to:
detail-during = During:
story = What became of this alarm
story-none = Who accepted the alarm is not in what you may read.
story-claim = looked at
story-accept = accepted
story-dispatch = unit sent
story-on_scene = on scene
story-take_over = taken over
story-look = looked at the close too
story-close = closed
story-second-look = This alarm was closed within a minute of the press, or as none.
story-look-do = Ask her whether that is right, in the way and at the moment that you agreed with her.
story-refused = { $count } lines about this alarm do not hold and are not shown. Tell the administrator.
card-says = What the control room reads
card-places = Known places
detail-times = Four times
detail-facts = Facts
impact = What it does to her
place = Place
position = Position
order = Order
order-until = Until and including
press = Button
press-of = boot { $boot }, press { $counter }
device-message = Message of the button
message-of = boot { $boot }, message { $counter }
file = File
custody = Custody
sealed-by = Sealed by
log-index = Number in the log
received-at = The server received it at
item-id = Item
bytes = { NUMBER($count) } bytes
file-hash = SHA-256 of the file
commitment = Commitment
proof-file = Save the proof from the log
photo-of = Photo: { $title }
media-open = Open ({ $size } MB)
media-opening = Opening ({ $size } MB) …
media-failed = This file could not be opened. The original is safe on the server. Try again later.
media-not-loaded = Picture not loaded
media-save = Save { $name }
media-empty = This file is empty (0 bytes). It was added that way.
media-unshown = This browser cannot show this file ({ $type }). It did arrive whole: save it and open it with another program.
media-unshown-short = This browser cannot show this picture
media-pictureless = This browser plays only the sound of this file ({ $type }). Save it to see the picture.
camera-taken = Time according to the camera
camera-position = Place according to the camera
camera-field = (field { $field } in the file; not what she told)
honest = This is what people and devices recorded. Received means: the server received it at that moment. This program computes no risk.

help-title = Keys
key-0 = next item
key-1 = previous item
key-2 = earlier
key-3 = later
key-4 = zoom in
key-5 = zoom out
key-6 = show all
key-7 = filter
key-8 = this help
key-9 = close what is open, or clear the filter

## Alarm desk
console = Alarm desk
console-title = Getuige – alarm desk
stale-bar = NOT LIVE – use the telephone
stale-since = Last sign of the server: { $time }
stale-first = No sign of the server yet
stale-bridge = The alarm bridge cannot be reached.
stale-broker = A connection to the buttons is gone.
stale-database = The storage of the alarm bridge does not work.
freshness = How live this page is
live = Live
live-at = last sign { $time }
desk-unopened = { $count ->
    [one] 1 key of a desk does
   *[other] { $count } keys of desks do
 } not open here
desk-unopened-text = You see every alarm. Of alarms for that desk you may not open the place and the card. Call your administrator, who shares the desk with you again.
shift-start = Start shift
shift-lead = Click once: this page then tests its sound, asks to keep the screen on, and puts your shift in the log.
shift-running = On shift since { $time }
shift-sound-on = Sound is on
shift-sound-off = Sound does not work
shift-screen-on = Screen stays on
shift-screen-off = Screen may turn off
shift-again = Test the sound again
shift-recorded = Written in the log
shift-unrecorded = Not yet written in the log
shift-refused = Not in the log: the server refused it
shift-end = End shift

# Alarm devices
devices = Alarm devices
devices-failed = The list of alarm devices cannot be read now. Load the page again.
devices-dark = The alarm bridge does not answer. How the devices stand now is not known.
device-ready = Working
device-fault = Not working
device-unknown = Not known
device-silent = silent
device-never-heard = never heard
device-battery = Battery
device-tamper = tampered with
device-test-overdue = test overdue
device-bridge-unreachable = alarm bridge not reachable
device-heard = Last heard
device-tested = Last tested
device-never = Never
device-test-due = Next test at the latest
device-missed = Silent for too long: { $count } times
device-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
 }
device-presses = Alarms of this device: { $count }
lending-to = Lent to
lending-to-client = client
lending-to-household = somebody of her household
lending-basis = Basis
lending-review = To be looked at again before
lending-overdue = should have been looked at again
lending-back = Taken back
lending-none = not lent out
lending-whole = whole
lending-damaged = damaged
lending-lost = lost
silence = Silence siren
silence-hint = Silent is not accepted.
alarms = Alarms
alarms-open = { $count ->
    [one] 1 alarm open
   *[other] { $count } alarms open
 }
alarms-old = Last known state
alarms-old-text = This list is not live. Alarms may have come in since. Call the alarm centre or your colleague.
alarms-none = No alarms. The list is live as long as the bar at the top is green and says "Live".
alarms-closed = Closed
new-alarm = New alarm, { $kind }, { $age } ago
state-raised = NEW
state-delivered = NEW
state-claimed = BEING VIEWED
state-accepted = ACCEPTED
state-dispatched = UNIT SENT
state-on_scene = ON SCENE
state-closed = CLOSED
state-claimed-by = viewed by { $who }
state-accepted-by = accepted by { $who }
state-taken-over = accepted by { $who }, taken over by { $now } at { $at }
check-ins-awaited = { $count ->
    [one] 1 check-in is awaited
   *[other] { $count } check-ins are awaited
 }, the first by { $at }. Who it is stands here only once the moment has passed.
hand-over-own = Your shift ended at { $at } with { $count ->
    [one] 1 open alarm
   *[other] { $count } open alarms
 } in your name
hand-over-stay = Stay until a colleague has taken over at their own desk. Then you see here who has it.
hand-over-left = { $who } ended the shift at { $at } with { $count ->
    [one] 1 open alarm
   *[other] { $count } open alarms
 }
hand-over-dark = The alarm desk of { $who } is not heard any more, with { $count ->
    [one] 1 open alarm
   *[other] { $count } open alarms
 } on that name. Call first: perhaps only the screen sleeps.
hand-over-begin = Start your shift to take over.
hand-over-take = I take over from { $who }
hand-over-refused = Taking over was refused. Perhaps a colleague was quicker.
hand-over-failed = There was no answer. See whether it was taken over, and try again if not.
state-closed-why = { $reason }
escalated-1 = Not accepted for 30 seconds.
escalated-1-trying = We are now trying the second alarm centre.
escalated-1-taken = An alarm centre got the alarm after that. That is not yet a person.
escalated-1-failed = No second alarm centre was reached. Accept it yourself or call.
escalated-1-nobody = No second alarm centre is set up. Accept it yourself or call.
escalated-2 = Not accepted for 60 seconds.
escalated-2-trying = We are now trying the person on call.
escalated-2-taken = The paging service has the call to the person on call. That is not a person yet.
escalated-2-failed = The person on call was not reached. Accept it yourself, or call.
escalated-2-nobody = Nobody on call is set up. Accept it yourself or call.
escalated-again = Still not accepted. Round { $round } of warnings.
escalated-not-dispatched = { $who } accepted this, but after 5 minutes no unit was sent. Nobody has it now.
alarm-kind-press = Panic button
alarm-kind-duress = Duress
alarm-kind-test = Test
alarm-kind-tamper = Tamper
alarm-kind-overdue = Overdue
reason-genuine = Real alarm
reason-accidental = By accident
reason-test = Test
reason-technical = Technical
act-claim = I look
act-accept = Accept
act-dispatch = Unit sent
act-on_scene = On scene
act-close = Close …
act-close-as = Close as
act-close-not = Do not close
closing-note = Note for the file
closing-note-hint = May stay empty. She and whoever reads her file can read this. The server and other desks cannot.
closing-note-title = Note at the close of an alarm
closing-note-sealing = The note about the alarm of { $at } is being sealed and sent
closing-note-waiting = The note about the alarm of { $at } is not kept yet. We try again. Leave this page open
closing-note-kept = The note about the alarm of { $at } is in the file
closing-note-refused = The note about the alarm of { $at } is not kept: the server does not take it. The alarm is closed
closing-note-unsealed = The note about the alarm of { $at } is not kept: it could not be sealed. The alarm is closed
closing-note-words = Your words stand here and nowhere else:
closing-note-away = Remove
act-done = Recorded: { $act }
act-failed = Not recorded
act-unsure = Not confirmed
act-unsure-text = There was no answer. Your act may have been recorded all the same. Look at the state of the alarm. Does it not change? Try again or use the telephone.
act-stale-text = The alarm has changed meanwhile. Your act was not recorded. Look at the new state and choose again.
act-refused-text = { $why }
act-busy = Being recorded …
card-none = Choose an alarm in the list.
card-where = Where
card-no-position = The button gave no position.
card-position-follows = The place follows. The alarm counts already: do not wait for it.
card-position-late = The place is not here yet. Perhaps the button gave none, or sealing does not succeed yet. Work with the card.
card-position-closed = This position does not open at this desk.
card-position-gone = The alarm is closed. The alarm desk shows the place no more. What the button gave is in the file.
card-position-let-go = The alarm desk has no place of this alarm any more. If the button gave one, it is in the file.
card-accuracy = Accuracy
card-accuracy-m = ± { $m } m
card-age = Age of the position
card-source = Source of the position
place-source-gps = satellite (GPS)
place-source-gnss = satellite (GPS)
place-source-cell = phone mast
place-source-wifi = Wi-Fi nearby
card-sketch = Sketch with distance and direction to known places. North is up. What is near is drawn larger.
position-of = Position of { $time }
position-waits = There is a newer position. It opens when you accept the alarm or open the card.
position-empty = The newest message says no place. This is the place before it.
position-closed = The newest position could not be opened. This is the place before it.
moved = { $away } further to the { $point } than the one before
moved-not = at about the same place as the one before
moved-N = north
moved-NE = north-east
moved-E = east
moved-SE = south-east
moved-S = south
moved-SW = south-west
moved-W = west
moved-NW = north-west
trail-since = The dots are earlier places, since { $time }.
map-label = Map from this computer. North is up.
map-nearer = Nearer
map-farther = Farther
map-back = Back to the place
map-choose = Choose a map from this computer (PMTiles)
map-none = No map chosen
map-other = Choose another map
map-keeping = The map is being kept in this browser …
map-kept = This browser remembers the map, also after signing out.
map-unkept = This browser could not keep the map. Choose it again after loading the page.
map-ahead = A map for when an alarm comes
map-private = The map stays on this computer. Nobody sees which part you look at.
map-failed = This map cannot be drawn here. The sketch above is right and stays.
card-who = Who
card-who-closed = The card opens when you accept the alarm.
card-who-open = Open the card now
card-who-gone = The alarm is closed. The card is closed again.
card-who-missing = There is no card with this button.
card-who-failed = The card could not be opened.
card-name = Name
card-address = Her address
card-address-only = This address is on the card. She may be elsewhere: see Where.
card-enter = Way in
card-keys = Who has a key
card-household = Who else is in the house
card-weapons = Weapons
card-children = Children
card-safe-word = Safe word
card-language = Language
card-suspect = How to know him
card-orders = Orders on this card
card-aol = Agreement on location (AOL)
card-until = until { $until } inclusive
card-not-said = not filled in
call-back-yes = You may call her back
call-back-write = Do not call, you may send a message
call-back-no = Do not call back
call-back-unknown = Not filled in whether you may call back. Do not call: a phone that rings can give away that she pressed.
call-back-number = Show the number
call-back-number-though = Show the number all the same
suspect-unknown = What he looks like is not filled in.
suspect-picture = Photo of him
orders-none = There is no order on this card.
order-holds = holds until { $until } inclusive
order-from = begins { $from }, until { $until } inclusive
order-ended = ended on { $until }
order-open = in force from { $from }
card-logged = The opening of the card was recorded.
card-press = Press
card-flags = Mind
card-repeats = Repeated
card-repeats-count = { $count ->
    [one] pressed again once
   *[other] pressed again { $count } times
 }
card-routes = Routes
card-history = Course
card-raised = Received
card-note = Where she was going
card-seal = Custody
card-seal-proven = Sealed by the alarm bridge, signature holds
card-seal-failed = Origin cannot be proven here. Ask before you rely on the place.
flag-late = came in late
flag-clock-unsure = clock unsure
flag-clock-ahead = clock is ahead
flag-content-odd = message partly unreadable
flag-moved = was in an alarm that was closed without it
flag-counter-odd = counter is odd
flag-boot-ahead = number is far ahead
flag-second-look = closed: please look at it too
flag-duress = duress
flag-cancel-asked = button asks to cancel
flag-cancel-right-code = cancel asked with the right code
flag-cancel-wrong-code = cancel asked with a wrong code
flag-duress-code = duress code typed
flag-test-outside-window = test outside the test window
by-device = button, through connection { $broker }
route-console-feed = alarm desks' server
route-console-siren = siren on the consoles
route-second-look = second pair of eyes
route-device = button
route-second-centre = second alarm centre
route-on-call = person on call
route-dc09 = alarm centre
route-delivered = arrived
route-sent = sent
route-sounds = sounds at desks where a shift has begun
route-asked = asked
route-failed = failed
route-sip = control room
route-scaip = care centre
said-feed-taken = who looks is shown as soon as somebody takes it up
said-feed-nobody = no server listens
said-dc09-ack = the alarm centre's receiver has it; that is not yet a person
said-dc09-ack-no-position = the receiver has it, without the place: it refused that
said-sip-taken = the control room's software has it; that is not yet a person
said-sip-taken-no-position = the control room has it; only the message carries the place
said-sip-withdrawn = the control room knows that it was no alarm
said-scaip-taken = the care centre's software has it; that is not yet a person
said-page-taken = the paging service has the call; that is not a person yet
said-receiver-silent = no answer in time
said-receiver-unreachable = cannot be reached
said-receiver-untrusted = the receiver's certificate is not trusted here
said-receiver-tls = no secured connection
said-receiver-refused = refused { $about }
said-receiver-odd = an answer that makes no sense
said-no-account = { $about } gave this button no account
said-not-opened = the message cannot be opened any more
said-route-fault = a fault in the alarm bridge { $about }
said-alternate-tried = no answer in { $about } s; the second address is tried
said-nobody-second = no second alarm centre is set up
said-nobody-on-call = nobody is set up to be called
said-siren-not-accepted = nobody accepted it within { $about } s
said-siren-claim-lapsed = { $about } is not viewing any more
said-siren-unheard = no alarm desk listens
said-siren-again = still nobody accepted it: the others are being warned again, round { $about }
said-siren-not-dispatched = { $about } accepted it, and after 5 minutes nobody was on the way
said-second-look = closed; every alarm desk is asked to see whether that is right
said-device-told-112 = the button was told to say: call 112; whether it did is not known
said-device-watched = the button says nothing of 112: somebody may be looking at it
said-device-no-broker = the button cannot be reached: no connection
bearing-N = north
bearing-NE = north-east
bearing-E = east
bearing-SE = south-east
bearing-S = south
bearing-SW = south-west
bearing-W = west
bearing-NW = north-west
here = here
seconds = { $count } s
minutes = { $count } min
hours = { $count } h
history-raised = received
history-delivered = arrived
history-failed = failed
history-escalated = not accepted in time
history-escalated-again = warned again
history-round = round { $round }
history-accepted-nobody-dispatched = accepted it, and sent no unit in 5 minutes
history-claim-lapsed = is not viewing any more
history-folded-into-another-alarm = was the same alarm as another: go on there
history-an-alarm-was-folded-into-it = a second alarm was the same, and was added here
history-pressed-again = pressed again
history-duress = duress
history-cancel-asked = button asks to cancel
history-cancel-asked-with-the-right-code = cancel asked with the right code
history-cancel-asked-with-a-wrong-code = cancel asked with a wrong code
history-claimed = viewed
history-accepted = accepted
history-taken-over = taken over
history-looked = looked too
history-dispatched = unit sent
history-on-scene = on scene
history-closed = closed
second-look = Look too at an alarm that was closed
second-look-asked = Other alarm desks are asked to look too
second-look-how = { $reason }, closed { $after } after the press by { $who }.
second-look-by = { $who } looked too at { $at }
second-look-do = Is that right? If you doubt it, call { $who } at once: they had the place and the card before them. This alarm does not open again. A new press makes a new alarm.
second-look-seen = Seen
earlier = Earlier alarms of this button
earlier-count = { $count } at this desk: { $genuine } genuine, { $none } not genuine
earlier-last = Last: { $at }, { $reason }
earlier-means = Earlier alarms say nothing about this one.
earlier-none = There are no earlier alarms of this button at this desk.
report = Daily report
report-of = Daily report of { $day }
report-day = Day
report-print = Print
report-dark = The alarm bridge does not answer. Nothing can be said of this day now.
report-failed = The report cannot be read now. Try again.
report-presses = Alarms
report-again = Pressed again while an alarm was open
report-overdue = Of these: missed check-ins
report-open = Still open now
report-genuine = Closed as a genuine alarm
report-accidental = Closed as by accident
report-test = Closed as a test
report-technical = Closed as technical
report-late = Not accepted within 30 s
report-second_looks = Second pair of eyes asked for
report-tests = Tests of the button
report-tampered = Tampering
report-weak = Buttons with a battery at { $percent } % or lower
report-unheard = Buttons that were not heard yet
report-device = Button
report-none = Not genuine
report-battery = Battery
report-heard = Last heard
report-tested = Last tested
report-made = Made at { $at } from what the alarm bridge knows. Battery and last heard are as of now, not of that day.
console-help-title = Keys
console-key-0 = next alarm
console-key-1 = previous alarm
console-key-2 = I am looking
console-key-3 = accept
console-key-4 = unit sent
console-key-5 = on scene
console-key-6 = close
console-key-7 = silence the siren
console-key-8 = this help
console-key-9 = take the reasons for closing away
console-honest = This desk is an aid. The alarm bridge sends an alarm to the other routes that are set up without this page as well.

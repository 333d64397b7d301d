"""Steps 1 and 2: an organisation gets keys, a case is opened at the table, a phone is enrolled by a QR code."""

from functools import partial
from typing import cast

from evidence import ids, keyfile, schema
from evidence.envelope.meta import Card
from server.clients import forms, locked, phone_folder, vault
from server.clients.caseworker import Caseworker
from server.clients.invitation import Invitation
from server.clients.root import Root
from server.demo import story
from server.demo.people import DESK, ROOT, VAULT
from server.demo.stage import Stage


def keys(stage: Stage) -> str:
    """The root founds a team and certifies everyone; the dispatcher is given the desk's key."""
    ledger, root = stage.ledger, Root(stage.signer(ROOT))
    team = ids.TeamId(ledger.new_id("team"))
    ledger.once("team-opened", lambda: root.open_team(story.TEAM_LABEL, team))
    desk = stage.people.identity(DESK)
    bridge = keyfile.load_bridge(stage.data / "secrets" / "bridge.key")
    certify = partial(root.publish, "bridge", "Getuige meldbrug", bridge.sign_public, box=bridge.box_public)
    ledger.once("published-bridge", certify)
    certify = partial(root.publish, "desk", story.DESK_LABEL, desk.sign_public, xwing=desk.xwing_public)
    ledger.once("published-desk", certify)
    for person in story.STAFF:
        own = stage.people.identity(person.handle)
        member = team if person.role == "caseworker" else None
        public = partial(root.publish, person.role, person.label, own.sign_public, member)
        certify = partial(public, xwing=own.xwing_public)
        ledger.once(f"published-{person.handle}", certify)
    certificates = root.signer.certificates(fresh=True)
    dispatcher = certificates[stage.people.identity(story.DISPATCHER.handle).kid]
    ledger.once("desk-shared", partial(root.share, desk, dispatcher))
    for person in story.STAFF:
        locked_key = locked.read(stage.people.locked_key(person.handle))
        leave = partial(locked.leave_at_server, stage.signer(person.handle), locked_key)
        ledger.once(f"key-left-{person.handle}", leave)
    return f"{len(certificates)} keys certified by the root {stage.pins.root.hex()[:16]}…; 3 people can sign in"


def case(stage: Stage) -> str:
    """She makes her own keys; the caseworker opens a case for their public halves."""
    hers = stage.people.identity(VAULT)
    case_key, sign = vault.public_halves(hers)
    worker = Caseworker(stage.signer(story.CASEWORKER.handle))
    team = ids.TeamId(stage.ledger.new_id("team"))
    open_case = partial(worker.open_case, case_key, sign, team, stage.case)
    stage.ledger.once("case-opened", open_case)
    locked_key = locked.read(stage.people.locked_key(VAULT))
    stage.ledger.once("key-left-vault", lambda: locked.leave_at_server(stage.signer(VAULT), locked_key))
    return f"case {stage.case[:8]}… in {story.TEAM_LABEL}, led by {story.CASEWORKER.label}"


def phone(stage: Stage) -> str:
    """The caseworker shows a QR code; the phone scans it and enrols."""
    worker = Caseworker(stage.signer(story.CASEWORKER.handle))
    case_key = stage.people.identity(VAULT).opening_kid
    text = stage.ledger.fact("invitation", lambda: worker.invite(stage.case, case_key).text())
    invitation = Invitation.parse(text)
    stage.narrator.line("The invitation, as text and as the QR code that the phone scans:")
    stage.narrator.raw(f"\n{text}\n\n{invitation.terminal_qr()}")
    phone_folder.enrol(stage.people.phone, invitation)
    return "enrolled; it holds the case's public key and can only add"


def order(stage: Stage) -> str:
    """The caseworker records a huisverbod; it goes to the case's key and her own."""
    worker = Caseworker(stage.signer(story.CASEWORKER.handle))
    ban = story.ban(stage.first_day)
    told = {"order.kind": "huisverbod", "order.valid_from": f"{ban.first}", "order.until": f"{ban.until}"}
    words = {"order.number": ban.number, "title": ban.title, "text": ban.text}
    said = forms.describe("order", "caseworker", {**told, **words})
    item = ids.ItemId(stage.ledger.new_id("item-order"))
    stage.ledger.once("order-sealed", lambda: worker.record(stage.case, said, item))
    return f"huisverbod {ban.first} to {ban.until}, sealed"


def card(stage: Stage) -> str:
    """The caseworker seals the dispatcher card to the desk."""
    worker = Caseworker(stage.signer(story.CASEWORKER.handle))
    said = cast("Card", forms.describe("card", "caseworker", {}, {"card": schema.encode(story.card(stage.first_day))}))
    item = ids.ItemId(stage.ledger.new_id("item-card"))
    stage.ledger.once("card-sealed", lambda: worker.leave_card(stage.case, said, item))
    return f"address, calling back, how to enter and how to know him, sealed to {story.DESK_LABEL}"

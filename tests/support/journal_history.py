"""The first statements of a journal, and a phone that numbers what it says."""

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from tests.support import published

ROOT = keys.Identity.generate()


CASEWORKER = keys.Identity.generate()


VAULT = keys.Identity.generate()


TEAM = ids.TeamId(ids.new_id())


CASE = ids.CaseId(ids.new_id())


def certify(who: keys.SigningKey, role: bodies.Role, team: ids.TeamId | None) -> bodies.KeyPublish:
    return published.certificate(who, role, team=team)


def founding() -> list[Statement]:
    opened = bodies.LogOpen("log.example", bodies.RootKey(ids.PublicKey(ROOT.sign_public.hex()), "root"), "vkey")
    case = published.case_of(VAULT, TEAM, CASEWORKER.kid)
    return [
        statements.sign(ROOT, "log.open", opened),
        statements.sign(ROOT, "team.open", bodies.TeamOpen(TEAM, "Filomena")),
        statements.sign(ROOT, "key.publish", certify(CASEWORKER, "caseworker", TEAM)),
        statements.sign(CASEWORKER, "case.open", case, case=CASE),
    ]


def invitation(one_time: keys.Identity) -> Statement:
    body = published.invitation(VAULT, one_time, ids.Time("2100-01-01T00:00:00.000Z"))
    return statements.sign(CASEWORKER, "device.invite", body, case=CASE)


class Phone:
    """A phone that numbers its statements; `next` is what the journal should expect of it."""

    def __init__(self) -> None:
        self.identity = keys.Identity.generate()
        self.one_time = keys.Identity.generate()
        self.next = Chain(0, FIRST_PREV)

    def enrolment(self) -> Statement:
        body = bodies.DeviceEnrol(
            ids.DeviceId(ids.new_id()), ids.PublicKey(self.identity.sign_public.hex()), self.one_time.kid
        )
        return statements.sign(self.identity, "device.enrol", body, case=CASE, chain=self.next, cosigner=self.one_time)

    def seal(self, chain: Chain) -> Statement:
        part = bodies.Part(ids.Sha256("1" * 64), 1, ids.Commitment("2" * 64))
        blob = bodies.Blob(ids.Sha256("3" * 64), 3)
        body = bodies.ItemSeal(ids.ItemId(ids.new_id()), blob, blob, part, None)
        return statements.sign(self.identity, "item.seal", body, case=CASE, chain=chain)

"""Authority, who may do what: one pure function, `check(standing, statement, now)`.

It decides about the next statement from what the journal adds up to (`standing`) and changes nothing. The rules are the
table in `docs/formats/statement.md`. Signatures are checked here too, because only the journal says which keys exist.

State rules:
- The first statement is `log.open`; it names the root, which signs `log.rotate` and all `key.*` and `team.*`.
- A key counts from `key.publish` until `key.retire`; a phone's or alarm device's from enrolment until revocation.
- A phone only adds: `item.*` in its own case, numbered without a gap. It never reads, grants or erases.
- Only the vault key of a case grants and revokes, and only to a reader whose key the root certified; it numbers its
  statements as a phone does.
- Only a certified bridge raises alarms; only a dispatcher acts on them.
- Nobody destroys alone: her request, a caseworker's approval, `erasure.ERASE_DELAY` of waiting, and no hold.
"""

from typing import Final

from evidence import ids
from evidence.statements import bodies, catalogue
from evidence.statements.errors import NotAllowedError as NotAllowedError  # noqa: PLC0414 - callers need one module
from evidence.statements.errors import refuse
from evidence.statements.rules import (  # noqa: F401 - each registers its rules
    alarms,
    cases,
    consent,
    devices,
    erasure,
    items,
    lending,
    organisation,
    readers,
    rescue,
)
from evidence.statements.rules.registry import complete
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement, verified

_RULES: Final = complete()


def check(standing: Standing, statement: Statement, now: ids.Time) -> None:
    """Return when the journal so far allows `statement` at `now`.

    Raises NotAllowedError (with the reason) or keys.SignatureError.
    """
    role = check_author(standing, statement, now)
    _check_case(standing, statement, role)
    _check_chain(standing, statement, role)
    rule = _RULES.get(statement.type)
    if rule is not None:
        rule(standing, statement, now)


def check_author(standing: Standing, statement: Statement, now: ids.Time) -> str:
    """Return the author's role when a key in force signed, and its role may sign this type; raises as `check`.

    This half needs no neighbours of the statement, so a verifier that holds a part of the journal can use it.
    """
    signers = {statement.by: _author_key(standing, statement)}
    role = check_role(standing, statement)
    if isinstance(statement.body, bodies.DeviceEnrol):
        signers[statement.body.invite] = _invitation_key(standing, statement, statement.body, now)
    elif (cosigner := statement.cosigner) is not None:
        signers[cosigner] = _known_key(standing, cosigner)
    verified(statement, signers)
    return role


def check_role(standing: Standing, statement: Statement) -> str:
    """Return the author's role when it may sign this type; raises NotAllowedError. Signatures are not looked at."""
    if (standing.log is None) != (statement.type == "log.open"):
        refuse("log-state", "the log opens once, with its first statement")
    role = "root" if standing.log is None else standing.role_of(statement.by) or "newcomer"
    if role not in catalogue.ACTS[statement.type].signers:
        refuse("role", f"a key of the role {role} does not sign {statement.type}")
    return role


def _author_key(standing: Standing, statement: Statement) -> bytes:
    body = statement.body
    if isinstance(body, bodies.LogOpen) and standing.log is None:
        return bytes.fromhex(body.root.sign)
    if isinstance(body, bodies.DeviceEnrol) and statement.by not in standing.device_of_key:
        return bytes.fromhex(body.sign)
    return _known_key(standing, statement.by)


def _known_key(standing: Standing, kid: ids.KeyId) -> bytes:
    public = standing.public_key(kid)
    if public is None:
        refuse("unknown-key", "the key that signed is not known here, or no longer in force")
    return public


def _invitation_key(standing: Standing, statement: Statement, body: bodies.DeviceEnrol, now: ids.Time) -> bytes:
    known = standing.invitations.get(body.invite)
    if known is None or known[0] != statement.case:
        refuse("invitation", "this invitation does not exist or was used before")
    _, invitation = known
    if invitation.expires <= now:
        refuse("invitation-expired", "this invitation has expired")
    return bytes.fromhex(invitation.invite)


def _check_chain(standing: Standing, statement: Statement, role: str) -> None:
    if role not in catalogue.NUMBERED:
        if statement.chain is not None:
            refuse("chain", "only a phone and a vault number their statements")
        return
    expected = standing.next_link(statement.by)
    if statement.chain != expected:
        refuse("chain", f"expected number {expected.seq}, naming the statement that came before it")


def _check_case(standing: Standing, statement: Statement, role: str) -> None:
    """A key acts in its own cases only; the answer is the same as for a case that does not exist."""
    case = statement.case
    if case is None or statement.type == "case.open":
        return
    own = case in standing.cases
    if role == "phone":
        own = standing.devices[standing.device_of_key[statement.by]].case == case
    elif role == "vault":
        own = standing.case_of_vault[statement.by] == case
    elif role == "caseworker":
        own = standing.on_team(statement.by, case)
    if not own:
        refuse("unknown-case", "there is no such case")

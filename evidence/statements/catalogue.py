"""The catalogue of acts: one row for each statement type, and types are listed nowhere else.

Whoever needs a set of types asks for it (`where`). A new act begins with its body (`bodies/`) and a row here; what it
needs beyond its signer's role is a rule (`rules/`), what it changes is a fold (`fold/`). Both name the body that they
are for, and are demanded when the row says that there is one. `docs/formats/statement.md` is compared with the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Literal

from evidence.statements import bodies
from evidence.statements.bodies import Body

Speaker = Literal["root", "server", "bridge", "caseworker", "dispatcher", "investigator", "vault", "phone", "newcomer"]
"""Whose key signs: a certified role, the root, her vault, a phone, or a phone that is not enrolled yet."""

NUMBERED: Final[frozenset[Speaker]] = frozenset({"phone", "newcomer", "vault"})
"""Who numbers what it says, so that a statement that was left out shows as a gap: whoever holds her phone or runs the
server drops none of them unseen."""

Scope = Literal["organisation", "case"]
"""What it is about. A statement about the organisation names no case, every other one names its own."""

Reading = Literal["start", "case", "both", "never"]
"""When a process reads it: when it starts, when somebody asks about the case, or only to show it."""

Company = Literal["all", "case", "item", "reader", "grant", "hold", "erasure", "device", "alarm", "none"]
"""What a stranger needs to believe an item and to know what was said about it, so what a bundle brings: of the
organisation and of its case all; what names one of its items; grants to its reader; what is about a grant, a hold, an
erasure or an alarm that is in it, or about a device that added an item of it; or nothing of that type."""

Name = Literal["item", "grant", "alarm", "export", "disclosure"]
"""Kinds of names that are unique in the whole journal and belong to one case; a body brings one in the member that is
called so."""

NAMES: Final[tuple[Name, ...]] = ("item", "grant", "alarm", "export", "disclosure")


_COMPANY: Final[Mapping[Company, frozenset[str]]] = {
    "item": frozenset({"item", "items"}),
    **{company: frozenset({company}) for company in ("reader", "grant", "hold", "erasure", "device", "alarm")},
}
"""Members of a body by which a bundle knows whether it wants the act."""


@dataclass(frozen=True)
class Act:
    """The row of one statement type."""

    name: str
    body: type[Body]
    signers: frozenset[str]
    company: Company
    reading: Reading
    scope: Scope = "case"
    cosigner: str | None = None
    """The member that names a second key, which signs it too where there is one."""

    rule: bool = True
    """Something is needed beyond the signer's role (`rules/`)."""

    brings: Name | None = None
    """The kind of name that an event of this type brings or seals, in the member that is called so."""

    erasable: bool = False
    """Its event holds key wraps, or hashes and commitments of an item. Others name an item by its id only, and stay."""

    proves_erasure: bool = False
    """It is a step that the proof of an erasure shows."""

    at_bridge: bool = False
    """It decides what a press or an act may do: a bridge keeps it beside its spool."""

    by_each_bridge: bool = False
    """Every bridge says it of one press; the journal takes the first."""

    alarm_state: str | None = None
    """What an alarm is after it, in the timeline."""

    def __post_init__(self) -> None:
        """Demand that the body has the members that the row relies on."""
        members = {one.name for one in fields(self.body)}
        for column, named in (("brings", self.brings), ("cosigner", self.cosigner)):
            if named is not None and named not in members:
                raise TypeError(f"{self.name} has no {named}, and its {column} is one")
        if not members & _COMPANY.get(self.company, members):
            raise TypeError(f"{self.name} does not say which {self.company} it is about")


def _by(*signers: Speaker) -> frozenset[str]:
    return frozenset(signers)


_ROOT, _CASEWORKER, _VAULT, _SERVER = _by("root"), _by("caseworker"), _by("vault"), _by("server")
_BRIDGE, _DISPATCHER, _INVESTIGATOR = _by("bridge"), _by("dispatcher"), _by("investigator")
_HER_SIDE, _WHO_SEALS = _by("vault", "caseworker"), _by("phone", "caseworker", "bridge", "vault")
_WHO_HOLDS: Final = _by("caseworker", "investigator")

_ROWS: Final = (
    Act("log.open", bodies.LogOpen, _ROOT, "all", "start", "organisation", rule=False, at_bridge=True),
    Act("log.rotate", bodies.LogRotate, _ROOT, "all", "start", "organisation"),
    Act("key.publish", bodies.KeyPublish, _ROOT, "all", "start", "organisation", at_bridge=True),
    Act("key.retire", bodies.KeyRetire, _ROOT, "all", "start", "organisation", at_bridge=True),
    Act("key.share", bodies.KeyShare, _ROOT, "none", "start", "organisation"),
    Act("team.open", bodies.TeamOpen, _ROOT, "all", "start", "organisation", at_bridge=True),
    Act("case.open", bodies.CaseOpen, _CASEWORKER, "case", "start", at_bridge=True),
    Act("case.retain", bodies.CaseRetain, _CASEWORKER, "none", "start"),
    Act("device.invite", bodies.DeviceInvite, _CASEWORKER, "case", "start"),
    Act("device.enrol", bodies.DeviceEnrol, _by("newcomer"), "case", "start", cosigner="invite"),
    Act("device.revoke", bodies.DeviceRevoke, _HER_SIDE, "case", "start", at_bridge=True),
    Act("alarm_device.enrol", bodies.AlarmDeviceEnrol, _CASEWORKER, "case", "start", at_bridge=True),
    Act("alarm_device.lend", bodies.DeviceLend, _CASEWORKER, "case", "start"),
    Act("alarm_device.review", bodies.DeviceReview, _CASEWORKER, "case", "start"),
    Act("alarm_device.return", bodies.DeviceReturn, _CASEWORKER, "case", "start"),
    Act("shift.begin", bodies.ShiftMark, _DISPATCHER, "none", "start", "organisation"),
    Act("shift.end", bodies.ShiftMark, _DISPATCHER, "none", "start", "organisation"),
    Act("shift.take_over", bodies.ShiftTakeOver, _DISPATCHER, "none", "start", "organisation"),
    Act("item.open", bodies.ItemOpen, _WHO_SEALS, "item", "case", brings="item", erasable=True),
    Act(
        *("item.seal", bodies.ItemSeal, _WHO_SEALS | _DISPATCHER, "item", "case"),
        brings="item",
        erasable=True,
        by_each_bridge=True,
    ),
    Act("item.amend", bodies.ItemAmend, _by("vault", "phone", "caseworker"), "item", "never"),
    Act("disclose", bodies.Disclose, _CASEWORKER, "item", "case", brings="disclosure"),
    Act("grant", bodies.Grant, _VAULT, "reader", "case", brings="grant", erasable=True),
    Act("revoke", bodies.Revoke, _VAULT, "grant", "both"),
    Act("list.set", bodies.ListSet, _VAULT, "case", "both", cosigner="agreed", at_bridge=True),
    Act("item.wrap", bodies.ItemWrap, _HER_SIDE, "item", "case", erasable=True),
    Act("readers.exclude", bodies.ReadersExclude, _CASEWORKER, "case", "start", at_bridge=True),
    Act("rescue.share", bodies.RescueShare, _VAULT, "none", "case"),
    Act("rescue.use", bodies.RescueUse, _CASEWORKER, "case", "case"),
    Act("dispute", bodies.Dispute, _VAULT, "device", "start"),
    Act("hold.place", bodies.HoldPlace, _WHO_HOLDS, "item", "start"),
    Act("hold.lift", bodies.HoldLift, _WHO_HOLDS, "hold", "start"),
    Act("erase.request", bodies.EraseRequest, _VAULT, "item", "start", proves_erasure=True),
    Act("erase.approve", bodies.EraseStep, _CASEWORKER, "erasure", "start", proves_erasure=True),
    Act("erase.cancel", bodies.EraseStep, _HER_SIDE, "erasure", "start"),
    Act("erase.execute", bodies.EraseStep, _SERVER, "erasure", "both", proves_erasure=True),
    Act("erase.finish", bodies.EraseFinish, _SERVER, "erasure", "start", proves_erasure=True),
    Act("erase.repeat", bodies.EraseRepeat, _SERVER, "item", "both"),
    Act("break_glass", bodies.BreakGlass, _DISPATCHER, "item", "never"),
    Act("read", bodies.Read, _SERVER, "item", "never", rule=False),
    Act("export", bodies.Export, _INVESTIGATOR, "item", "case", brings="export"),
    Act(
        *("alarm.raise", bodies.AlarmRaise, _BRIDGE, "alarm", "case"),
        brings="alarm",
        by_each_bridge=True,
        alarm_state="raised",
    ),
    Act("alarm.repeat", bodies.AlarmRepeat, _BRIDGE, "alarm", "case", by_each_bridge=True),
    Act("alarm.fold", bodies.AlarmFold, _BRIDGE, "alarm", "case", by_each_bridge=True),
    Act("alarm.deliver", bodies.AlarmDeliver, _BRIDGE, "alarm", "never"),
    Act("alarm.claim", bodies.AlarmAct, _DISPATCHER, "alarm", "never", alarm_state="claimed"),
    Act("alarm.accept", bodies.AlarmAct, _DISPATCHER, "alarm", "never", alarm_state="accepted"),
    Act("alarm.dispatch", bodies.AlarmAct, _DISPATCHER, "alarm", "never", alarm_state="dispatched"),
    Act("alarm.on_scene", bodies.AlarmAct, _DISPATCHER, "alarm", "never", alarm_state="on_scene"),
    Act("alarm.take_over", bodies.AlarmAct, _DISPATCHER, "alarm", "never", alarm_state="taken_over"),
    Act("alarm.look", bodies.AlarmAct, _DISPATCHER, "alarm", "never", alarm_state="looked"),
    Act("alarm.close", bodies.AlarmClose, _DISPATCHER, "alarm", "never", alarm_state="closed"),
)

ACTS: Final[Mapping[str, Act]] = {act.name: act for act in _ROWS}
"""Every act by its name; a type that is not here does not exist."""


def where(**wanted: object) -> tuple[str, ...]:
    """Return the types whose rows have these values, in the order of the catalogue.

    `where(erasable=True)`, `where(brings="item")`, `where(body=bodies.AlarmAct)`. TypeError for a column that is not
    there.
    """
    strange = wanted.keys() - {one.name for one in fields(Act)}
    if strange:
        raise TypeError(f"the catalogue has no column {min(strange)}")
    return tuple(act.name for act in _ROWS if all(getattr(act, column) == value for column, value in wanted.items()))


BRINGS: Final[Mapping[str, Name]] = {act.name: act.brings for act in _ROWS if act.brings is not None}
"""What kind of name an event of each type brings: it is unique in the whole journal, whatever case it is in."""

CASELESS: Final = frozenset(where(scope="organisation"))
"""Types about the organisation; every other statement belongs to one case."""

ALWAYS_READ: Final = frozenset((*where(reading="start"), *where(reading="both")))
"""Types that are read when a process starts: the organisation, and of cases what every process has to know."""

READ_WITH_CASE: Final = frozenset((*where(reading="case"), *where(reading="both")))
"""Types that are read with their case, beside all that are numbered: the numbers of her phones are read there, too."""

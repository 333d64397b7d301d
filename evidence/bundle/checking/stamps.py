"""The time stamps of a bundle: which authorities vouch for which events, and between which times these came to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evidence import ids
from evidence.bundle.checking import interval
from evidence.bundle.checking.report import Findings
from evidence.bundle.format import bag
from evidence.bundle.format.tokens import BundleTokens
from evidence.custody.succession.lineage import Lineage
from evidence.custody.time import quorum as vouching
from evidence.custody.time.quorum import Settled, Vouched
from evidence.custody.time.tsa_policy import TrustedTsas
from evidence.custody.witnessing.policy import VerifiedCheckpoint
from evidence.statements import event as events

Placed = Mapping[str, tuple[VerifiedCheckpoint, list[events.Event]]]
"""SHA-256 of a signed checkpoint → what the policy believed of it, and the events that are proven under it."""


@dataclass(frozen=True)
class Times:
    """What outside clocks say of events, by index: existed by then; came to be between."""

    not_after: dict[int, ids.Time] = field(default_factory=dict)
    intervals: dict[int, interval.Interval] = field(default_factory=dict)


@dataclass
class _Told:
    """What is said once over all heads: by authority or finding, the events and times that it is about."""

    times: dict[str, list[ids.Time]] = field(default_factory=dict)
    renewed: list[datetime] = field(default_factory=list)
    short: list[int] = field(default_factory=list)
    missing: int = 0


def check(placed: Placed, bundle: bag.Bag, trusted: TrustedTsas, line: Lineage, findings: Findings) -> Times:
    """Judge the tokens over every head, demand the quorum, and compare the clocks; return what holds."""
    kept, now, told, found = BundleTokens(bundle), ids.moment_of(ids.now()), _Told(), Times()
    heads: dict[int, tuple[events.Event, interval.Head]] = {}
    for digest, (head, covered) in placed.items():
        judged = vouching.judge(bytes.fromhex(digest), kept, trusted, now)
        for why in judged.bad:
            findings.failed("time-token-bad", why=why)
        settled = vouching.settle(judged.vouched)
        _tell_of_expired(judged.expired, settled, trusted.quorum, findings)
        _tell_of_disagreement(settled, findings)
        stamped = _bound(settled)
        cosigned = tuple(one.at for one in head.cosigned)
        latest = None if stamped is None else stamped.info.latest
        era = line.era(head.signed.checkpoint.origin)
        believed = interval.Head(era.origin, head.size, head.root, cosigned, latest, era.events_below(head.size))
        heads |= {event.index: (event, believed) for event in covered}
        if stamped is not None:
            found.not_after.update(dict.fromkeys((event.index for event in covered), ids.time_of(stamped.info.time)))
        _collect(settled, covered, trusted.quorum, told)
    _tell(told, trusted.quorum, findings)
    found.intervals.update(interval.check(heads, line, findings))
    return found


def _bound(settled: Settled) -> Vouched | None:
    """Return the stamp by which the head existed: the earliest that is agreed on, or the latest where nobody agrees."""
    if settled.torn:
        return max((*settled.agreed, *settled.outvoted), key=lambda one: one.info.latest)
    return min(settled.agreed, key=lambda one: one.info.latest, default=None)


def _tell_of_expired(expired: Sequence[Vouched], settled: Settled, quorum: int, findings: Findings) -> None:
    enough = len(settled.agreed) >= max(1, quorum)
    for one in expired:
        tell = findings.note if enough else findings.failed
        tell("time-token-expired", one.tsa, when=ids.time_of(one.info.time), expired=ids.time_of(one.info.expires))


def _tell_of_disagreement(settled: Settled, findings: Findings) -> None:
    gap = interval.hours(settled.gap)
    if settled.torn:
        names = sorted(one.tsa for one in (*settled.agreed, *settled.outvoted))
        findings.failed("time-tsa-differs", ", ".join(names), gap=gap)
        return
    for one in settled.outvoted:
        findings.note("time-tsa-outvoted", one.tsa, gap=gap, agreed=len(settled.agreed))


def _collect(settled: Settled, covered: Sequence[events.Event], quorum: int, told: _Told) -> None:
    vouching_here = () if settled.torn else settled.agreed
    for one in vouching_here:
        told.times.setdefault(one.tsa, []).extend([ids.time_of(one.info.time)] * len(covered))
        told.renewed += one.renewed
    if len(vouching_here) < quorum:
        told.short += [event.index for event in covered]
    elif not (settled.agreed or settled.outvoted):
        told.missing += len(covered)


def _tell(told: _Told, quorum: int, findings: Findings) -> None:
    for name, times in sorted(told.times.items()):
        findings.proven("time", count=len(times), earliest=min(times), latest=max(times), authority=name)
    if told.renewed:
        findings.proven("time-renewed", latest=ids.time_of(max(told.renewed)), first=ids.time_of(min(told.renewed)))
    if told.short:
        findings.failed("time-quorum", str(min(told.short)), count=len(told.short), quorum=quorum)
    if told.missing:
        findings.note("time-missing", count=told.missing)

"""The digest of a case: what whoever read it leaves for the list of cases.

The server cannot count what it cannot read.
"""

from collections.abc import Sequence

from evidence import ids
from evidence.edtf import Edtf
from evidence.envelope import meta as metas
from evidence.envelope import parts, words
from server.clients.timeline import Moment


def of(moments: Sequence[Moment]) -> metas.Digest:
    """Return the state of a case, from its timeline as far as it opened for whoever read it.

    A press and the positions that came with it are one alarm. Digests that were left before are not counted.
    """
    found = [one for one in moments if one.opened is not None and not isinstance(one.opened.meta, metas.Digest)]
    described = [one.opened.meta for one in found if one.opened is not None]
    ends = [one.order.until for one in described if isinstance(one, metas.Order) and one.order.until]
    return metas.Digest(
        source="caseworker",
        recorded=ids.now(),
        title=words.MEMBERS["digest"][0],
        digest=parts.Digest(
            read_to=max((one.index for one in moments), default=0),
            items=len(found),
            alarms=len({one.alarm.alarm for one in described if isinstance(one, metas.Alarm)}),
            newest=max((one.received_at for one in found), default=None),
            orders_until=Edtf(max(ends)) if ends else None,
        ),
    )

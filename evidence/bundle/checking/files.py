"""The files of a bundle: those that the manifests name, with their hashes, from a closed list, and nothing else.

The signed manifest covers what is under `data/`; nobody signs the other one. So a file under `data/` counts only when
the first names it, every other name stands in a list, and the two texts for people are those of this program.
"""

import hashlib
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final

from evidence.bundle.checking import shell
from evidence.bundle.checking.report import Findings
from evidence.bundle.format import bag, layout
from evidence.bundle.format.howto import HOWTO_TEXT

_TAGS: Final = frozenset({bag.DECLARATION, bag.INFO, bag.MANIFEST, bag.TAG_MANIFEST})

_COMMON: Final = (
    *map(re.escape, (*_TAGS, layout.HOWTO, layout.SCRIPT, layout.SALTS, layout.ROTATIONS)),
    *map(re.escape, (layout.EXPORT_EVENT, layout.EXPORT_SALT, layout.EXPORT_PROOF, layout.EXPORT_HEAD)),
    r"data/events/[0-9]{10}\.json",
    r"proof/events/[0-9]{10}\.tlog-proof",
    r"proof/timestamps/[0-9a-f]{64}(\.[1-9][0-9]?)?\.tsr",
    r"proof/renewals/[0-9a-f]{64}\.tlog-proof",
)
_SEALED: Final = re.compile("|".join((*_COMMON, r"data/items/[0-9a-f]{32}\.getuige")))
_OPENED: Final = re.compile(
    "|".join(
        (
            *_COMMON,
            *map(re.escape, (layout.OPENINGS, layout.TIMELINE, layout.CASE, layout.SEALED_MANIFEST)),
            r"data/originals/[0-9]{4,}-[^/]+",
            r"data/descriptions/[0-9]{4,}-[0-9a-f]{8}\.json",
            r"data/fields/[0-9]{4,}-[0-9a-f]{8}\.tsv",
            r"data/heads/[0-9a-f]{32}\.json",
        )
    )
)


def check(bundle: bag.Bag, findings: Findings) -> dict[str, str]:
    """Every file is named in its manifest, is there, and has its hash; nothing else is there. Returns all hashes."""
    names = bundle.names()
    payload = bag.parse_manifest(bag.read_small(bundle, bag.MANIFEST))
    tags = bag.parse_manifest(bag.read_small(bundle, bag.TAG_MANIFEST))
    if bag.read_small(bundle, bag.DECLARATION) != bag.DECLARATION_TEXT.encode():
        raise bag.BagError("the bag's declaration is not that of BagIt 1.0")
    expected = {**tags, **payload}
    digests = bag.digests(bundle, names, partial(findings.progress, "files"))
    faults = [("bag-file-missing", name) for name in sorted(expected.keys() - names)]
    faults += [("bag-file-extra", name) for name in sorted(_foreign(names, payload.keys(), tags.keys()))]
    shared = sorted(expected.keys() & names)
    faults += [("bag-file-differs", name) for name in shared if digests[name] != expected[name]]
    faults += [("bag-text-foreign", name) for name, digest in _texts() if digests.get(name, digest) != digest]
    for code, name in faults:
        findings.failed(code, name)
    if not faults:
        findings.proven("bag-whole", files=len(names))
    return digests


def _foreign(names: AbstractSet[str], payload: AbstractSet[str], tags: AbstractSet[str]) -> Iterator[str]:
    """Yield what is here, or named, and belongs in no bundle of this kind, or in the other manifest."""
    known = _OPENED if layout.OPENINGS in names else _SEALED
    listed, tagged = names | payload, tags | _TAGS
    for name in listed | tags:
        is_data = name.startswith("data/")
        unnamed = name in names and name not in (payload if is_data else tagged)
        misplaced = name in (tags if is_data else payload)
        if unnamed or misplaced or known.fullmatch(name) is None:
            yield name
            continue
        stem = name.removeprefix(layout.PROOFS).removesuffix(".tlog-proof")
        if name.startswith(layout.PROOFS) and f"{layout.EVENTS}{stem}.json" not in listed:
            yield name


def _texts() -> Iterator[tuple[str, str]]:
    """Yield the texts for people that every bundle brings, with their SHA-256."""
    yield layout.HOWTO, hashlib.sha256(HOWTO_TEXT.encode()).hexdigest()
    yield layout.SCRIPT, hashlib.sha256(shell.script()).hexdigest()

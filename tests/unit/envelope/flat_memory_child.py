"""Seal and open so many MiB (first argument) of made-up recording, and print the peak of memory in KiB.

Nothing is kept: what is sealed goes straight into opening, as it would go to a server and from there to a reader.
"""

import resource
import sys
from collections.abc import Iterator

from evidence import ids, keys
from evidence.envelope import container, opening, sealing
from evidence.envelope.meta import Media

MIB = 1024 * 1024


def recording(mib: int) -> Iterator[bytes]:
    for index in range(mib):
        yield index.to_bytes(8) * (MIB // 8)


def main(mib: int) -> None:
    phone, her = keys.Identity.generate(), keys.Identity.generate()
    content = sealing.Content("opname.bin", "video/mp4", lambda: recording(mib))
    meta = Media(kind="video", source="victim", recorded=ids.now(), title="Opname")
    prepared = sealing.prepare(phone, ids.CaseId("c0" * 16), meta, [her.xwing_public], content)
    prefix = container.parse_prefix(prepared.prefix)
    ciphertext = prepared.stream(content)
    next(ciphertext)  # the prefix
    opened = opening.open_meta(prefix, prepared.content_key)
    size = sum(len(data) for data in opening.open_content(prefix, prepared.content_key, opened, ciphertext))
    if size != mib * MIB:
        sys.exit(f"{size} bytes came back")
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""The tools of a forger who has a bundle and no key."""

from pathlib import Path

from evidence.bundle.format import bag


def regenerate(folder: Path) -> None:
    """Make both manifests fit again, as a forger would."""
    contents = bag.FolderBag(folder)
    names = contents.names() - {bag.MANIFEST, bag.TAG_MANIFEST}
    digests = {name: bag.sha256_of(contents.stream(name)) for name in names}
    payload = {name: digest for name, digest in digests.items() if name.startswith("data/")}
    (folder / bag.MANIFEST).write_bytes(bag.manifest_text(payload))
    tags = {name: digest for name, digest in digests.items() if name not in payload}
    tags[bag.MANIFEST] = bag.sha256_of(contents.stream(bag.MANIFEST))
    (folder / bag.TAG_MANIFEST).write_bytes(bag.manifest_text(tags))

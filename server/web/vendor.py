"""Copy the front-end libraries that the pages load from `node_modules` into the git-ignored `vendor/`.

The pages have no build step: a browser loads the very files that the npm packages publish. Which files these are
follows from `SPECIFIERS` and from the imports inside them. Their SHA-256 hashes stand in the committed
`vendor.sha256` (the format of `sha256sum`), so a package that changed under the same version is named and refused.

    python -m server.web.vendor            copy, and refuse what differs from vendor.sha256
    python -m server.web.vendor --check    only compare the vendor folder with vendor.sha256
    python -m server.web.vendor --update   copy and write vendor.sha256 anew (after a wanted upgrade)
"""

import argparse
import hashlib
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
MODULES: Final = HERE / "node_modules"
VENDOR: Final = HERE / "vendor"
HASHES: Final = HERE / "vendor.sha256"

# Bare specifier in our modules or in theirs -> the published file that the browser loads for it.
SPECIFIERS: Final[Mapping[str, str]] = {
    "lit": "lit/index.js",
    "lit/directives/repeat.js": "lit/directives/repeat.js",
    "lit-html": "lit-html/lit-html.js",
    "lit-html/is-server.js": "lit-html/is-server.js",
    "lit-html/directives/repeat.js": "lit-html/directives/repeat.js",
    "lit-element/lit-element.js": "lit-element/lit-element.js",
    "@lit/reactive-element": "@lit/reactive-element/reactive-element.js",
    "@fluent/bundle": "@fluent/bundle/esm/index.js",
    "libsodium-wrappers-sumo": "libsodium-wrappers-sumo/dist/modules-sumo-esm/libsodium-wrappers.mjs",
    "libsodium-sumo": "libsodium-sumo/dist/modules-sumo-esm/libsodium-sumo.mjs",
    # Loaded only where a policy names a witness with ML-DSA-44 (static/core/verifier/mldsa.js).
    "@noble/post-quantum/ml-dsa.js": "@noble/post-quantum/ml-dsa.js",
    "@noble/curves/utils.js": "@noble/curves/utils.js",
    "@noble/curves/abstract/fft.js": "@noble/curves/abstract/fft.js",
    "@noble/hashes/sha3.js": "@noble/hashes/sha3.js",
    "@noble/hashes/utils.js": "@noble/hashes/utils.js",
    # Loaded only by a dispatcher who chooses a map from the own disk (static/console/map.js).
    "maplibre-gl": "maplibre-gl/dist/maplibre-gl.mjs",
    "maplibre-gl/worker": "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "pmtiles": "pmtiles/dist/esm/index.js",
    "fflate": "fflate/esm/browser.js",
}

_IMPORT: Final = re.compile(
    rb"""(?:^|[;}]|\*/)\s*(?:import|export)\s*(?:[\w*${}\s,]+?\s*from\s*)?(["'])([^"'\n]+)\1""", re.MULTILINE
)


class VendorError(Exception):
    """A library file is missing, or is not the one whose hash is committed."""


def imports_of(source: bytes) -> list[str]:
    """Return the module specifiers that a module imports or re-exports, in order of appearance."""
    return [found.decode() for _, found in _IMPORT.findall(source)]


def needed_files(modules: Path = MODULES) -> dict[str, bytes]:
    """Return every file that the pages load, by its path below `node_modules`.

    Raises:
        VendorError: a file is missing, or a library imports something that `SPECIFIERS` does not name.
    """
    files: dict[str, bytes] = {}
    waiting = list(SPECIFIERS.values())
    while waiting:
        name = waiting.pop()
        if name in files:
            continue
        path = modules / name
        if not path.is_file():
            raise VendorError(f"{name} is missing: run `npm ci --ignore-scripts` in server/web first")
        files[name] = path.read_bytes()
        for specifier in imports_of(files[name]):
            if specifier.startswith("."):
                target = (path.parent / specifier).resolve().relative_to(modules.resolve())
                waiting.append(target.as_posix())
            elif specifier not in SPECIFIERS:
                raise VendorError(f"{name} imports {specifier}, which SPECIFIERS in server/web/vendor.py lacks")
    return dict(sorted(files.items()))


def read_hashes(path: Path = HASHES) -> dict[str, str]:
    """Return the committed hashes: path below `vendor/` -> SHA-256 in hex."""
    if not path.is_file():
        return {}
    pairs = (line.split("  ", 1) for line in path.read_text(encoding="utf-8").splitlines() if line)
    return {name: digest for digest, name in pairs}


def differences(files: Mapping[str, bytes], hashes: Mapping[str, str]) -> list[str]:
    """Return one line for each file that is missing, unexpected or changed; empty when all is as committed."""
    found = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return [
        *(f"{name}: missing" for name in sorted(hashes.keys() - found.keys())),
        *(f"{name}: not in vendor.sha256" for name in sorted(found.keys() - hashes.keys())),
        *(
            f"{name}: changed, {digest} instead of {hashes[name]}"
            for name, digest in sorted(found.items())
            if name in hashes and hashes[name] != digest
        ),
    ]


def vendor_files(folder: Path = VENDOR) -> dict[str, bytes]:
    """Return what the vendor folder holds now, by path below it."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def copy(files: Mapping[str, bytes], folder: Path = VENDOR) -> None:
    """Make the vendor folder hold exactly `files`."""
    for name in vendor_files(folder).keys() - files.keys():
        (folder / name).unlink()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)


def _refuse(lines: Sequence[str]) -> None:
    if lines:
        raise VendorError("these library files are not the ones that were reviewed:\n  " + "\n  ".join(lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m server.web.vendor", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="only compare vendor/ with vendor.sha256")
    choice.add_argument("--update", action="store_true", help="copy and write vendor.sha256 anew")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            _refuse(differences(vendor_files(), read_hashes()))
            files = vendor_files()
        else:
            files = needed_files()
            if options.update:
                lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
                HASHES.write_text("".join(lines), encoding="utf-8")
            _refuse(differences(files, read_hashes()))
            copy(files)
    except VendorError as error:
        print(f"server.web.vendor: {error}", file=sys.stderr)  # noqa: T201 (a command speaks to its terminal)
        return 1
    size = sum(map(len, files.values()))
    print(f"{len(files)} library files, {size:,} bytes, as in vendor.sha256")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Assets of the pages: files, their hashes, one import map, and the headers that hold it all in place.

No build step: the file that an auditor reads is the file that runs. Every module is named with its SHA-384 in one
import map, and the map's own hash stands in the Content Security Policy. So a browser refuses a module that was
changed, a module that is not in the map, and any script inside a page. URLs carry the hash of their file (`?v=`)
and may be cached for ever; the import map leads plain and relative imports to them.

There is no `Integrity-Policy` header: WebKit then refuses every module whose hash stands in the import map, and the
page stays dead (docs/adr/0004-web-without-build.md).

Sources: CSP Level 3, Import maps with integrity (HTML standard), Trusted Types.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from server.web import vendor

STATIC: Final = Path(__file__).parent / "static"
PREFIX: Final = "/web/"
PAGES: Final[Mapping[str, str]] = MappingProxyType(
    {"/": "landing.html", "/review": "review.html", "/console": "console.html"}
)

CLIP_PAGE: Final = "/review"
CLIP_WORKER: Final = f"{PREFIX}review/clip-worker.js"
"""The page whose player asks for ranges, and the worker that takes its questions: nothing outside that page."""

WORKERS: Final[Mapping[str, str]] = MappingProxyType({CLIP_PAGE: "getuige-clips", "/console": "default"})
"""Pages that may start a worker, and the Trusted Types policy that lets just one address through. A worker's own answer
carries a policy that lets it load nothing."""

MIME_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".js": "text/javascript; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".ftl": "text/plain; charset=utf-8",
        ".svg": "image/svg+xml",
    }
)
"""Kinds of files that are served; a file with another ending in the static folder is an error."""

HTML: Final = "text/html; charset=utf-8"
IMPORT_MAP_MARK: Final = "<!-- import map -->"
_LINKED: Final = re.compile(r'(href|src|data-texts-[a-z]+)="(/web/[^"]+)"')

SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": (
            "accelerometer=(), autoplay=(self), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
            "magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(self), "
            "screen-wake-lock=(self), usb=()"
        ),
    }
)


class AssetError(Exception):
    """The pages cannot be served: a library is missing or changed, or a page names a file that is not there."""


def digest(algorithm: str, content: bytes) -> str:
    """Return a hash as CSP and integrity attributes write it: `sha384-…` in base64."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"


@dataclass(frozen=True)
class Asset:
    """One file as it is served."""

    path: str
    content: bytes
    mime: str

    @property
    def sha256(self) -> str:
        """SHA-256 in hex: the file's ETag, and its line in the manifest."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def url(self) -> str:
        """The address that changes with the content."""
        return f"{self.path}?v={self.sha256[:16]}"

    @property
    def integrity(self) -> str:
        """What the import map or an integrity attribute says of this file."""
        return digest("sha384", self.content)


@dataclass(frozen=True)
class Site:
    """Everything that is served: files by path, pages by path, and the headers of each page."""

    assets: Mapping[str, Asset]
    pages: Mapping[str, Asset]
    page_headers: Mapping[str, Mapping[str, str]]
    manifest: bytes


def import_map(assets: Mapping[str, Asset]) -> str:
    """Return the one import map: every specifier and every module path, with the hash of what it leads to."""
    modules = {path: asset for path, asset in assets.items() if path.endswith((".js", ".mjs"))}
    names = {name: f"{PREFIX}vendor/{file}" for name, file in vendor.SPECIFIERS.items()}
    imports = {name: modules[path].url for name, path in names.items()}
    imports |= {path: asset.url for path, asset in modules.items()}
    integrity = {asset.url: asset.integrity for asset in modules.values()}
    return json.dumps({"imports": imports, "integrity": integrity}, separators=(",", ":"), sort_keys=True)


def content_security_policy(map_text: str, path: str = "/") -> str:
    """Return the policy of the page at `path`; `map_text` is the only thing inside it that may count as script."""
    worker = WORKERS.get(path)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'wasm-unsafe-eval' '{digest('sha256', map_text.encode())}'",
            "style-src 'self'",
            "img-src 'self' blob:",
            "media-src 'self' blob:" if path == CLIP_PAGE else "media-src blob:",
            "connect-src 'self'",
            "worker-src 'self'" if worker else "worker-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            f"trusted-types lit-html {worker}" if worker else "trusted-types lit-html",
        )
    )


def page(source: str, assets: Mapping[str, Asset], map_text: str) -> bytes:
    """Return a page with the import map in it and a hash on everything that it loads. AssetError: no such file."""

    def linked(found: re.Match[str]) -> str:
        attribute, path = found.groups()
        asset = assets.get(path)
        if asset is None:
            raise AssetError(f"a page names {path}, which is not there")
        if attribute.startswith("data-"):
            return f'{attribute}="{asset.url} {asset.integrity}"'
        if path.endswith(".svg"):
            return f'{attribute}="{asset.url}"'
        return f'{attribute}="{asset.url}" integrity="{asset.integrity}"'

    script = f'<script type="importmap">{map_text}</script>'
    return _LINKED.sub(linked, source).replace(IMPORT_MAP_MARK, script).encode()


def read_files(static: Path, libraries: Path) -> dict[str, Asset]:
    """Return every file that may be served. AssetError: a library is missing or not the reviewed one."""
    wrong = vendor.differences(vendor.vendor_files(libraries), vendor.read_hashes())
    if wrong:
        raise AssetError(
            "front-end libraries are missing or changed; run `npm ci --ignore-scripts` in server/web and "
            "`python -m server.web.vendor`: " + "; ".join(wrong)
        )
    sources = {f"{PREFIX}{path.relative_to(static).as_posix()}": path for path in static.rglob("*")}
    sources |= {f"{PREFIX}vendor/{path.relative_to(libraries).as_posix()}": path for path in libraries.rglob("*")}
    return {
        name: Asset(name, path.read_bytes(), MIME_TYPES[path.suffix])
        for name, path in sorted(sources.items())
        if path.is_file() and path.suffix != ".html"
    }


def build(static: Path = STATIC, libraries: Path = vendor.VENDOR) -> Site:
    """Read the folders once and return what is served."""
    assets = read_files(static, libraries)
    map_text = import_map(assets)
    pages = {
        path: Asset(
            path, page((static / "pages" / name).read_text("utf-8"), assets, map_text), "text/html; charset=utf-8"
        )
        for path, name in PAGES.items()
    }
    headers = {
        path: {
            **SECURITY_HEADERS,
            "Content-Security-Policy": content_security_policy(map_text, path),
            "Cache-Control": "no-cache",
        }
        for path in PAGES
    }
    hashes = {path: asset.sha256 for path, asset in sorted({**assets, **pages}.items())}
    manifest = json.dumps({"v": 1, "files": hashes}, indent=1, sort_keys=True).encode() + b"\n"
    return Site(MappingProxyType(assets), MappingProxyType(pages), MappingProxyType(headers), manifest)


@lru_cache(maxsize=1)
def site() -> Site:
    """Return the site of this process, read once."""
    return build()

"""Routes of the pages and their files; a thin edge over `server.web.assets`."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from server.web import assets

IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""For an address that carries the hash of its file: it can never mean something else."""

router = APIRouter(include_in_schema=False)


def _answer(request: Request, content: bytes, mime: str, headers: dict[str, str], sha256: str) -> Response:
    headers = {**headers, "ETag": f'"{sha256}"', "Content-Type": mime}
    if f'"{sha256}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers)


def _unavailable(error: assets.AssetError) -> Response:
    text = f"De pagina's zijn nog niet klaargezet.\nThe pages have not been set up yet: {error}\n"
    return PlainTextResponse(text, status_code=503, headers={**assets.SECURITY_HEADERS, "Cache-Control": "no-store"})


@router.get("/")
@router.get("/review")
@router.get("/console")
def serve_page(request: Request) -> Response:
    """Serve a page with its policy; 503 in plain words while the front-end libraries are missing."""
    try:
        site = assets.site()
    except assets.AssetError as error:
        return _unavailable(error)
    page = site.pages[request.url.path]
    return _answer(request, page.content, page.mime, dict(site.page_headers[request.url.path]), page.sha256)


@router.get("/web-manifest.json")
def serve_manifest(request: Request) -> Response:
    """Serve the hashes of everything above, so that anyone can compare what a browser got."""
    try:
        manifest = assets.site().manifest
    except assets.AssetError as error:
        return _unavailable(error)
    digest = assets.Asset("", manifest, "").sha256
    headers = {**assets.SECURITY_HEADERS, "Cache-Control": "no-cache"}
    return _answer(request, manifest, "application/json", headers, digest)


@router.get("/web/{path:path}")
def serve_file(request: Request, path: str) -> Response:
    """Serve one file; an address with the right hash may be kept for ever."""
    try:
        asset = assets.site().assets.get(f"{assets.PREFIX}{path}")
    except assets.AssetError as error:
        return _unavailable(error)
    if asset is None:
        return PlainTextResponse("Niet gevonden. Not found.\n", status_code=404, headers=dict(assets.SECURITY_HEADERS))
    exact = request.url.query == asset.url.partition("?")[2]
    headers = {**assets.SECURITY_HEADERS, "Cache-Control": IMMUTABLE if exact else "no-cache"}
    if asset.path == assets.CLIP_WORKER:
        headers["Service-Worker-Allowed"] = assets.CLIP_PAGE
    return _answer(request, asset.content, asset.mime, headers, asset.sha256)

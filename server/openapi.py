"""OpenAPI of the whole API, as a file that is committed and compared, and as a page without scripts.

`python -m server.openapi --write docs/openapi.json` writes it; `--check` exits 1 when the file is another one.
"""

import argparse
import base64
import hashlib
import html
import json
import sys
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import HTMLResponse, JSONResponse

from server.auth.dependencies import PasserByAsking
from server.problems import document as document_of
from server.problems import registry

DESCRIPTION: Final = """Getuige keeps sealed evidence and passes on alarms. It holds ciphertext and cannot read it.

Every request is signed by its key (RFC 9421, `docs/formats/request-signature.md`), or carries a browser session. Every
refusal is a problem document (RFC 9457). Whoever may not see something hears the same 404 as for what does not exist.
"""

PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem details; `detail` says what happened, what is safe and what to do next.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": sorted(kind.uri for kind in registry.ALL)},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "reason": {"type": "string", "description": "a stable word for machines"},
        "server_time": {"type": "string", "description": "with `clock`"},
        "upload_offset": {"type": "integer", "description": "with problems of uploads: what is durable"},
        "expected-offset": {"type": "integer", "description": "with `mismatching-upload-offset`"},
        "provided-offset": {"type": "integer", "description": "with `mismatching-upload-offset`"},
        "stored": {
            "type": "object",
            "description": "with `chain` and `exists`: what the same key signed and the journal holds, with receipt",
        },
        "head": {"type": "string", "description": "with `seen`: this log's own signed head of that size"},
        "incident": {"type": "string", "description": "with `internal`: the number to give when asking for help"},
        "errors": {
            "type": "array",
            "description": "with `validation`",
            "items": {
                "type": "object",
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}

SECURITY: Final[dict[str, Any]] = {
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": "RFC 9421 with Ed25519; Signature-Input names the key",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-getuige_session",
        "description": "without `__Host-` where the server is reached over http, on one machine",
    },
}

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}code{font-family:ui-monospace,monospace}h2{border-top:1px solid #767676;padding-top:1rem}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#16181d}a{color:#9cc7ff}}"
)


def build(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of `app`."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = document.setdefault("components", {})
    components["securitySchemes"] = SECURITY
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    components["examples"] = {kind.name: {"value": document_of(kind, english=True)} for kind in registry.ALL}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path in document["paths"].values():
        for operation in path.values():
            _mend(operation)
    return document


def _mend(operation: dict[str, Any]) -> None:
    """Take out FastAPI's own validation error (ours is a problem), and say who may ask."""
    responses = operation["responses"]
    answer = responses.get("422", {}).get("content", {})
    if "application/json" in answer and len(answer) == 1:
        del responses["422"]
    elif "application/json" in answer:
        del answer["application/json"]
    if "401" in responses and "sign-in" not in json.dumps(responses["401"]):
        operation["security"] = [{"signature": []}, {"session": []}]


def page(document: dict[str, Any]) -> str:
    """Return the documentation as one page of HTML without scripts."""
    rows = [
        f"<h1>Getuige {html.escape(document['info']['version'])}</h1><p>API. <a href='/openapi.json'>OpenAPI</a></p>"
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answers = "".join(
                f"<li><code>{status}</code> {html.escape(answer.get('description', ''))}</li>"
                for status, answer in sorted(operation["responses"].items())
            )
            rows.append(
                f"<h2 id='{operation['operationId']}'><code>{method.upper()} {html.escape(path)}</code></h2>"
                f"<p>{html.escape(operation.get('description', ''))}</p><ul>{answers}</ul>"
            )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Getuige API</title>"
        "<meta name='viewport' content='width=device-width'>"
        f"<style>{_STYLE}</style><main>{''.join(rows)}</main></html>"
    )


def install(app: FastAPI) -> None:
    """Serve the document and the page."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"

    @app.get("/openapi.json", include_in_schema=False)
    def openapi_json(_who: PasserByAsking) -> JSONResponse:
        return JSONResponse(app.openapi())

    @app.get("/docs", include_in_schema=False)
    def docs(_who: PasserByAsking) -> HTMLResponse:
        return HTMLResponse(page(app.openapi()), headers={"content-security-policy": policy})

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to change the document


def text() -> str:
    """Return the document as it is committed."""
    from server.app import create_app  # noqa: PLC0415 - the app imports this module
    from server.settings import Settings  # noqa: PLC0415 - only a command needs it

    document = create_app(Settings()).openapi()
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    """Write or check the committed document."""
    parser = argparse.ArgumentParser(prog="python -m server.openapi", description="Write or check docs/openapi.json.")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", type=Path, metavar="FILE")
    choice.add_argument("--check", type=Path, metavar="FILE")
    given = parser.parse_args()
    if given.write is not None:
        given.write.write_text(text())
        return 0
    if given.check.is_file() and given.check.read_text() == text():
        return 0
    sys.stderr.write(f"{given.check} is not what the code says: python -m server.openapi --write {given.check}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())

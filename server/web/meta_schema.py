"""The page's copy of the rules of a description: `static/core/meta-schema.js`, made from `evidence.envelope.meta`.

`python -m server.web.meta_schema` (part of `make docs`) writes it; a test compares the two, and holds both readers to
one table of odd descriptions.
"""

import dataclasses
import json
import typing
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from evidence import edtf, ids, schema
from evidence.envelope import meta

TARGET: Final = Path(__file__).parent / "static/core/meta-schema.js"

_HEAD: Final = """\
/**
 * The rules of a description, made from `evidence/envelope/meta.py` by `python -m server.web.meta_schema`: not by hand.
 * Read by `meta.js`.
 */
/** @typedef {{is: string, [more: string]: any}} Rule */
"""

_HEX: Final = {
    **dict.fromkeys((ids.Sha256, ids.PublicKey, ids.Commitment), 32),
    **dict.fromkeys((ids.ItemId, ids.AlarmId, ids.DeviceId, ids.CaseId, ids.KeyId), 16),
}
_PLAIN: Final[dict[Any, str]] = {
    str: "text",
    schema.Pieces: "pieces",
    int: "count",
    bool: "flag",
    edtf.Edtf: "told",
    ids.Base64: "base64",
    ids.Time: "time",
}


def text() -> str:
    """Return the module's text: the members of each class of `meta`, a line for each, and the class of each kind."""
    classes = "".join(f"const {one.__name__} = {_members(one)};\n\n" for one in get_args(meta.Meta))
    kinds = "".join(f"  {kind}: {one.__name__},\n" for kind, one in meta.KINDS.items())
    longest, most = schema.MAX_TEXT_CHARACTERS, schema.MAX_TOLD
    return (
        f"{_HEAD}\n/** The longest single text, in characters (code points). */\n"
        f"export const MAX_TEXT = {longest};\n\nexport const MAX_LIST = {most};\n\n"
        f"{classes}"
        f"/** @type {{Record<string, Record<string, Rule>>}} */\nexport const KINDS = {{\n{kinds}}};\n"
    )


def _members(kind: type) -> str:
    rules = {name: _rule(hint) for name, hint in typing.get_type_hints(kind).items()}
    return "{\n" + "".join(f"  {name}: {json.dumps(rule)},\n" for name, rule in rules.items()) + "}"


def _rule(hint: Any) -> dict[str, Any]:  # noqa: ANN401 - a type form has no common type
    if (inner := schema.without_none(hint)) is not hint:
        return {**_rule(inner), "optional": True}
    origin, options = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"is": "one", "of": list(options)}
    if origin is tuple:
        return {"is": "list", "member": _rule(options[0])}
    if hint in _HEX:
        return {"is": "hex", "bytes": _HEX[hint]}
    if dataclasses.is_dataclass(hint):
        return {"is": "object", "members": {name: _rule(one) for name, one in typing.get_type_hints(hint).items()}}
    return {"is": _PLAIN[hint]}


if __name__ == "__main__":
    TARGET.write_text(text())

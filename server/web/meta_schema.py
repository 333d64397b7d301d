"""The page's copy of the rules of a description: `static/core/meta-schema.js`, made from `evidence.envelope.meta`.

`python -m server.web.meta_schema` (part of `make docs`) writes it; a test compares the two, and holds both readers to
one table of odd descriptions.
"""

import dataclasses
import json
import types
import typing
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin

from evidence import ids, schema
from evidence.envelope.meta import Meta

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
_PLAIN: Final[dict[Any, str]] = {str: "text", int: "count", bool: "flag", ids.Base64: "base64", ids.Time: "time"}


def text() -> str:
    """Return the module's text."""
    rules = json.dumps(_rule(Meta), indent=2, ensure_ascii=False)
    longest, most = schema.MAX_TEXT_CHARACTERS, schema.MAX_LIST_MEMBERS
    return (
        f"{_HEAD}\n/** The longest single text, in characters (code points). */\n"
        f"export const MAX_TEXT = {longest};\n\nexport const MAX_LIST = {most};\n\n"
        f"/** @type {{Rule}} */\nexport const META = {rules};\n"
    )


def _rule(hint: Any) -> dict[str, Any]:  # noqa: ANN401 - a type form has no common type
    origin, options = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = (option for option in options if option is not type(None))
        return {**_rule(inner), "optional": True}
    if origin is Literal:
        rule: dict[str, Any] = {"is": "one", "of": list(options)}
    elif origin is tuple:
        rule = {"is": "list", "member": _rule(options[0])}
    elif hint in _HEX:
        rule = {"is": "hex", "bytes": _HEX[hint]}
    elif hint in _PLAIN:
        rule = {"is": _PLAIN[hint]}
    elif dataclasses.is_dataclass(hint):
        rule = {"is": "object", "members": {name: _rule(one) for name, one in typing.get_type_hints(hint).items()}}
    else:  # a name for a text, such as a time as it was told
        rule = _rule(hint.__supertype__)
    return rule


if __name__ == "__main__":
    TARGET.write_text(text())

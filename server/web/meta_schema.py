"""The rules of a description and the words for its members, made from `evidence.envelope`: for the page and for others.

`python -m server.web.meta_schema` (part of `make docs`) writes `static/core/meta-schema.js` and `meta-words.js`, which
the page reads, and `docs/formats/description.json`, which says the same to any other program. A test compares them with
the code, and holds both readers to one table of odd descriptions.
"""

import dataclasses
import json
import typing
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args, get_origin

from evidence import edtf, ids, schema
from evidence.envelope import meta, words

CORE: Final = Path(__file__).parent / "static/core"
DOCUMENT: Final = Path(__file__).parents[2] / "docs/formats/description.json"

_HEAD: Final = """\
/**
 * The rules of a description, made from `evidence/envelope/meta.py` by `python -m server.web.meta_schema`: not by hand.
 * Read by `meta.js`.
 */
/** @typedef {{is: string, [more: string]: any}} Rule */
"""

_WORDS_HEAD: Final = """\
/**
 * Words for the members of a description, made from `evidence/envelope/words.py` by `python -m server.web.meta_schema`:
 * not by hand.
 */
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


def files() -> dict[Path, str]:
    """Return each generated file and its text."""
    return {CORE / "meta-schema.js": _rules(), CORE / "meta-words.js": _words(), DOCUMENT: _document()}


def _document() -> str:
    kinds = {kind: _hints(one) for kind, one in meta.KINDS.items()}
    said = {"max_text": schema.MAX_TEXT_CHARACTERS, "max_list": schema.MAX_TOLD, "kinds": kinds}
    return json.dumps({**said, "words": _by_language()}, indent=1, ensure_ascii=False) + "\n"


def _by_language() -> dict[str, dict[str, Any]]:
    return {
        language: {
            "members": {path: said[place] for path, said in words.MEMBERS.items()},
            "values": {value: said[place] for value, said in words.VALUES.items()},
            "terms": {
                path: {value: said[place] for value, said in terms.items()} for path, terms in words.TERMS.items()
            },
        }
        for place, language in enumerate(("nl", "en"))
    }


def _words() -> str:
    tables = (("MEMBERS", words.MEMBERS), ("VALUES", words.VALUES), ("CONDUCT", words.TERMS["conduct"]))
    others = {path: terms for path, terms in words.TERMS.items() if path != "conduct"}
    return (
        _WORDS_HEAD
        + "\n".join(
            f"/** @type {{Record<string, string[]>}} Dutch, English */\nexport const {name} = {{\n"
            + "".join(f"  {json.dumps(key)}: {json.dumps(said, ensure_ascii=False)},\n" for key, said in table.items())
            + "};\n"
            for name, table in tables
        )
        + "\n/** Of members with words of their own. @type {Record<string, Record<string, string[]>>} */\n"
        + "export const TERMS = {\n"
        + "".join(f"  {json.dumps(path)}: {json.dumps(terms, ensure_ascii=False)},\n" for path, terms in others.items())
        + "  conduct: CONDUCT,\n};\n"
    )


def _rules() -> str:
    """Return the page's rules: the members of each class of `meta`, a line for each, and the class of each kind."""
    classes = "".join(f"const {one.__name__} = {_members(one)};\n\n" for one in get_args(meta.Meta))
    kinds = "".join(f"  {json.dumps(kind)}: {one.__name__},\n" for kind, one in meta.KINDS.items())
    longest, most = schema.MAX_TEXT_CHARACTERS, schema.MAX_TOLD
    return (
        f"{_HEAD}\n/** The longest single text, in characters (code points). */\n"
        f"export const MAX_TEXT = {longest};\n\nexport const MAX_LIST = {most};\n\n"
        f"{classes}"
        f"/** @type {{Record<string, Record<string, Rule>>}} */\nexport const KINDS = {{\n{kinds}}};\n"
    )


def _members(kind: type) -> str:
    rules = _hints(kind)
    return "{\n" + "".join(f"  {name}: {json.dumps(rule)},\n" for name, rule in rules.items()) + "}"


def _hints(kind: type) -> dict[str, dict[str, Any]]:
    return {name: _rule(hint) for name, hint in typing.get_type_hints(kind).items()}


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
        return {"is": "object", "members": _hints(cast("type", hint))}
    return {"is": _PLAIN[hint]}


if __name__ == "__main__":
    for file, text in files().items():
        file.write_text(text)

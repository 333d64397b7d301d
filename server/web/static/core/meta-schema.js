/**
 * The rules of a description, made from `evidence/envelope/meta.py` by `python -m server.web.meta_schema`: not by hand.
 * Read by `meta.js`.
 */
/** @typedef {{is: string, [more: string]: any}} Rule */

/** The longest single text, in characters (code points). */
export const MAX_TEXT = 65536;

export const MAX_LIST = 1024;

const Incident = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  kind: {"is": "one", "of": ["incident"]},
  conduct: {"is": "list", "member": {"is": "text"}},
  severity: {"is": "one", "of": [0, 1, 2, 3, 4], "optional": true},
  impact: {"is": "text", "optional": true},
  place: {"is": "text", "optional": true},
  position: {"is": "object", "members": {"lat": {"is": "text"}, "lon": {"is": "text"}, "accuracy_m": {"is": "count", "optional": true}}, "optional": true},
};

const Media = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  kind: {"is": "one", "of": ["photo", "sound", "video", "file"]},
  file: {"is": "object", "members": {"name": {"is": "text"}, "mime": {"is": "text"}, "size": {"is": "count"}, "sha256": {"is": "hex", "bytes": 32}}},
  conduct: {"is": "list", "member": {"is": "text"}},
  about: {"is": "hex", "bytes": 16, "optional": true},
  camera: {"is": "object", "members": {"taken": {"is": "told", "optional": true}, "taken_from": {"is": "text", "optional": true}, "position": {"is": "object", "members": {"lat": {"is": "text"}, "lon": {"is": "text"}, "accuracy_m": {"is": "count", "optional": true}}, "optional": true}}, "optional": true},
};

const Alarm = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  kind: {"is": "one", "of": ["alarm"]},
  alarm: {"is": "object", "members": {"alarm": {"is": "hex", "bytes": 16}, "device": {"is": "hex", "bytes": 16}, "boot": {"is": "count"}, "counter": {"is": "count"}, "kind": {"is": "text"}, "cose": {"is": "base64"}, "pressed_at": {"is": "time", "optional": true}, "age_s": {"is": "count", "optional": true}, "source": {"is": "text", "optional": true}}},
  position: {"is": "object", "members": {"lat": {"is": "text"}, "lon": {"is": "text"}, "accuracy_m": {"is": "count", "optional": true}}, "optional": true},
};

const Order = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  kind: {"is": "one", "of": ["order"]},
  order: {"is": "object", "members": {"kind": {"is": "one", "of": ["huisverbod", "contactverbod", "gebiedsverbod"]}, "valid_from": {"is": "told"}, "until": {"is": "told"}, "number": {"is": "text", "optional": true}}},
};

const Card = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  kind: {"is": "one", "of": ["card"]},
  card: {"is": "object", "members": {"name": {"is": "text"}, "address": {"is": "object", "members": {"street": {"is": "text"}, "number": {"is": "text"}, "postcode": {"is": "text", "optional": true}, "town": {"is": "text", "optional": true}}}, "call_back": {"is": "object", "members": {"may": {"is": "one", "of": ["yes", "write", "no"]}, "number": {"is": "text", "optional": true}, "how": {"is": "text", "optional": true}}, "optional": true}, "safe_word": {"is": "text", "optional": true}, "language": {"is": "text", "optional": true}, "how_to_enter": {"is": "text", "optional": true}, "key_holders": {"is": "text", "optional": true}, "household": {"is": "text", "optional": true}, "children": {"is": "text", "optional": true}, "suspect": {"is": "object", "members": {"description": {"is": "text"}, "name": {"is": "text", "optional": true}, "picture": {"is": "object", "members": {"mime": {"is": "one", "of": ["image/jpeg", "image/png"]}, "data": {"is": "base64"}}, "optional": true}}, "optional": true}, "weapons": {"is": "text", "optional": true}, "orders": {"is": "list", "member": {"is": "object", "members": {"kind": {"is": "one", "of": ["huisverbod", "contactverbod", "gebiedsverbod"]}, "valid_from": {"is": "told"}, "until": {"is": "told"}, "number": {"is": "text", "optional": true}}}}, "known_places": {"is": "list", "member": {"is": "object", "members": {"label": {"is": "text"}, "lat": {"is": "text"}, "lon": {"is": "text"}}}}, "aol": {"is": "object", "members": {"number": {"is": "text"}, "until": {"is": "told", "optional": true}}, "optional": true}}},
};

const Assessment = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  kind: {"is": "one", "of": ["assessment"]},
};

/** @type {Record<string, Record<string, Rule>>} */
export const KINDS = {
  incident: Incident,
  photo: Media,
  sound: Media,
  video: Media,
  file: Media,
  alarm: Alarm,
  order: Order,
  card: Card,
  assessment: Assessment,
};

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
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["incident"]},
  lasted_minutes: {"is": "count", "optional": true},
  conduct: {"is": "list", "member": {"is": "text"}},
  count: {"is": "count", "optional": true},
  counted: {"is": "text", "optional": true},
  place: {"is": "text", "optional": true},
  position: {"is": "object", "members": {"lat": {"is": "text"}, "lon": {"is": "text"}, "accuracy_m": {"is": "count", "optional": true}}, "optional": true},
  present: {"is": "flag", "optional": true},
  against: {"is": "list", "member": {"is": "one", "of": ["herself", "child", "family", "work", "other"]}},
  done_by: {"is": "one", "of": ["him", "for-him", "unknown"], "optional": true},
  how_known: {"is": "text", "optional": true},
  witnesses: {"is": "list", "member": {"is": "text"}},
  children_present: {"is": "flag", "optional": true},
  severity: {"is": "one", "of": [0, 1, 2, 3, 4], "optional": true},
  impact: {"is": "text", "optional": true},
  told: {"is": "list", "member": {"is": "object", "members": {"whom": {"is": "text"}, "at": {"is": "told", "optional": true}, "number": {"is": "text", "optional": true}, "no_number": {"is": "flag", "optional": true}}}},
};

const Media = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["photo", "sound", "video", "file"]},
  file: {"is": "object", "members": {"name": {"is": "text"}, "mime": {"is": "text"}, "size": {"is": "count"}, "sha256": {"is": "hex", "bytes": 32}}},
  conduct: {"is": "list", "member": {"is": "text"}},
  about: {"is": "hex", "bytes": 16, "optional": true},
  origin: {"is": "one", "of": ["captured-in-app", "picked", "shared", "pasted", "exported", "report", "gateway", "screen-recording"], "optional": true},
  origin_of: {"is": "text", "optional": true},
  grade: {"is": "one", "of": ["source", "export", "copy", "picture-of", "unknown"], "optional": true},
  how_made: {"is": "text", "optional": true},
  took_part: {"is": "flag", "optional": true},
  camera: {"is": "object", "members": {"taken": {"is": "told", "optional": true}, "taken_from": {"is": "text", "optional": true}, "position": {"is": "object", "members": {"lat": {"is": "text"}, "lon": {"is": "text"}, "accuracy_m": {"is": "count", "optional": true}}, "optional": true}}, "optional": true},
};

const Order = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["order"]},
  order: {"is": "object", "members": {"kind": {"is": "one", "of": ["huisverbod", "contactverbod", "gebiedsverbod", "gedragsaanwijzing", "voorwaarde", "maatregel", "civiel", "burgemeester", "stop-gezegd"]}, "valid_from": {"is": "told"}, "until": {"is": "told", "optional": true}, "number": {"is": "text", "optional": true}, "area": {"is": "text", "optional": true}, "persons": {"is": "list", "member": {"is": "text"}}, "watched_by": {"is": "text", "optional": true}, "said_by": {"is": "one", "of": ["herself", "letter", "lawyer", "police"], "optional": true}, "proof": {"is": "hex", "bytes": 16, "optional": true}}},
};

const Assessment = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["assessment"]},
  assessment: {"is": "object", "members": {"instrument": {"is": "text"}, "outcome": {"is": "text"}, "version": {"is": "text", "optional": true}, "items": {"is": "list", "member": {"is": "hex", "bytes": 16}}, "assessor": {"is": "text", "optional": true}, "organisation": {"is": "text", "optional": true}, "decided": {"is": "text", "optional": true}, "next": {"is": "told", "optional": true}}},
};

const Report = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["report"]},
  report: {"is": "object", "members": {"kind": {"is": "one", "of": ["melding", "aangifte", "klacht", "aanvulling", "intrekking"]}, "at": {"is": "told"}, "number": {"is": "text", "optional": true}, "officer": {"is": "text", "optional": true}, "withdraw_until": {"is": "told", "optional": true}, "domicile": {"is": "flag", "optional": true}, "individual_assessment": {"is": "flag", "optional": true}, "contact": {"is": "text", "optional": true}}},
};

const Card = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["card"]},
  card: {"is": "object", "members": {"name": {"is": "text"}, "address": {"is": "object", "members": {"street": {"is": "text"}, "number": {"is": "text"}, "postcode": {"is": "text", "optional": true}, "town": {"is": "text", "optional": true}}}, "call_back": {"is": "object", "members": {"may": {"is": "one", "of": ["yes", "write", "no"]}, "number": {"is": "text", "optional": true}, "how": {"is": "text", "optional": true}}, "optional": true}, "safe_word": {"is": "text", "optional": true}, "language": {"is": "text", "optional": true}, "how_to_enter": {"is": "text", "optional": true}, "key_holders": {"is": "text", "optional": true}, "household": {"is": "text", "optional": true}, "children": {"is": "text", "optional": true}, "suspect": {"is": "object", "members": {"description": {"is": "text"}, "name": {"is": "text", "optional": true}, "picture": {"is": "object", "members": {"mime": {"is": "one", "of": ["image/jpeg", "image/png"]}, "data": {"is": "base64"}}, "optional": true}}, "optional": true}, "weapons": {"is": "text", "optional": true}, "orders": {"is": "list", "member": {"is": "object", "members": {"kind": {"is": "one", "of": ["huisverbod", "contactverbod", "gebiedsverbod", "gedragsaanwijzing", "voorwaarde", "maatregel", "civiel", "burgemeester", "stop-gezegd"]}, "valid_from": {"is": "told"}, "until": {"is": "told", "optional": true}, "number": {"is": "text", "optional": true}, "area": {"is": "text", "optional": true}, "persons": {"is": "list", "member": {"is": "text"}}, "watched_by": {"is": "text", "optional": true}, "said_by": {"is": "one", "of": ["herself", "letter", "lawyer", "police"], "optional": true}, "proof": {"is": "hex", "bytes": 16, "optional": true}}}}, "known_places": {"is": "list", "member": {"is": "object", "members": {"label": {"is": "text"}, "lat": {"is": "text"}, "lon": {"is": "text"}}}}, "aol": {"is": "object", "members": {"number": {"is": "text"}, "until": {"is": "told", "optional": true}}, "optional": true}}},
};

const Cost = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["cost"]},
  about: {"is": "hex", "bytes": 16, "optional": true},
  cost: {"is": "object", "members": {"what": {"is": "text"}, "amount_cents": {"is": "count"}, "at": {"is": "told", "optional": true}, "receipt": {"is": "hex", "bytes": 16, "optional": true}}},
};

const Trace = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["trace"]},
  about: {"is": "hex", "bytes": 16, "optional": true},
  trace: {"is": "object", "members": {"kind": {"is": "one", "of": ["tracker", "account", "app", "other"]}, "what": {"is": "text"}, "found_by": {"is": "text", "optional": true}, "found_with": {"is": "text", "optional": true}, "report": {"is": "hex", "bytes": 16, "optional": true}, "removed": {"is": "told", "optional": true}}},
};

const Translation = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["translation"]},
  translation: {"is": "object", "members": {"item": {"is": "hex", "bytes": 16}, "of": {"is": "hex", "bytes": 32}, "language": {"is": "text"}, "by": {"is": "text"}, "sworn": {"is": "flag", "optional": true}}},
};

const Note = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["note"]},
  about: {"is": "hex", "bytes": 16, "optional": true},
  note: {"is": "object", "members": {"kind": {"is": "one", "of": ["note", "red-flag", "classification", "breach", "phase", "lead", "checklist"]}, "of": {"is": "text", "optional": true}, "confirmed": {"is": "flag", "optional": true}}},
};

const Question = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["question"]},
  about: {"is": "hex", "bytes": 16, "optional": true},
  question: {"is": "object", "members": {"to": {"is": "text", "optional": true}, "answer_by": {"is": "told", "optional": true}}, "optional": true},
};

const Answer = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["answer"]},
  answer: {"is": "object", "members": {"question": {"is": "hex", "bytes": 16}}},
};

const Screening = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["screening"]},
  screening: {"is": "object", "members": {"version": {"is": "text"}, "answers": {"is": "list", "member": {"is": "object", "members": {"question": {"is": "text"}, "answer": {"is": "text"}}}}}},
};

const Label = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["label"]},
};

const Digest = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["digest"]},
  digest: {"is": "object", "members": {"read_to": {"is": "count"}, "items": {"is": "count"}, "alarms": {"is": "count"}, "newest": {"is": "time", "optional": true}, "orders_until": {"is": "told", "optional": true}}},
};

const Alarm = {
  v: {"is": "one", "of": [2]},
  source: {"is": "one", "of": ["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]},
  recorded: {"is": "time"},
  title: {"is": "text"},
  text: {"is": "pieces"},
  happened: {"is": "told", "optional": true},
  discovered: {"is": "told", "optional": true},
  only_mine: {"is": "flag", "optional": true},
  kind: {"is": "one", "of": ["alarm", "position", "check-in"]},
  alarm: {"is": "object", "members": {"alarm": {"is": "hex", "bytes": 16}, "device": {"is": "hex", "bytes": 16}, "boot": {"is": "count"}, "counter": {"is": "count"}, "kind": {"is": "text"}, "cose": {"is": "base64"}, "pressed_at": {"is": "time", "optional": true}, "age_s": {"is": "count", "optional": true}, "source": {"is": "text", "optional": true}}},
  position: {"is": "object", "members": {"lat": {"is": "text"}, "lon": {"is": "text"}, "accuracy_m": {"is": "count", "optional": true}}, "optional": true},
};

/** @type {Record<string, Record<string, Rule>>} */
export const KINDS = {
  "incident": Incident,
  "photo": Media,
  "sound": Media,
  "video": Media,
  "file": Media,
  "order": Order,
  "assessment": Assessment,
  "report": Report,
  "card": Card,
  "cost": Cost,
  "trace": Trace,
  "translation": Translation,
  "note": Note,
  "question": Question,
  "answer": Answer,
  "screening": Screening,
  "label": Label,
  "digest": Digest,
  "alarm": Alarm,
  "position": Alarm,
  "check-in": Alarm,
};

/** `data/case.jsonld`, as `evidence/bundle/opening/case_uco.py` writes it: CASE 1.5 and UCO 1.5. */
import { concat, fromHex, hex, utf8 } from "../bytes.js";
import { told } from "../meta.js";
import { kindOf, label, wordsOf } from "./description-words.js";
import { CONTEXT, NAMES } from "./made.js";

/** @typedef {import("./journal.js").Event} Event */
/** @typedef {{name: string, sha256: string, size: number, mime: string}} File */
/** @typedef {{item: string, meta: any, event: Event, files: File[], later: [string, string][]}} Opened `later`: what was said of it after it was sealed */
/** @typedef {Record<string, any>} Node */

const [FILE, RECORD, ACTION] = ["observable:File", "investigation:ProvenanceRecord", "investigation:InvestigativeAction"];
const [AUTHORIZATION, IDENTITY] = ["investigation:Authorization", "identity:Identity"];
const TAGGED = ["incident", "photo", "sound", "video", "file"];

/** @param {Opened[]} items @param {Event} export_ @param {Map<string, string>} names whose each signing key is @returns {Promise<string>} */
export async function document(items, export_, names) {
  /** @type {Node[]} */
  const nodes = [];
  for (const item of items) nodes.push(...(await itemNodes(item)));
  nodes.push(...(await exportNodes(items, export_)));
  const signers = new Set([...items.map(({ event }) => event.said.by), export_.said.by]);
  for (const kid of [...signers].sort()) {
    nodes.push({ ...(await node(IDENTITY, kid)), "core:name": names.get(kid) ?? `sleutel/key ${kid.slice(0, 8)}`, "core:tag": [`kid ${kid}`] });
  }
  nodes.push({
    ...(await node("investigation:Investigation", String(export_.said.case))),
    "core:name": export_.said.case,
    "investigation:investigationForm": "case",
    "investigation:focus": ["stalking"],
    "investigation:relevantAuthorization": [await ref(AUTHORIZATION, export_.id)],
    "core:object": nodes.map((one) => ({ "@id": one["@id"] })),
  });
  const lines = nodes.map((one) => JSON.stringify(one)).join(",\n");
  return `{"@context":${JSON.stringify(CONTEXT)},"@graph":[\n${lines}\n]}\n`;
}

/** @param {Opened} opened @returns {Promise<Node[]>} */
async function itemNodes({ item, meta, event, files, later }) {
  const plain = told(meta);
  return [
    ...(await Promise.all(files.map(fileNode))),
    {
      ...(await node(RECORD, item)),
      "core:name": plain.title,
      "core:description": plain.text ?? "",
      "core:tag": [kindOf(meta), plain.source, ...(TAGGED.includes(meta.kind) ? plain.conduct : [])],
      "core:objectCreatedTime": time(plain.recorded),
      "investigation:exhibitNumber": item,
      "core:object": await Promise.all(files.map(({ name }) => ref(FILE, name))),
    },
    {
      ...(await node("core:Annotation", item)),
      "core:object": [await ref(RECORD, item)],
      "core:statement": [
        ...[...wordsOf(meta)].map(([path, words]) => `${label(path)}: ${words}`), ...later.map(([name, words]) => `${name}: ${words}`),
      ],
    },
    {
      ...(await node(ACTION, event.id)),
      "core:name": event.said.type,
      "core:description": `Event ${event.index} of the custody log; received at ${event.at}`,
      "action:startTime": time(event.said.at),
      "action:performer": await ref(IDENTITY, event.said.by),
      "action:result": [await ref(RECORD, item)],
    },
  ];
}

/** @param {Opened[]} items @param {Event} export_ @returns {Promise<Node[]>} */
async function exportNodes(items, { id, index, at, said }) {
  return [
    { ...(await node(AUTHORIZATION, id)), "investigation:authorizationIdentifier": [said.body.ground] },
    {
      ...(await node(ACTION, id)),
      "core:name": "export",
      "core:description": `Event ${index} of the custody log; SHA-256 of the sealed manifest ${said.body.manifest}`,
      "action:startTime": time(said.at),
      "action:endTime": time(at),
      "action:performer": await ref(IDENTITY, said.by),
      "action:object": await Promise.all(items.map(({ item }) => ref(RECORD, item))),
    },
  ];
}

/** @param {File} file @returns {Promise<Node>} */
async function fileNode({ name, sha256, size, mime }) {
  const value = { "@type": "xsd:hexBinary", "@value": sha256 };
  const content = {
    ...(await node("observable:ContentDataFacet", name)),
    "observable:sizeInBytes": size,
    "observable:hash": [{ ...(await node("types:Hash", name)), "types:hashMethod": "SHA256", "types:hashValue": value }],
    "observable:mimeType": mime,
  };
  const named = {
    ...(await node("observable:FileFacet", name)),
    "observable:fileName": name.split("/").pop(),
    "observable:filePath": name,
    "observable:sizeInBytes": size,
  };
  return { ...(await node(FILE, name)), "core:hasFacet": [named, content] };
}

/** @param {string} kind @param {string} about @returns {Promise<Node>} */
const node = async (kind, about) => ({ ...(await ref(kind, about)), "@type": kind });

/** @param {string} kind @param {string} about @returns {Promise<Node>} */
const ref = async (kind, about) => ({ "@id": `kb:${kind.split(":").pop()}-${await uuid(`${kind}/${about}`)}` });

/** @param {string} name @returns {Promise<string>} UUID version 5 (RFC 9562, 5.5) */
async function uuid(name) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", concat(fromHex(NAMES, 16), utf8(name)))).slice(0, 16);
  digest[6] = (digest[6] & 0x0f) | 0x50;
  digest[8] = (digest[8] & 0x3f) | 0x80;
  return hex(digest).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** @param {string} moment @returns {Node} */
const time = (moment) => ({ "@type": "xsd:dateTime", "@value": moment });

/**
 * Whose key is it? Certified keys, computed from signed statements up to one pinned root, never from what a server
 * merely says. The browser's small counterpart of the authority rules in `evidence/statements/`.
 */
import * as dsse from "./dsse.js";
import { FormatError, fromHex } from "./bytes.js";
import { SignatureError, signingKid } from "./sodium.js";
import { read } from "./statements.js";
import { visibleLine } from "./written.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/**
 * @typedef {{key: Bytes, role: string, label: string | null, device: string | null, since: number, endedAt: number | null}} Certified
 * `device` names a phone or an alarm device; `since` and `endedAt` are the journal indices from which the key counts and no longer does
 */
/** @typedef {{index: number, envelope: dsse.Envelope}} Dated a statement and its place in the journal */

export class Authority {
  /** @type {Map<string, Certified>} */
  #keys = new Map();

  /** @param {string} root Ed25519 public key of the organisation, hexadecimal, pinned by this browser */
  static async rootedAt(root) {
    const authority = new Authority();
    authority.#keys.set(await signingKid(fromHex(root, 32)), {
      key: fromHex(root, 32), role: "root", label: null, device: null, since: 0, endedAt: null,
    });
    return authority;
  }

  /** @param {string} kid @param {number} index place in the journal of what it signed @returns {Certified | undefined} */
  find(kid, index) {
    const certified = this.#keys.get(kid);
    return certified && certified.since <= index && (certified.endedAt === null || index < certified.endedAt) ? certified : undefined;
  }

  /** @param {number} index @returns {(kid: string) => Bytes | undefined} */
  keysAt(index) {
    return (kid) => this.find(kid, index)?.key;
  }

  /**
   * Learn keys from statements, in journal order. What is not properly certified is left out, not guessed.
   * @param {Dated[]} statements
   * @returns {Promise<string[]>} for each refused statement, why
   */
  async learn(statements) {
    const refused = [];
    for (const { index, envelope } of [...statements].sort((left, right) => left.index - right.index)) {
      try {
        await this.#take(index, envelope);
      } catch (error) {
        if (!(error instanceof SignatureError || error instanceof FormatError)) throw error;
        refused.push(`${index}: ${error.message}`);
      }
    }
    return refused;
  }

  /** @param {number} index @param {dsse.Envelope} envelope */
  async #take(index, envelope) {
    const { type, by, body } = read(envelope);
    if (type === "key.publish") {
      this.#require(envelope, index, by, ["root"]);
      await this.#add(index, body.sign, body.role, body.label);
    } else if (type === "key.retire") {
      this.#require(envelope, index, by, ["root"]);
      for (const [kid, key] of this.#keys) if (kid === body.kid) key.endedAt ??= index;
    } else if (type === "device.revoke") {
      this.#require(envelope, index, by, ["caseworker", "vault"]);
      for (const key of this.#keys.values()) if (key.device === body.device) key.endedAt ??= index;
    } else if (type === "device.invite") {
      this.#require(envelope, index, by, ["caseworker"]);
      await this.#add(index, body.invite, "invitation", null);
    } else if (type === "alarm_device.enrol") {
      this.#require(envelope, index, by, ["caseworker"]);
      await this.#add(index, body.sign, "alarm_device", null, body.device);
    } else if (type === "case.open") {
      this.#require(envelope, index, by, ["caseworker"]);
      await this.#add(index, body.vault, "vault", null);
    } else if (type === "device.enrol") {
      await this.#enrol(envelope, index, by, body);
    }
  }

  /** @param {dsse.Envelope} envelope @param {number} index @param {string} by @param {string[]} roles */
  #require(envelope, index, by, roles) {
    const role = this.find(by, index)?.role ?? "";
    if (!roles.includes(role)) throw new SignatureError(`signed by ${by}, who may not do that`);
    if (!dsse.verify(envelope, this.keysAt(index)).includes(by)) throw new SignatureError("not signed by its author");
  }

  /** A phone signs itself in; the invitation's key beside it proves that it was let in. */
  /** @param {dsse.Envelope} envelope @param {number} index @param {string} by @param {any} body */
  async #enrol(envelope, index, by, body) {
    const key = fromHex(body.sign, 32);
    const known = this.keysAt(index);
    const signers = dsse.verify(envelope, (kid) => (kid === by ? key : known(kid)));
    const invited = this.find(body.invite, index)?.role === "invitation" && signers.includes(body.invite);
    if (!invited || (await signingKid(key)) !== by) throw new SignatureError("a phone without an invitation");
    await this.#add(index, body.sign, "phone", null, body.device);
  }

  /** @param {number} since @param {string} sign @param {string} role @param {string | null} label @param {string | null} [device] */
  async #add(since, sign, role, label, device = null) {
    const key = fromHex(sign, 32);
    const kid = await signingKid(key);
    if (!this.#keys.has(kid)) this.#keys.set(kid, { key, role, label: label && visibleLine(label), device, since, endedAt: null });
  }
}

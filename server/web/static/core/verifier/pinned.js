/** SHA-256 of the texts that Getuige puts into a bundle, made by `python -m server.web.verifier_tables`: not by hand. */

/** @type {Record<string, string>} */
export const TEXTS = {
  "HOWTO.txt": "a98226bfa5e39d3b732e2770e49a2722c178ebede0d0df9a61c993cd6150b66d",
  "verify.sh": "57514a5f033b2afed8aa1565242be75f0cf790589a69862b3f7aa85ebb1cea53",
};

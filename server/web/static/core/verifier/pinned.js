/** SHA-256 of the texts that Getuige puts into a bundle, made by `python -m server.web.verifier_tables`: not by hand. */

/** @type {Record<string, string>} */
export const TEXTS = {
  "HOWTO.txt": "a98226bfa5e39d3b732e2770e49a2722c178ebede0d0df9a61c993cd6150b66d",
  "verify.sh": "4bc8cdd32435d821c392ba4d0fca014b8d256fec86ccd4bb841cd88e89d6495d",
};

/** SHA-256 of the texts that Getuige puts into a bundle, made by `python -m server.web.verifier_tables`: not by hand. */

/** @type {Record<string, string>} */
export const TEXTS = {
  "HOWTO.txt": "30a99212885a5002222fc57ff32e345c7ff4c9db65c0ae21a72c7c8e74c80545",
  "verify.sh": "57514a5f033b2afed8aa1565242be75f0cf790589a69862b3f7aa85ebb1cea53",
};

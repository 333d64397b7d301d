"""The verifier: receipts, items, bundles and proofs of erasure against trust anchors from elsewhere."""

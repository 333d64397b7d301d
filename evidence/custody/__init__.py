"""The custody log: leaf, tiled Merkle tree, checkpoints, witnesses, proofs and timestamps (`docs/formats/custody-log.md`)."""

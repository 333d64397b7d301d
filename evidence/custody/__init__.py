"""The custody log: leaf, Merkle tree in tiles, checkpoints, witnesses, proofs, times; docs/formats/custody-log.md."""

"""The log itself: leaf, Merkle tree in tiles, checkpoints, integrator, proofs, audit (c2sp.org/tlog-tiles)."""

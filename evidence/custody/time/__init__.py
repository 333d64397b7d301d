"""Time stamps over heads of a log (RFC 3161): tokens, authorities, quorum, renewal (RFC 4998)."""

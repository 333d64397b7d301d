"""What anyone may ask: the time, the trust anchors (for comparison), and whether the server is well."""

"""The system as anyone may see it: the time, the trust anchors (for comparison), and whether the server is well."""

"""A witness as a program of its own: cosigns heads of logs over HTTP, for an organisation that is not the operator."""

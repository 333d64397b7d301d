"""The store: journal, blobs, and the few rows beside them. The only part of `evidence` that knows a database."""

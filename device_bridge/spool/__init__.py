"""The bridge's own durable memory (SQLite, `synchronous=FULL`) and all that is kept in it."""

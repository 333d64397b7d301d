"""The database itself: engine, tables, migrations, leases, and the rows of sign-ins."""

"""The way from the spool to the shared journal, and what a bridge may let go of once it is there."""

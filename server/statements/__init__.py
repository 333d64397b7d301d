"""The one write door for statements."""

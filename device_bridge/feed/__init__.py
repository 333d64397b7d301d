"""The bridge's own HTTP server on the loopback interface, and the health that it shows."""

"""How fast and how reliably alarms were handled: report and metrics."""

"""Figures about the handling of alarms, how fast and how reliable: report and metrics."""

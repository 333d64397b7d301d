"""Getuige's API and pages (FastAPI): may use evidence, never device_bridge."""

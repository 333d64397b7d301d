"""Connections to the message brokers, and who may connect to them."""

"""How a phone joins a case: by a one-time key that a caseworker handed over."""

"""Enrolment of phones in a case, by a one-time key that a caseworker handed over."""

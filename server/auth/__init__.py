"""Authentication: signed requests, sign-in with locked keys, sessions."""

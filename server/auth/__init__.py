"""Who is asking: signed requests, sign-in with locked keys, sessions."""

"""Reference clients: what a phone, a vault and a member of staff do, against any Getuige over real HTTP.

They import from the server only the pure halves that both sides share (request signatures), so that what
they show is the contract and not our database.
"""

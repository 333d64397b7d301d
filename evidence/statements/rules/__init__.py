"""Rules beyond a signer's role: one small rule per type, called by `authority`.

Each looks at what the journal adds up to and refuses, or returns. The same rules stand in words in
`docs/formats/statement.md`.
"""

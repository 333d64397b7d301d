"""The dossier of an opened bundle: what a prosecutor, a judge and the defence read of a case."""

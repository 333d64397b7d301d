"""The plain text inside every bundle: what it is, and how to check it with and without our software."""

from typing import Final

HOWTO_TEXT: Final = """\
GETUIGE - HOE CONTROLEERT U DEZE BUNDEL / HOW TO CHECK THIS BUNDLE

Nederlands
1. Zijn de bestanden heel? Ga in deze map staan en typ:
     sha256sum -c manifest-sha256.txt
   Dit vindt ongelukken, geen bedrog: wie een bestand verandert, kan ook deze lijst veranderen.
2. Is deze lijst de lijst die is uitgeleverd? De opdracht  sha256sum manifest-sha256.txt  geeft een getal.
   Dat getal staat als "manifest" in de ondertekende verklaring in proof/export-event.json
   (het veld "payload" is base64; bij een geopende bundel gaat het om proof/sealed-manifest-sha256.txt).
3. Staat elke gebeurtenis in het logboek? Voor elke gebeurtenis in data/events/ ligt in proof/events/ een
   bewijs volgens c2sp.org/tlog-proof, met het ondertekende hoofd van het logboek erin.
4. Wanneer bestond dat hoofd? In proof/timestamps/ liggen tijdstempels (RFC 3161):
     openssl ts -verify -in <bestand>.tsr -data <hoofd> -CAfile <tsa-roots.pem>
   Is het certificaat van een stempel afgelopen, dan hoort in proof/renewals/ het bewijs te liggen dat hij op tijd is
   vernieuwd (een nieuwe stempel over een boom van oude stempels).
5. Punt 1 tot en met 4, en wie wat ondertekende, zonder onze software:  sh verify.sh <map met vertrouwensankers>
   Met  --fields  erachter controleert dat ook elk veld van elke beschrijving apart (langzaam: 9 ms per veld).
6. Alles, ook wat er later van de stukken is gezegd:  getuige verify <deze bundel> --trust <map met vertrouwensankers>
   (of, als een bestand, met alleen Python, PyNaCl en cryptography:  python3 getuige-verify.pyz <deze bundel> ...)
   Vraag dat programma en de vertrouwensankers (root.pub, policy, tsa-roots.pem) apart op.
   Ankers uit de bundel zelf bewijzen niets.

Wat dit bewijst: wie iets verzegelde, dat het sindsdien niet veranderd is, en dat het op een tijdstip bestond.
Wat dit niet bewijst: dat iets is gebeurd zoals het is opgeschreven. "Ontvangen om" is niet "gebeurd om".

English
1. Are the files whole? In this folder:  sha256sum -c manifest-sha256.txt
   This finds accidents, not fraud: whoever changes a file can change this list too.
2. Is this the list that was released? The number that  sha256sum manifest-sha256.txt  prints stands as
   "manifest" in the signed statement in proof/export-event.json (its "payload" is base64; in an opened bundle
   the list is proof/sealed-manifest-sha256.txt).
3. Is each event in the log? For each event in data/events/ there is a c2sp.org/tlog-proof file in
   proof/events/, with the signed head of the log in it.
4. When did that head exist? proof/timestamps/ holds RFC 3161 tokens:
     openssl ts -verify -in <file>.tsr -data <head> -CAfile <tsa-roots.pem>
   Where a token's certificate has expired, proof/renewals/ should prove that it was renewed in time (a new token over
   a tree of old ones).
5. Points 1 to 4, and who signed what, without our software:  sh verify.sh <folder with trust anchors>
   With  --fields  behind it, that also checks each field of each description (slow: 9 ms a field).
6. Everything, also what was said of the items later:  getuige verify <this bundle> --trust <folder with trust anchors>
   (or, as one file, with only Python, PyNaCl and cryptography:  python3 getuige-verify.pyz <this bundle> ...)
   Get that program and the trust anchors (root.pub, policy, tsa-roots.pem) separately.
   Anchors from inside prove nothing.

What this proves: who sealed something, that it did not change since, and that it existed at a time.
What this does not prove: that something happened as it was written down. "Received at" is not "happened at".
"""

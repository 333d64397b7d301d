"""The first start: keys of the services, trust anchors, and the first two events of the journal.

Idempotent: whatever is there already is kept, so that a founding that was cut short is simply repeated. The root's key
is passed in and is never written: in an organisation it lives on a computer in a safe.
"""

from dataclasses import dataclass

from evidence import files, ids, keyfile, keys
from evidence.bundle.checking import trust
from evidence.custody.log.note import NoteSigner
from evidence.custody.log.note_key import load_or_create_key
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.standing import Standing
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from server.errors import ServerError
from server.layout import Layout
from server.log import witnesses
from server.settings import DEVELOPMENT, Settings
from server.timestamps import tsa


class FoundingError(ServerError):
    """This data folder belongs to another organisation, or lacks what a server needs."""


@dataclass(frozen=True)
class Founded:
    """What a founded data folder says about itself; all of it is public."""

    origin: str
    log_vkey: str
    root: bytes
    server: ids.KeyId


def found(settings: Settings, root: keys.SigningKey, root_label: str) -> Founded:
    """Make a data folder that a server can start on, or complete one.

    Raises FoundingError when its journal obeys another root.
    """
    layout = Layout(settings.data)
    files.make_folder(layout.data)
    server = keyfile.load_or_create_signing_key(layout.server_key)
    keyfile.load_or_create_secret(layout.challenge_key)
    log_key = load_or_create_key(layout.log_key, settings.log_origin)
    _write_anchors(settings, layout, root.sign_public, root_label, log_key)
    engine = open_engine(settings.database_url)
    journal = SqlJournal(engine)
    journal.start()
    try:
        opened = journal.ask(lambda standing: standing.log)
        if opened is None:
            body = bodies.LogOpen(
                log_key.name,
                bodies.RootKey(ids.PublicKey(root.sign_public.hex()), root_label),
                log_key.verifier.vkey,
            )
            _append(journal, statements.sign(root, "log.open", body))
        elif bytes.fromhex(opened.root.sign) != root.sign_public:
            raise FoundingError("this data folder belongs to another root")
        if not journal.ask(lambda standing: is_published(standing, server)):
            _append(journal, statements.sign(root, "key.publish", service_key(server, "server", "Getuige server")))
    finally:
        journal.close()
        engine.dispose()
    return Founded(log_key.name, log_key.verifier.vkey, root.sign_public, server.kid)


def service_key(identity: keys.SigningKey, role: bodies.Role, label: str) -> bodies.KeyPublish:
    """Return the statement body by which the root certifies a service's keys."""
    return bodies.KeyPublish(
        ids.SubjectId(ids.new_id()),
        role,
        label,
        ids.PublicKey(identity.sign_public.hex()),
        box=ids.PublicKey(identity.box_public.hex()) if isinstance(identity, keys.BridgeIdentity) else None,
    )


def is_published(standing: Standing, identity: keys.SigningKey) -> bool:
    """Say whether the root has certified these keys and not retired them."""
    known = standing.certified.get(identity.kid)
    return known is not None and not known.retired


def _append(journal: SqlJournal, statement: statements.Statement) -> None:
    journal.append(statement.envelope.to_bytes()).result()


def _write_anchors(settings: Settings, layout: Layout, root: bytes, label: str, log_key: NoteSigner) -> None:
    """Write the public files that travel apart from the evidence; existing ones are kept."""
    anchors = {
        layout.log_vkey: f"{log_key.verifier.vkey}\n",
        layout.trust / "log.vkey": f"{log_key.verifier.vkey}\n",
        layout.trust / trust.ROOT: trust.root_line(root, label),
        layout.trust / trust.POLICY: witnesses.policy_text(settings, layout, [log_key.verifier]),
    }
    if settings.tsa == DEVELOPMENT:
        files.make_folder(layout.tsa)
        anchors[layout.trust / trust.TSA_ROOTS] = DevelopmentTsa.in_folder(layout.tsa).root_pem.decode()
    elif not settings.tsa.startswith(("http://", "https://")):
        anchors |= {layout.trust / name: text for name, text in tsa.policy_files(settings).items()}
    files.make_folder(layout.trust)
    for path, text in anchors.items():
        if not path.exists():
            files.replace(path, text.encode())

"""The anchors of this server, as whoever asks may see them. Blocks."""

from evidence.statements import bodies
from server import organisation
from server.principals import Anyone, Signer
from server.statements.shapes import Dsse
from server.system.parts import OwnState
from server.system.shapes import TrustAnswer


def trust_of(state: OwnState, who: Anyone | Signer) -> TrustAnswer:
    """Return root, log key, policy and the certificates that `who` may see."""
    opened = state.journal.ask(lambda standing: standing.log)
    if opened is None:
        raise LookupError("a server that runs has an open log")
    shown = [statement for _, statement in organisation.shown_to(state.journal, who)]
    certificates = [one for one in shown if isinstance(one.body, bodies.KeyPublish | bodies.KeyRetire)]
    rotations = [one for one in shown if isinstance(one.body, bodies.LogRotate)]
    return TrustAnswer(
        origin=opened.origin,
        log_vkey=opened.log_vkey,
        root=opened.root.sign,
        root_label=opened.root.label,
        policy=state.policy.read_text(),
        certificates=[Dsse.model_validate(one.envelope.to_json()) for one in certificates],
        rotations=[Dsse.model_validate(one.envelope.to_json()) for one in rotations],
    )

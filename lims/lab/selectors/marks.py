"""What every printed document must say: synthetic, store state, last checkpoint."""

from django.conf import settings

from chain_of_custody.selectors import checkpoint_latest
from chain_of_custody.vault.services import vault_probe_last
from lims.documents.data.parts import Checkpoint, Marks


def document_marks(*, synthetic: bool) -> Marks:
    """The marks of a document made now."""
    probe = vault_probe_last()
    latest = checkpoint_latest()
    printed = None
    if latest is not None:
        vkey = settings.SPOOR_LOG_VKEY_FILE.read_text().strip() if settings.SPOOR_LOG_VKEY_FILE.is_file() else ""
        printed = Checkpoint(
            origin=latest.origin,
            size=latest.size,
            root=bytes(latest.root).hex(),
            signed_at=latest.created_at,
            vkey=vkey,
            note=latest.text,
        )
    return Marks(synthetic=synthetic, worm_enforced=None if probe is None else probe.enforced, checkpoint=printed)

"""Checkpoints given away: what left the house in time is what a rewritten log cannot answer."""

import logging
from pathlib import Path

from django.conf import settings

from chain_of_custody.models import Checkpoint
from chain_of_custody.selectors import checkpoint_latest
from chain_of_custody.vault.durable import write_replacing

logger = logging.getLogger(__name__)


def checkpoint_name(row: Checkpoint) -> str:
    """The name under which a checkpoint is given away."""
    return f"checkpoint-{row.origin.replace('/', '_')}-{row.size}.txt"


def checkpoint_to_folders() -> list[str]:
    """Write the newest checkpoint into each of SPOOR_CHECKPOINT_FOLDERS; the folders that could not be written."""
    row = checkpoint_latest()
    if row is None:
        return []
    missed = []
    for folder in settings.SPOOR_CHECKPOINT_FOLDERS:
        path = Path(folder) / checkpoint_name(row)
        try:
            if not path.exists():
                write_replacing(path, row.text.encode())
        except OSError as error:
            logger.warning("The checkpoint could not be written to %s: %s", folder, error)
            missed.append(folder)
    return missed

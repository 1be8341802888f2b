"""Verifications of the ledger: asked for by those who may read it, run nightly, and loud when one fails."""

import logging
from datetime import date
from io import BytesIO
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from chain_of_custody.custody_schemas import LOG_STREAM, LOG_STREAM_ID
from chain_of_custody.enums import CheckKind, CheckState
from chain_of_custody.models import Checkpoint, LedgerCheck, StoredFile
from chain_of_custody.selectors import checkpoint_latest
from chain_of_custody.services import StreamKey
from chain_of_custody.services.giving import checkpoint_name, checkpoint_to_folders
from chain_of_custody.services.verifying import check_order, check_run
from chain_of_custody.vault.errors import VaultError
from chain_of_custody.vault.services import file_store
from lims.accounts.actors import Actor, require
from lims.accounts.services.access import system_actor
from lims.common.bell import ring

logger = logging.getLogger(__name__)

WHOLE_EVERY_NIGHT = 200_000
"""Up to so many entries the whole ledger is read each night; beyond, what came since, and all of it on Sundays."""
_SUNDAY = 6
CHECKPOINT_ROLE = "checkpoint"


def ledger_check_order(*, actor: Actor, kind: CheckKind = CheckKind.FULL) -> LedgerCheck:
    """Ask a worker to verify the ledger now; the verification under way, when there is one.

    Raises:
        NotAllowed: without `ledger.read`.
    """
    require(actor, "ledger.read")
    check = check_order(kind=kind)
    ring("lims.accounts.ledger_check", check.pk)
    return check


def ledger_check_nightly(*, today: date | None = None) -> LedgerCheck:
    """The verification of this night, run at once."""
    last = checkpoint_latest()
    small = last is None or last.size <= WHOLE_EVERY_NIGHT
    whole = small or (today or timezone.localdate()).weekday() == _SUNDAY
    return ledger_check_run(check=check_order(kind=CheckKind.FULL if whole else CheckKind.INCREMENTAL))


def ledger_check_run(*, check: LedgerCheck) -> LedgerCheck:
    """Run a verification that was asked for; a failure is told by mail too, where addresses are set."""
    done = check_run(check=check)
    if done.state == CheckState.FAILED and settings.SPOOR_ALARM_MAIL:
        _mail(done)
    return done


def checkpoint_give_away() -> list[str]:
    """Give the newest checkpoint to vault, folders and addresses named in the settings; what could not be reached."""
    missed = checkpoint_to_folders()
    row = checkpoint_latest()
    if row is None:
        return missed
    try:
        checkpoint_to_vault(row)
    except (OSError, VaultError):
        logger.exception("The checkpoint could not be put into the vault")
        missed.append("vault")
    if not settings.SPOOR_CHECKPOINT_MAIL:
        return missed
    text = (
        f"The ledger of {settings.SPOOR_PUBLIC_URL} as it was signed today. Keep this mail: with it anybody can show "
        f"later what the first {row.size} entries were.\n\n{row.text}"
    )
    try:
        send_mail(f"Spoor: checkpoint {row.size} of {row.origin}", text, None, settings.SPOOR_CHECKPOINT_MAIL)
    except (OSError, SMTPException):
        logger.exception("The checkpoint could not be mailed")
        missed.append("mail")
    return missed


def checkpoint_to_vault(row: Checkpoint) -> StoredFile:
    """Keep a checkpoint in the evidence store, under retention; once. Whoever rewrites the database meets it there."""
    name = checkpoint_name(row)
    kept = StoredFile.objects.filter(role=CHECKPOINT_ROLE, name=name).first()
    return kept or file_store(
        actor=system_actor(),
        stream=StreamKey(kind=LOG_STREAM, id=LOG_STREAM_ID),
        source=BytesIO(row.text.encode()),
        name=name,
        media_type="text/plain",
        role=CHECKPOINT_ROLE,
    )


def _mail(check: LedgerCheck) -> None:
    lines = [f"{reason} at {where}: {detail}" for reason, where, detail in check.findings]
    text = "\n".join(
        [
            f"The verification of the ledger of {settings.SPOOR_PUBLIC_URL} failed.",
            "Do not repair anything: keep database, store and this message as they are, and call who is responsible.",
            "",
            *lines,
        ]
    )
    try:
        send_mail("Spoor: THE LEDGER DOES NOT VERIFY", text, None, settings.SPOOR_ALARM_MAIL)
    except (OSError, SMTPException):
        logger.exception("The mail about the failed verification could not be sent")

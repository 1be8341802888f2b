"""Jobs of casework."""

from celery import shared_task
from celery.signals import task_prerun

from chain_of_custody.vault.services import vault_audit_record
from lims.casework.selectors.laboratory import laboratory_zone_activate
from lims.casework.services.retention import holds_settle, retention_extend_open


@task_prerun.connect
def _in_the_laboratorys_zone(**_sender: object) -> None:
    """Every job of every app writes its times in the laboratory's zone, as pages do."""
    laboratory_zone_activate()


@shared_task(name="lims.casework.retention_extend")
def retention_extend() -> int:
    """Extend the retention of the files of open cases; returns how many were extended."""
    return retention_extend_open()


@shared_task(name="lims.casework.holds_settle")
def holds_settle_task() -> int:
    """Give files the legal hold of their cases; returns how many were changed."""
    settled = holds_settle()
    return len(settled.held) + len(settled.cleared)


@shared_task(name="lims.casework.vault_audit", acks_late=False)
def vault_audit() -> bool:
    """Compare the evidence store with the record and keep the report; returns whether all is as recorded.

    Acknowledged at once: it may read for hours, and a broker that hears nothing would give it to a second worker.
    Whatever ends it early, the next night audits again.
    """
    return vault_audit_record().passed

"""Jobs of casework."""

from celery import shared_task

from lims.casework.services.retention import retention_extend_open


@shared_task(name="lims.casework.retention_extend")
def retention_extend() -> int:
    """Extend the retention of the files of open cases; returns how many were extended."""
    return retention_extend_open()

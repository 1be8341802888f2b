"""What every long job keeps: state, attempt (the fencing token), lease, progress."""

from typing import ClassVar

from django.db import models

from lims.lab.enums import JobState


class JobBase(models.Model):
    """A job's row is the truth. A worker holds it by a lease with an attempt number; a late worker writes nothing."""

    state = models.CharField(max_length=20, choices=JobState.choices, default=JobState.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=120, blank=True)
    progress = models.FloatField(default=0)
    message = models.CharField(max_length=300, blank=True)
    cancel_requested = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    MOST_ATTEMPTS: ClassVar[int] = 3

    class Meta:
        abstract = True

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}

"""Time stamps by others over checkpoints."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from chain_of_custody.models.ledger import Checkpoint


class CheckpointStamp(models.Model):
    """One authority asked for one checkpoint. It waits, without token, until the authority has answered."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="stamps")
    authority = models.CharField(max_length=300)
    token = models.BinaryField(null=True)
    stamped_at = models.DateTimeField(null=True, blank=True)
    attempts = models.IntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "authority"], name="checkpoint_stamp_once"),
            models.CheckConstraint(
                condition=Q(token__isnull=True, stamped_at__isnull=True)
                | Q(token__isnull=False, stamped_at__isnull=False),
                name="checkpoint_stamp_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.authority} on {self.checkpoint_id}"

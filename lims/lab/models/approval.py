"""What every list that answers rest on keeps of those who stand for it."""

from django.db import models

from chain_of_custody.models import Party


class Approved(models.Model):
    """Somebody adds it, a second person approves it; what is invented says so."""

    synthetic = models.BooleanField(default=False)
    added_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    approved_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

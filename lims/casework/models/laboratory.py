"""The laboratory itself: one row."""

from django.db import models
from django.db.models import Q


class Laboratory(models.Model):
    """Name, address, code and zone of this laboratory: one row, made by the migration.

    Until somebody states them (`stated`), the environment's values hold; from then on the row's do.
    """

    name = models.CharField(max_length=200, blank=True)
    address = models.TextField(blank=True)
    code = models.CharField(max_length=8, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    accreditation = models.CharField(max_length=300, blank=True)
    stated = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="laboratory_one_row")]

    def __str__(self) -> str:
        return self.name

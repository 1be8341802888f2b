"""What the build of a set of reference sequences says record by record, and what people decided on it."""

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Party, StoredFile
from lims.lab.enums import CurationChoice
from lims.lab.models.references import ReferenceSet


class ReferenceTable(models.Model):
    """A table that the build made beside the set: records of every file, records kept, findings, coverage."""

    reference = models.ForeignKey(ReferenceSet, on_delete=models.PROTECT, related_name="tables")
    name = models.CharField(max_length=60)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reference", "name"], name="reference_table_once")]

    def __str__(self) -> str:
        return f"{self.reference_id}: {self.name}"


class CurationDecision(models.Model):
    """Keep or leave out one record of a proposed set, with the reason; the latest decision holds."""

    reference = models.ForeignKey(ReferenceSet, on_delete=models.PROTECT, related_name="decisions")
    accession = models.CharField(max_length=120)
    choice = models.CharField(max_length=20, choices=CurationChoice.choices)
    reason = models.CharField(max_length=300)
    decided_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(choice__in=CurationChoice.values), name="curation_decision_choice")
        ]
        indexes = [models.Index(fields=["reference", "accession", "-id"], name="curation_by_record")]

    def __str__(self) -> str:
        return f"{self.accession}: {self.choice}"

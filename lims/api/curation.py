"""Sets of reference sequences record by record over the API: tables of the build, decisions, editions compared."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View, bulk
from lims.api.fields import BulkAnswer, Code, Input, Output
from lims.api.lab_shapes import ReferenceShow
from lims.api.operations import acts, creates, lists, reads
from lims.lab.enums import CurationChoice
from lims.lab.selectors.curation import (
    TABLES,
    accessions_known,
    editions_difference,
    findings_by_record,
    table_rows,
)
from lims.lab.selectors.law import law_get
from lims.lab.selectors.missing import species_given, species_missing, species_of_law
from lims.lab.selectors.work import reference_get
from lims.lab.services.curation import curation_decide, reference_curated

MOST_ROWS = 500


class TableQuery(Input):
    """Which table of the build."""

    table = Code(TABLES)


class TableRow(serializers.Serializer[dict[str, str]]):
    """A row of a table of the build: its columns by name."""

    cells = serializers.DictField(child=serializers.CharField(allow_blank=True))

    def to_representation(self, instance: dict[str, str]) -> dict[str, Any]:
        """The row under one name, since columns differ between tables."""
        return {"cells": instance}


class RecordFindingsShow(Output):
    """A record to look at and the decision that holds."""

    accession = serializers.CharField()
    taxon = serializers.CharField()
    needed = serializers.BooleanField(help_text="Whether a decision is needed before approval.")
    seen = serializers.SerializerMethodField()
    choice = serializers.CharField(source="decision.choice", allow_null=True, default=None)
    reason = serializers.CharField(source="decision.reason", allow_null=True, default=None)
    decisions = serializers.IntegerField(help_text="How many were made on this record; the last one holds.")

    def get_seen(self, row: Any) -> list[dict[str, str]]:
        """What was seen, each with its code."""
        return [{"code": code, "text": text} for code, text in row.seen]


class CurationAsk(Input):
    """Keep a record or leave it out, and why."""

    accession = serializers.CharField(max_length=120)
    choice = Code(CurationChoice.values)
    reason = serializers.CharField(max_length=300)
    after = serializers.IntegerField(
        min_value=0,
        required=False,
        help_text="`decisions` as you read it: the call is refused where somebody decided on the record since.",
    )


class CurationRowsAsk(Input):
    """Decisions on many records."""

    rows = serializers.ListField(child=CurationAsk(), min_length=1, max_length=MOST_ROWS)


class EditionAsk(Input):
    """The name of the next edition."""

    edition = serializers.CharField(max_length=40)


class OtherQuery(Input):
    """The edition to compare with."""

    other = serializers.UUIDField()


class ChangedShow(Output):
    """A record that says otherwise."""

    accession = serializers.CharField()
    field = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class EditionChangeShow(Output):
    """What an edition has, lacks and says otherwise beside an older one."""

    added = serializers.SerializerMethodField()
    removed = serializers.SerializerMethodField()
    changed = ChangedShow(many=True)

    def get_added(self, change: Any) -> list[str]:
        """Accessions."""
        return [row["accession"] for row in change.added]

    def get_removed(self, change: Any) -> list[str]:
        """Accessions."""
        return [row["accession"] for row in change.removed]


class ReferenceTables(View):
    """Tables that the build made."""

    @lists("reference_table", TableRow, area="references", query=TableQuery)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Rows of `report` (every record read), `records`, `curation` (things to look at) or `coverage`."""
        reference = reference_get(actor=self.actor, uuid=uuid)
        name = self.query(TableQuery)["table"]
        return self.page(table_rows(actor=self.actor, reference=reference, name=name), TableRow)


class MissingQuery(Input):
    """Whose species are looked for: of a list of the law, or named here."""

    law = serializers.UUIDField(required=False, help_text="A list of the law.")
    within = serializers.CharField(
        required=False, max_length=120, default="", help_text="One class, order, family or genus of that list."
    )
    species = serializers.CharField(required=False, max_length=3000, default="", help_text="Names, parted by commas.")
    locus = serializers.CharField(
        required=False, max_length=60, default="", help_text="One locus of the set; each of them where not given."
    )


class MissingRow(Output):
    """A species that has no record in the set at a locus."""

    species = serializers.CharField()
    locus = serializers.CharField()


class ReferenceMissing(View):
    """Species that a set lacks."""

    @lists("reference_missing", MissingRow, area="references", query=MissingQuery)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Species of a list without a record: of the list of the law `law`, or of `species`."""
        reference = reference_get(actor=self.actor, uuid=uuid)
        asked = self.query(MissingQuery)
        if law := asked.get("law"):
            chosen = law_get(actor=self.actor, uuid=law)
            wanted = species_of_law(actor=self.actor, law=chosen, within=asked["within"])
        else:
            wanted = species_given(asked["species"].replace(",", "\n"))
        rows = species_missing(actor=self.actor, reference=reference, wanted=wanted, locus=asked["locus"])
        return self.page(rows, MissingRow)


class ReferenceCuration(View):
    """Records to look at."""

    @lists("reference_curation", RecordFindingsShow, area="references")
    def get(self, request: Request, uuid: UUID) -> Response:
        """Records with what was seen and decided; those that wait for a decision first."""
        reference = reference_get(actor=self.actor, uuid=uuid)
        return self.page(findings_by_record(actor=self.actor, reference=reference), RecordFindingsShow)

    @creates("reference_curate", CurationAsk, RecordFindingsShow, area="references")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Keep a record of a proposed set or leave it out of the next edition."""
        reference = reference_get(actor=self.actor, uuid=uuid)
        made = curation_decide(actor=self.actor, reference=reference, **self.body(CurationAsk))
        rows = findings_by_record(actor=self.actor, reference=reference)
        row = next(one for one in rows if one.accession == made.accession)
        return Response(RecordFindingsShow(row).data, status=201, headers={"Location": request.path})


class ReferenceCurationMany(View):
    """Decisions on many records."""

    @acts("reference_curate_many", CurationRowsAsk, BulkAnswer, area="references", also={207: BulkAnswer})
    def post(self, request: Request, uuid: UUID) -> Response:
        """Keep records or leave them out, many in one request: each row stands or falls by itself."""
        reference = reference_get(actor=self.actor, uuid=uuid)
        rows = self.body(CurationRowsAsk)["rows"]
        known = accessions_known(actor=self.actor, reference=reference)

        def one(row: dict[str, Any]) -> dict[str, Any]:
            made = curation_decide(actor=self.actor, reference=reference, known=known, **row)
            return {"accession": made.accession, "choice": made.choice, "reason": made.reason}

        return bulk(rows, one)


class ReferenceNext(View):
    """The edition without what is left out."""

    @creates("reference_curated", EditionAsk, ReferenceShow, area="references", status=202)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Build and propose the next edition: 202 with its address."""
        reference = reference_get(actor=self.actor, uuid=uuid)
        made = reference_curated(actor=self.actor, reference=reference, **self.body(EditionAsk))
        row = reference_get(actor=self.actor, uuid=made.uuid)
        location = f"/api/v1/reference-sets/{row.uuid}/"
        return Response(ReferenceShow(row).data, status=202, headers={"Location": location})


class ReferenceComparison(View):
    """Two editions beside each other."""

    @reads("reference_compare", EditionChangeShow, area="references", query=OtherQuery)
    def get(self, request: Request, uuid: UUID) -> Response:
        """What this edition has, lacks and says otherwise beside `other`."""
        reference = reference_get(actor=self.actor, uuid=uuid)
        older = reference_get(actor=self.actor, uuid=self.query(OtherQuery)["other"])
        change = editions_difference(actor=self.actor, reference=reference, older=older)
        return Response(EditionChangeShow(change).data)


urlpatterns = [
    path("reference-sets/<uuid:uuid>/rows/", ReferenceTables.as_view(), name="reference-rows"),
    path("reference-sets/<uuid:uuid>/missing/", ReferenceMissing.as_view(), name="reference-missing"),
    path("reference-sets/<uuid:uuid>/curation/", ReferenceCuration.as_view(), name="reference-curation"),
    path("reference-sets/<uuid:uuid>/curation/many/", ReferenceCurationMany.as_view(), name="reference-curation-many"),
    path("reference-sets/<uuid:uuid>/next-edition/", ReferenceNext.as_view(), name="reference-next"),
    path("reference-sets/<uuid:uuid>/comparison/", ReferenceComparison.as_view(), name="reference-comparison"),
]

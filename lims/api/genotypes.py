"""Genotype tables of an item taken in over the API: looked at cell by cell, kept with the plain table made of them."""

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from analysis.genotypes.reader import TableFormat
from lims.api.base import View, created
from lims.api.fields import Code, Input, Output, text
from lims.api.operations import acts, creates
from lims.casework.selectors.cases import item_get
from lims.lab.selectors.work import reference_get
from lims.lab.services.genotypes import GenotypeFile, genotypes_import, genotypes_look


class GenotypesAsk(Input):
    """A file of genotypes and what its columns are."""

    file = serializers.FileField(max_length=255)
    table_format = Code([value.value for value in TableFormat], required=False, default=TableFormat.AUTO.value)
    id_column = text(120, help_text="Column of the animals' names; «id» where none is given.")
    ignored = text(400, help_text="Columns that are no loci, parted by commas.")
    repeats = serializers.BooleanField(
        required=False, default=False, help_text="Rows of one name are repeated typings of one sample."
    )
    panel = serializers.UUIDField(
        required=False, help_text="An approved marker panel whose bins make alleles of lengths"
    )


class ProblemShow(Output):
    """A cell that cannot be read."""

    row = serializers.IntegerField()
    column = serializers.CharField()
    cell = serializers.CharField()
    remedy = serializers.CharField()


class InspectionShow(Output):
    """What is in a file."""

    animals = serializers.IntegerField()
    loci = serializers.ListField(child=serializers.CharField())
    unread = serializers.ListField(child=serializers.CharField())
    typed = serializers.FloatField()
    problems = ProblemShow(many=True)
    notices = serializers.ListField(child=serializers.CharField())


class KeptShow(Output):
    """The file as it was handed in, and the plain table made of it."""

    source = serializers.UUIDField()  # type: ignore[assignment]  # its name
    table = serializers.UUIDField()


class GenotypesView(View):
    """Files come as multipart forms."""

    parser_classes = [MultiPartParser]

    def given(self, key: str) -> dict[str, Any]:
        """Item, file with its mapping, and the panel."""
        data = self.body(GenotypesAsk)
        upload = data["file"]
        file = GenotypeFile(
            name=upload.name,
            source=upload,
            id_column=data.get("id_column") or "id",
            ignored=[one.strip() for one in (data.get("ignored") or "").split(",") if one.strip()],
            table_format=data["table_format"],
            repeats=data["repeats"],
        )
        panel = reference_get(actor=self.actor, uuid=data["panel"]) if data.get("panel") else None
        item = item_get(actor=self.actor, key=key, capability="file.upload")
        return {"actor": self.actor, "item": item, "file": file, "panel": panel}


class Genotypes(GenotypesView):
    """Genotypes of an item."""

    @creates("genotypes_import", GenotypesAsk, KeptShow, area="runs")
    def post(self, request: Request, key: str) -> Response:
        """Keep the file and the plain table made of it; 422 with every bad cell, and nothing kept, where it has any."""
        source, table = genotypes_import(**self.given(key))
        shown = KeptShow({"source": source.uuid, "table": table.uuid}).data
        return created(shown, location=f"/api/v1/files/{table.uuid}/")


class GenotypesCheck(GenotypesView):
    """A look at genotypes before they are kept."""

    @acts("genotypes_check", GenotypesAsk, InspectionShow, area="runs")
    def post(self, request: Request, key: str) -> Response:
        """What is in the file and which cells cannot be read; nothing is kept."""
        return Response(InspectionShow(genotypes_look(**self.given(key))).data)


urlpatterns = [
    path("items/<str:key>/genotypes/", Genotypes.as_view(), name="genotypes"),
    path("items/<str:key>/genotypes/check/", GenotypesCheck.as_view(), name="genotypes-check"),
]

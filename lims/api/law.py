"""Lists of the law over the API, and the question what a name was listed as on a day."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View
from lims.api.fields import Code, Input, Output, text
from lims.api.operations import acts, creates, lists, reads
from lims.lab.enums import LegalScheme, ReferenceState
from lims.lab.models import LegalList
from lims.lab.selectors.law import Question, law_get, law_list, listing_ask
from lims.lab.services.law import law_approve, law_propose, law_retire

AREA = "law"


class LawQuery(Input):
    """Which lists to show."""

    scheme = Code(LegalScheme.values, required=False)
    standing = Code(ReferenceState.values, required=False)


class LawAsk(Input):
    """A checklist to read."""

    scheme = Code(LegalScheme.values)
    jurisdiction = text(2, help_text="ISO code of the country of a national list; empty for CITES.")
    name = text(120, required=True)
    edition = text(40, required=True)
    as_of = serializers.DateField(help_text="The day whose law the file gives.")
    provenance = text(500, required=True)
    synthetic = serializers.BooleanField(default=False)
    file = serializers.FileField()


class LawWordAsk(Input):
    """Why it is approved or retired."""

    note = text(500, required=True)


class LawShow(serializers.ModelSerializer[LegalList]):
    """A list of the law, with the rows that could not be read."""

    added_by = serializers.CharField(source="added_by.name")
    approved_by = serializers.CharField(source="approved_by.name", allow_null=True, default=None)
    sha256 = serializers.CharField(source="file.digest")

    class Meta:
        model = LegalList
        fields = [
            "uuid", "scheme", "jurisdiction", "name", "edition", "as_of", "history_since", "sha256", "taxa_count",
            "listing_count", "refused_count", "report", "provenance", "synthetic", "state", "progress", "message",
            "error", "standing", "added_by", "added_at", "approved_by", "approved_at",
        ]  # fmt: skip


class ListingQuery(Input):
    """A name, a day, and what is known of origin and specimen."""

    name = text(160, required=True, help_text="Scientific name as found.")
    on = serializers.DateField(help_text="The day whose law is asked, such as that of the offence.")
    origin = text(2, help_text="ISO code of the country of origin, where established.")
    specimen = text(3, help_text="CITES term, such as TUS.")
    law_of = text(2, help_text="ISO code of a country whose national lists are asked too.")


class RulingShow(Output):
    """What one list says: `kind` is listed, not_listed, conditional, unknown_at_date, unknown_name or no_date."""

    scheme = serializers.CharField()
    jurisdiction = serializers.CharField()
    list_uuid = serializers.UUIDField()
    list_name = serializers.CharField()
    edition = serializers.CharField()
    as_of = serializers.CharField()
    history_since = serializers.CharField()
    digest = serializers.CharField()
    asked_on = serializers.CharField()
    name_found = serializers.CharField()
    name_in_list = serializers.CharField()
    name_kind = serializers.CharField()
    name_in_law = serializers.CharField()
    kind = serializers.CharField()
    why = serializers.CharField()
    covered_by = serializers.CharField()
    categories = serializers.ListField(child=serializers.CharField())
    parts = serializers.ListField(child=serializers.DictField())
    reservations = serializers.ListField(child=serializers.CharField())
    statement = serializers.CharField()


class RulingsShow(Output):
    """Every approved list's answer; none when no list is approved."""

    rulings = RulingShow(many=True)


class Laws(View):
    """Lists of the law."""

    parser_classes = [MultiPartParser]

    @lists("law_list", LawShow, area=AREA, query=LawQuery)
    def get(self, request: Request) -> Response:
        """Lists by the day they speak of, newest first."""
        return self.page(law_list(actor=self.actor, **self.query(LawQuery)), LawShow)

    @creates("law_propose", LawAsk, LawShow, area=AREA, status=202)
    def post(self, request: Request) -> Response:
        """Keep a checklist's file and queue its reading, row by row."""
        data = self.body(LawAsk)
        upload = data.pop("file")
        made = law_propose(actor=self.actor, source=(upload.name, upload.read()), **data)
        return Response(
            LawShow(law_get(actor=self.actor, uuid=made.uuid)).data,
            status=202,
            headers={"Location": f"/api/v1/law-lists/{made.uuid}/"},
        )


class Law(View):
    """One list."""

    @reads("law_get", LawShow, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Progress while it is read, then what it holds and which rows could not be read."""
        return Response(LawShow(law_get(actor=self.actor, uuid=uuid)).data)


class LawApproval(View):
    """Quality's approval of a list."""

    @acts("law_approve", LawWordAsk, LawShow, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Let answers rest on it."""
        row = law_get(actor=self.actor, uuid=uuid)
        return Response(LawShow(law_approve(actor=self.actor, row=row, **self.body(LawWordAsk))).data)


class LawRetirement(View):
    """The end of a list's use."""

    @acts("law_retire", LawWordAsk, LawShow, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Take it out of use; reports that rest on it keep what they say."""
        row = law_get(actor=self.actor, uuid=uuid)
        return Response(LawShow(law_retire(actor=self.actor, row=row, reason=self.body(LawWordAsk)["note"])).data)


class Listing(View):
    """What a name was listed as on a day."""

    @reads("listing_ask", RulingsShow, area=AREA, query=ListingQuery)
    def get(self, request: Request) -> Response:
        """By every approved list: the category, what it depends on, or why it is unknown."""
        data: dict[str, Any] = self.query(ListingQuery)
        question = Question(
            name=data["name"], population=data.get("origin", "").upper(), specimen=data.get("specimen", "").upper()
        )
        country = data.get("law_of", "").upper()
        found = listing_ask(
            actor=self.actor, question=question, day=data["on"], jurisdictions=[country] if country else []
        )
        return Response({"rulings": [RulingShow(one).data for one in found]})


urlpatterns = [
    path("law-lists/", Laws.as_view(), name="laws"),
    path("law-lists/<uuid:uuid>/", Law.as_view(), name="law"),
    path("law-lists/<uuid:uuid>/approval/", LawApproval.as_view(), name="law-approval"),
    path("law-lists/<uuid:uuid>/retirement/", LawRetirement.as_view(), name="law-retirement"),
    path("listings/", Listing.as_view(), name="listing"),
]

"""Fetching records of references by accession over the API."""

from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View
from lims.api.fields import Input
from lims.api.lab_shapes import ReferenceShow
from lims.api.operations import acts, creates, lists, reads
from lims.lab.models import RecordFetch
from lims.lab.selectors.fetches import fetch_get, fetch_list
from lims.lab.selectors.work import reference_get
from lims.lab.services.fetches import fetch_ask, fetch_cancel, fetch_propose, fetch_resume


class FetchAsk(Input):
    """A list of accessions, one a line."""

    name = serializers.CharField(max_length=120)
    accessions = serializers.CharField(max_length=1 << 20, trim_whitespace=False)


class FetchedSetAsk(Input):
    """The set that is proposed from the records."""

    name = serializers.CharField(max_length=120)
    edition = serializers.CharField(max_length=40)
    locus = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")


class FetchShow(serializers.ModelSerializer[RecordFetch]):
    """A fetch: where its job stands and, once it is done, what came of each accession."""

    asked_by = serializers.CharField(source="asked_by.name")
    report = serializers.ListField(
        child=serializers.DictField(),
        help_text="accession; state: came, kept (from an earlier attempt), missing; version, organism, bases",
    )

    class Meta:
        model = RecordFetch
        fields = [
            "uuid", "name", "state", "progress", "message", "attempt", "cancel_requested", "error", "asked_by",
            "queued_at", "started_at", "finished_at", "accessions", "report",
        ]  # fmt: skip
        extra_kwargs = {"accessions": {"help_text": "Those asked for, each once."}}


class Fetches(View):
    """Fetches of records."""

    @lists("record_fetch_list", FetchShow, area="references")
    def get(self, request: Request) -> Response:
        """Fetches, newest first."""
        return self.page(fetch_list(actor=self.actor), FetchShow)

    @creates("record_fetch_create", FetchAsk, FetchShow, area="references", status=202)
    def post(self, request: Request) -> Response:
        """Fetch records of GenBank: 202 with the address where it can be followed; 422 where fetching is off."""
        return _accepted(fetch_ask(actor=self.actor, **self.body(FetchAsk)))


class Fetch(View):
    """One fetch."""

    @reads("record_fetch_get", FetchShow, area="references")
    def get(self, request: Request, uuid: UUID) -> Response:
        """The fetch with its report."""
        return Response(FetchShow(fetch_get(actor=self.actor, uuid=uuid)).data)


class FetchCancel(View):
    """The end of a fetch."""

    @acts("record_fetch_cancel", None, FetchShow, area="references")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Ask it to stop; what came is kept."""
        fetch_cancel(actor=self.actor, fetch=fetch_get(actor=self.actor, uuid=uuid))
        return Response(FetchShow(fetch_get(actor=self.actor, uuid=uuid)).data)


class FetchResume(View):
    """Going on with a fetch."""

    @creates("record_fetch_resume", None, FetchShow, area="references", status=202)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Go on where a failed or cancelled fetch stopped."""
        return _accepted(fetch_resume(actor=self.actor, fetch=fetch_get(actor=self.actor, uuid=uuid)))


class FetchedSet(View):
    """A set from what was fetched."""

    @creates("record_fetch_propose", FetchedSetAsk, ReferenceShow, area="references", status=202)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Propose a reference set from the records: 202 with its address."""
        row = fetch_get(actor=self.actor, uuid=uuid)
        made = fetch_propose(actor=self.actor, fetch=row, **self.body(FetchedSetAsk))
        location = f"/api/v1/reference-sets/{made.uuid}/"
        shown = reference_get(actor=self.actor, uuid=made.uuid)
        return Response(ReferenceShow(shown).data, status=202, headers={"Location": location})


def _accepted(row: RecordFetch) -> Response:
    return Response(FetchShow(row).data, status=202, headers={"Location": f"/api/v1/record-fetches/{row.uuid}/"})


urlpatterns = [
    path("record-fetches/", Fetches.as_view(), name="record-fetches"),
    path("record-fetches/<uuid:uuid>/", Fetch.as_view(), name="record-fetch"),
    path("record-fetches/<uuid:uuid>/cancel/", FetchCancel.as_view(), name="record-fetch-cancel"),
    path("record-fetches/<uuid:uuid>/resume/", FetchResume.as_view(), name="record-fetch-resume"),
    path("record-fetches/<uuid:uuid>/set/", FetchedSet.as_view(), name="record-fetch-set"),
]

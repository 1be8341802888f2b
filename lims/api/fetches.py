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
from lims.lab.selectors.missing import species_given
from lims.lab.selectors.work import reference_get
from lims.lab.services.fetches import MOST_EACH, fetch_ask, fetch_cancel, fetch_propose, fetch_resume, search_ask


class FetchAsk(Input):
    """A list of accessions, one a line."""

    name = serializers.CharField(max_length=120)
    accessions = serializers.CharField(max_length=1 << 20, trim_whitespace=False)


class AccessionSearchAsk(Input):
    """Species and loci whose accessions are looked for."""

    name = serializers.CharField(max_length=120)
    species = serializers.CharField(
        max_length=1 << 20, trim_whitespace=False, help_text="Genus and species, one a line."
    )
    loci = serializers.ListField(child=serializers.CharField(max_length=30), min_length=1, max_length=20)
    most = serializers.IntegerField(
        min_value=1, max_value=MOST_EACH, required=False, default=5, help_text="Accessions of each species and locus."
    )


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
        help_text="accession; state: came, kept (from an earlier attempt), missing; version, organism, bases. Of a "
        "search: species, locus; state: found, none; total on the server, accessions.",
    )

    class Meta:
        model = RecordFetch
        fields = [
            "uuid", "name", "state", "progress", "message", "attempt", "cancel_requested", "error", "asked_by",
            "queued_at", "started_at", "finished_at", "accessions", "wanted", "most", "report",
        ]  # fmt: skip
        extra_kwargs = {
            "accessions": {"help_text": "Those asked for, each once."},
            "wanted": {"help_text": "Pairs of species and locus of a search; empty for a fetch."},
            "most": {"help_text": "Accessions that a search lists of each pair."},
        }


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


class Searches(View):
    """Searches for accessions."""

    @creates("record_search_create", AccessionSearchAsk, FetchShow, area="references", status=202)
    def post(self, request: Request) -> Response:
        """Look for accessions of species at loci: 202 with the address where it can be followed; nothing is fetched."""
        data = self.body(AccessionSearchAsk)
        species = species_given(data["species"]).species
        pairs = [(name, locus) for name in species for locus in data["loci"]]
        return _accepted(search_ask(actor=self.actor, name=data["name"], wanted=pairs, most=data["most"]))


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
    path("record-searches/", Searches.as_view(), name="record-searches"),
    path("record-fetches/<uuid:uuid>/", Fetch.as_view(), name="record-fetch"),
    path("record-fetches/<uuid:uuid>/cancel/", FetchCancel.as_view(), name="record-fetch-cancel"),
    path("record-fetches/<uuid:uuid>/resume/", FetchResume.as_view(), name="record-fetch-resume"),
    path("record-fetches/<uuid:uuid>/set/", FetchedSet.as_view(), name="record-fetch-set"),
]

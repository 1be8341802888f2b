"""Addresses of the API, version 1: every area's own, the schema, and an honest 404 for the rest."""

from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api import (
    accounts,
    cases,
    codelists,
    comparing,
    curation,
    custody,
    disclosure,
    discrepancies,
    drift,
    edits,
    exhibits,
    fetches,
    files,
    forgetting,
    genotypes,
    handovers,
    intake,
    items,
    lab,
    labels,
    laboratory,
    law,
    ledger,
    links,
    methods,
    parties,
    places,
    plates,
    references,
    reports,
    resolve,
    samples,
    sampling,
    scans,
    screens,
    seizures,
    submissions,
)
from lims.api.authentication import SignedIn
from lims.api.base import View

AREAS = [
    accounts,
    laboratory,
    forgetting,
    parties,
    codelists,
    cases,
    seizures,
    exhibits,
    fetches,
    samples,
    items,
    intake,
    discrepancies,
    sampling,
    places,
    handovers,
    custody,
    labels,
    resolve,
    scans,
    screens,
    submissions,
    files,
    ledger,
    lab,
    methods,
    genotypes,
    comparing,
    curation,
    drift,
    edits,
    plates,
    references,
    law,
    links,
    reports,
    disclosure,
]
"""Each has its `urlpatterns`; a new area adds itself here."""


@extend_schema(exclude=True)
class Nothing(View):
    """What answers where nothing is."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """404 for every method, once it is known who asks."""
        super().initial(request, *args, **kwargs)
        raise NotFound

    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """Never reached."""
        raise NotFound


urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(permission_classes=[SignedIn]), name="schema"),
    *(pattern for area in AREAS for pattern in area.urlpatterns),
    re_path(r"^.*$", Nothing.as_view()),
]

"""Addresses of the pages of people, casework and custody."""

from django.urls import URLPattern

from lims.web.views import (
    bench,
    casepages,
    cases,
    custody,
    discrepancies,
    exhibits,
    files,
    following,
    forgetting,
    handover,
    intake,
    itemproof,
    items,
    labels,
    laboratory,
    myself,
    people,
    places,
    seizures,
    status,
    submissions,
    waiting,
)

AREAS = (
    cases,
    following,
    casepages,
    seizures,
    exhibits,
    intake,
    discrepancies,
    labels,
    submissions,
    itemproof,
    items,
    files,
    custody,
    handover,
    bench,
    places,
    status,
    people,
    laboratory,
    forgetting,
    myself,
)
TODAY = (waiting,)
"""Modules that register what casework adds to Today."""

urlpatterns: list[URLPattern] = [pattern for area in AREAS for pattern in area.urlpatterns]

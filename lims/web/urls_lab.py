"""Addresses of the pages of the laboratory's work, review, disclosure and the ledger."""

from django.urls import URLPattern

from lims.web.views import (
    batches,
    caselab,
    comparing,
    curation,
    deliveries,
    drafts,
    drift,
    evidence,
    findings,
    law,
    ledger,
    packs,
    plates,
    rawfiles,
    referenceaccess,
    references,
    reports,
    requests,
    reviews,
    runs,
    traces,
    verify,
)

AREAS = (
    requests,
    batches,
    rawfiles,
    plates,
    runs,
    traces,
    comparing,
    findings,
    references,
    curation,
    drift,
    referenceaccess,
    law,
    drafts,
    reports,
    reviews,
    evidence,
    packs,
    deliveries,
    caselab,
    ledger,
    verify,
)
urlpatterns: list[URLPattern] = [pattern for area in AREAS for pattern in area.urlpatterns]

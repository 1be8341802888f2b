"""Code lists: the open ones as versioned data, the closed ones of the program."""

from collections.abc import Mapping
from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chain_of_custody.enums import DisposalMethod, Purpose, SealState
from labels.sizes import LABELS, SHEETS
from lims.api.base import View
from lims.api.fields import Output, named
from lims.api.operations import lists
from lims.casework import enums
from lims.casework.codelists import CURRENT, code_list
from lims.common.errors import NotFound

AREA = "code lists"
_CLOSED = {
    "case-kind": enums.CaseKind,
    "exhibit-kind": enums.ExhibitKind,
    "sample-kind": enums.SampleKind,
    "container-kind": enums.ContainerKind,
    "location-kind": enums.LocationKind,
    "unit": enums.Unit,
    "reference-scheme": enums.ReferenceScheme,
    "discrepancy-kind": enums.DiscrepancyKind,
    "sampling-rule": enums.SamplingRule,
    "live-event-kind": enums.LiveEventKind,
    "hand-over-purpose": Purpose,
    "seal-state": SealState,
    "disposal-method": DisposalMethod,
}
_SIZES: dict[str, Mapping[str, Any]] = {"label-size": LABELS, "label-sheet": SHEETS}


class ListOut(Output):
    """A code list and its version; a closed list belongs to the program and has none."""

    kind = serializers.CharField()
    version = serializers.CharField(allow_blank=True)


class CodeOut(Output):
    """One code. `mark` is V (read in a source), M (from memory: to be checked) or empty in closed lists."""

    code = serializers.CharField()
    label = named(serializers.CharField())
    units = serializers.ListField(child=serializers.CharField())
    mark = serializers.CharField(allow_blank=True)


class CodeLists(View):
    """All code lists."""

    @lists("code_list_list", ListOut, area=AREA)
    def get(self, request: Request) -> Response:
        """Which lists there are, and in which version."""
        rows = [{"kind": kind, "version": version} for kind, version in CURRENT.items()]
        rows += [{"kind": kind, "version": ""} for kind in (*_CLOSED, *_SIZES)]
        return self.page(rows, ListOut)


class CodeList(View):
    """One code list."""

    @lists("code_list_get", CodeOut, area=AREA)
    def get(self, request: Request, kind: str) -> Response:
        """The codes of the current version, in their order."""
        if kind in CURRENT:
            return self.page(list(code_list(CURRENT[kind]).values()), CodeOut)
        if kind in _CLOSED:
            pairs = [(value, str(label)) for value, label in _CLOSED[kind].choices]
        elif kind in _SIZES:
            pairs = [(name, size.title) for name, size in _SIZES[kind].items()]
        else:
            raise NotFound(_("There is no list «%(kind)s».") % {"kind": kind[:40]}, code="list-not-found")
        return self.page([{"code": code, "label": label, "units": [], "mark": ""} for code, label in pairs], CodeOut)


urlpatterns = [path("code-lists/", CodeLists.as_view()), path("code-lists/<str:kind>/", CodeList.as_view())]

"""The resolver: a scan code, a label's address, a reference, a case number, somebody's barcode."""

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View
from lims.api.cases import CaseOut
from lims.api.fields import Input, Output, PartyRef, text
from lims.api.items import ItemRow
from lims.api.operations import reads
from lims.casework.selectors.cases import item_case
from lims.casework.selectors.resolve import resolve

AREA = "resolve"


class CodeIn(Input):
    """What was scanned or typed."""

    code = text(300, required=True)


class AnnouncedOut(Output):
    """A bag announced by a submission form that has not arrived."""

    submission = serializers.UUIDField(source="submission.uuid")
    reference = serializers.CharField(source="submission.reference")
    number = serializers.IntegerField()
    description = serializers.CharField()


class ResolvedOut(Output):
    """What the name means; the part that `kind` names is set."""

    kind = serializers.SerializerMethodField()
    code = serializers.CharField()
    item = ItemRow(allow_null=True)
    party = PartyRef(allow_null=True)
    case = CaseOut(allow_null=True)
    announced = AnnouncedOut(allow_null=True)

    def get_kind(self, found: Any) -> str:
        """`item`, `party`, `case` or `announced`."""
        return next(name for name in ("item", "party", "case", "announced") if getattr(found, name) is not None)


class Resolve(View):
    """The resolver."""

    @reads("resolve", ResolvedOut, area=AREA, query=CodeIn)
    def get(self, request: Request) -> Response:
        """The one thing that a code or name means. Outsiders get one identical 404 for all that is not theirs."""
        found = resolve(actor=self.actor, text=self.query(CodeIn)["code"])
        case = found.case or (item_case(found.item) if found.item else None)
        if case is not None:
            about = found.item or case
            self.shows(case, kind="item" if found.item else "case", subject=about.uuid, reference=about.reference)
        return self.one(found, ResolvedOut)


urlpatterns = [path("resolve/", Resolve.as_view())]

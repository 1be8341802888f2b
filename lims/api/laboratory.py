"""The laboratory's own name, address, code and zone, for its administrator."""

from dataclasses import replace
from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.accounts.actors import require
from lims.api.base import View, if_match
from lims.api.fields import Input, Output, text
from lims.api.operations import edits, reads
from lims.casework.selectors.laboratory import LaboratoryIdentity, laboratory_get
from lims.casework.services.laboratory import LaboratoryFacts, laboratory_change

AREA = "accounts"


class LaboratoryOut(Output):
    """The laboratory as pages, references and documents name it."""

    name = serializers.CharField()
    address = serializers.ListField(child=serializers.CharField())
    code = serializers.CharField()
    zone = serializers.CharField()
    accreditation = serializers.CharField()
    version = serializers.IntegerField()


class LaboratoryEdit(Input):
    """What changes; what is left out stays."""

    name = text(200)
    address = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=8)
    code = text(8, help_text="First letters of every reference; fixed once a case has its number.")
    zone = text(64, help_text="IANA name, such as Africa/Nairobi.")
    accreditation = text(300)


class LaboratoryView(View):
    """This laboratory."""

    @reads("laboratory_get", LaboratoryOut, area=AREA, edited=True)
    def get(self, request: Request) -> Response:
        """Name, address, code, zone and accreditation."""
        require(self.actor, "settings.manage")
        return self._answer(laboratory_get())

    @edits("laboratory_change", LaboratoryEdit, LaboratoryOut, area=AREA)
    def patch(self, request: Request) -> Response:
        """Change them; what stood there before stays in the ledger."""
        require(self.actor, "settings.manage")
        version = if_match(request)
        facts = _facts(laboratory_get(), self.body(LaboratoryEdit))
        return self._answer(laboratory_change(actor=self.actor, version=version, facts=facts))

    def _answer(self, row: LaboratoryIdentity) -> Response:
        return self.one(row, LaboratoryOut, version=row.version)


def _facts(now: LaboratoryIdentity, body: dict[str, Any]) -> LaboratoryFacts:
    address = "\n".join(body.pop("address", now.address))
    known = LaboratoryFacts(
        name=now.name, code=now.code, zone=now.zone, address=address, accreditation=now.accreditation
    )
    return replace(known, **body)


urlpatterns = [path("laboratory/", LaboratoryView.as_view())]

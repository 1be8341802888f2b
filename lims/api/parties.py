"""Parties: agencies, named people without an account, staff to choose from; and open code lists."""

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chain_of_custody.enums import PartyKind
from lims.accounts.selectors import party_list, staff_list
from lims.accounts.services import agency_create, named_party_create
from lims.api.base import View
from lims.api.fields import Code, Input, Output, PartyRef, text
from lims.api.operations import acts, creates, lists
from lims.casework.selectors.naming import party_named
from lims.casework.services.labels import badge_issue

AREA = "parties"


class PartyOut(PartyRef):
    """A party that can hold or receive evidence."""

    organisation = PartyRef(allow_null=True)
    country = serializers.CharField()
    signs_in = serializers.BooleanField(help_text="Whether it writes its own half of a hand-over.")


class PartyNew(Input):
    """Somebody without an account: a driver, a court clerk, a courier, a ranger."""

    kind = Code(["person", "courier"], required=False, default="person")
    name = text(200, required=True)
    organisation = serializers.UUIDField(required=False, allow_null=True, default=None)
    country = serializers.RegexField("^([A-Z]{2})?$", required=False, allow_blank=True, help_text="ISO 3166-1 alpha-2.")
    document_kind = text(60)
    document_number = text(60)


class AgencyNew(Input):
    """An organisation that submits exhibits or asks for reports."""

    name = text(200, required=True)


class PartyFilter(Input):
    """What to show of the parties."""

    kind = Code(PartyKind.values, required=False)
    search = text(100, help_text="Part of the name.")


class StaffOut(Output):
    """A person of the laboratory."""

    account = serializers.UUIDField(source="uuid")
    party = PartyRef()


class BadgeOut(Output):
    """The scan code of a badge or a place."""

    code = serializers.CharField()


class Parties(View):
    """Everybody and every place that can hold evidence."""

    @lists("party_list", PartyOut, area=AREA, query=PartyFilter)
    def get(self, request: Request) -> Response:
        """Parties by name."""
        return self.page(party_list(actor=self.actor, **self.query(PartyFilter)), PartyOut)

    @creates("party_create", PartyNew, PartyOut, area=AREA)
    def post(self, request: Request) -> Response:
        """Name somebody without an account who takes part in custody."""
        body = self.body(PartyNew)
        home = body.pop("organisation")
        organisation = party_named(uuid=home, field="organisation") if home else None
        party = named_party_create(actor=self.actor, organisation=organisation, **body)
        return Response(self.data(party, PartyOut), status=201)


class Agencies(View):
    """Organisations."""

    @lists("agency_list", PartyOut, area=AREA)
    def get(self, request: Request) -> Response:
        """Organisations by name."""
        return self.page(party_list(actor=self.actor, kind="organisation"), PartyOut)

    @creates("agency_create", AgencyNew, PartyOut, area=AREA)
    def post(self, request: Request) -> Response:
        """Name an organisation."""
        return Response(self.data(agency_create(actor=self.actor, **self.body(AgencyNew)), PartyOut), status=201)


class Staff(View):
    """Who works in the laboratory."""

    @lists("staff_list", StaffOut, area=AREA)
    def get(self, request: Request) -> Response:
        """Active staff, to choose a receiver or a reviewer from."""
        return self.page(staff_list(actor=self.actor), StaffOut)


class Badge(View):
    """The scan code of a person or place."""

    @acts("badge_issue", None, BadgeOut, area=AREA)
    def post(self, request: Request, uuid: str) -> Response:
        """Give a badge or a place its scan code; the same again where there is one."""
        party = party_named(uuid=self.kwargs["uuid"], field="party")
        return self.one(badge_issue(actor=self.actor, party=party), BadgeOut)


urlpatterns = [
    path("parties/", Parties.as_view()),
    path("parties/<uuid:uuid>/badge/", Badge.as_view()),
    path("agencies/", Agencies.as_view()),
    path("staff/", Staff.as_view()),
]

"""Persons forgotten by law: asked for by one, confirmed by another."""

from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View, created
from lims.api.fields import Input, Output, PartyRef, text
from lims.api.operations import acts, creates, lists
from lims.casework.selectors.forgetting import forgetting_get, forgetting_list
from lims.casework.selectors.naming import party_named
from lims.casework.services.forgetting import person_forget, person_forget_ask

AREA = "accounts"


class ForgettingOut(Output):
    """A person to be forgotten, or forgotten: then `party` bears no name any more."""

    uuid = serializers.UUIDField()
    party = PartyRef()
    legal_basis = serializers.CharField()
    reason = serializers.CharField()
    asked_by = PartyRef()
    asked_at = serializers.DateTimeField()
    confirmed_by = PartyRef(allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)
    erased = serializers.DictField(child=serializers.IntegerField(), help_text="How much was erased, by kind.")
    left = serializers.DictField(
        child=serializers.IntegerField(), help_text="Where the name still stood afterwards, by table and column."
    )


class ForgettingNew(Input):
    """A person to be forgotten. Neither text may name the person: both stay."""

    party = serializers.UUIDField()
    legal_basis = text(500, required=True, help_text="Law and article, decision, date.")
    reason = text(500, required=True)


class Forgettings(View):
    """Persons to be forgotten."""

    @lists("forgetting_list", ForgettingOut, area=AREA)
    def get(self, request: Request) -> Response:
        """Every one asked for, the newest first."""
        return self.page(forgetting_list(actor=self.actor), ForgettingOut)

    @creates("forgetting_create", ForgettingNew, ForgettingOut, area=AREA)
    def post(self, request: Request) -> Response:
        """Ask that a person be forgotten; nothing is erased before somebody else confirms."""
        body = self.body(ForgettingNew)
        party = party_named(uuid=body.pop("party"), field="party")
        made = person_forget_ask(actor=self.actor, party=party, **body)
        return created(self.data(made, ForgettingOut), location=f"/api/v1/forgettings/{made.uuid}/")


class ForgettingConfirm(View):
    """The second person's confirmation."""

    @acts("forgetting_confirm", None, ForgettingOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Erase for good what says who the person was; the ledger still verifies."""
        person_forget(actor=self.actor, forgetting=forgetting_get(actor=self.actor, uuid=uuid))
        return self.one(forgetting_get(actor=self.actor, uuid=uuid), ForgettingOut)


urlpatterns = [
    path("forgettings/", Forgettings.as_view()),
    path("forgettings/<uuid:uuid>/confirm/", ForgettingConfirm.as_view()),
]

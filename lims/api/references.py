"""What is known of a reference set, and who may use a restricted one, over the API."""

from typing import Any
from uuid import UUID

from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.accounts.selectors import parties_named
from lims.api.base import View, created
from lims.api.fields import Output
from lims.api.lab_shapes import GrantAsk, GrantEndAsk, GrantShow, ReferenceShow, RestrictionAsk
from lims.api.operations import acts, creates, reads
from lims.common.errors import BadInput
from lims.lab.selectors.referenceaccess import grant_get, reference_grants
from lims.lab.selectors.referencechecks import reference_checks
from lims.lab.selectors.work import reference_get
from lims.lab.services.referenceaccess import reference_grant, reference_grant_end, reference_restrict


class ChecksShow(Output):
    """What the build found when it tested the set. Places are squares of `places_km` for whoever may not see more."""

    checks = serializers.DictField()


class GrantsShow(Output):
    """Every grant on a set, those that hold first."""

    grants = GrantShow(many=True)


class ReferenceChecks(View):
    """The tests of a reference set."""

    @reads("reference_checks", ChecksShow, area="references")
    def get(self, request: Request, uuid: UUID) -> Response:
        """Accuracy, diversity, equilibrium, sampled places, permits; coverage; confusion; bounds: by the set's kind."""
        row = reference_get(actor=self.actor, uuid=uuid)
        return Response(ChecksShow({"checks": reference_checks(actor=self.actor, reference=row)}).data)


class ReferenceRestriction(View):
    """The restriction of a reference set."""

    @acts("reference_restrict", RestrictionAsk, ReferenceShow, area="references")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Restrict the set to people with a grant, or open it."""
        row = reference_get(actor=self.actor, uuid=uuid)
        reference_restrict(actor=self.actor, reference=row, **self.body(RestrictionAsk))
        return Response(ReferenceShow(reference_get(actor=self.actor, uuid=uuid)).data)


class ReferenceGrants(View):
    """Grants on a restricted set."""

    @reads("reference_grant_list", GrantsShow, area="references")
    def get(self, request: Request, uuid: UUID) -> Response:
        """Every grant, those that hold first."""
        row = reference_get(actor=self.actor, uuid=uuid)
        return Response(GrantsShow({"grants": reference_grants(actor=self.actor, reference=row)}).data)

    @creates("reference_grant", GrantAsk, GrantShow, area="references")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Let one person use the set, with or without its exact coordinates."""
        row, data = reference_get(actor=self.actor, uuid=uuid), self.body(GrantAsk)
        made = reference_grant(actor=self.actor, reference=row, **{**data, "party": _party(data["party"])})
        return created(GrantShow(made).data, location=f"/api/v1/reference-sets/{row.uuid}/grants/")


class ReferenceGrantEnd(View):
    """The end of a grant."""

    @acts("reference_grant_end", GrantEndAsk, GrantShow, area="references")
    def post(self, request: Request, uuid: UUID, pk: int) -> Response:
        """End the grant; it stays in the record."""
        row = reference_get(actor=self.actor, uuid=uuid)
        reference_grant_end(
            actor=self.actor,
            grant=grant_get(actor=self.actor, reference=row, pk=pk),
            reason=self.body(GrantEndAsk)["reason"],
        )
        return Response(GrantShow(grant_get(actor=self.actor, reference=row, pk=pk)).data)


def _party(uuid: UUID) -> Any:
    found = parties_named(uuids=[uuid]).get(uuid)
    if found is None:
        raise BadInput(_("There is no such party."), code="unknown-party", field="party", found=str(uuid))
    return found


urlpatterns = [
    path("reference-sets/<uuid:uuid>/checks/", ReferenceChecks.as_view(), name="reference-checks"),
    path("reference-sets/<uuid:uuid>/restriction/", ReferenceRestriction.as_view(), name="reference-restriction"),
    path("reference-sets/<uuid:uuid>/grants/", ReferenceGrants.as_view(), name="reference-grants"),
    path("reference-sets/<uuid:uuid>/grants/<int:pk>/end/", ReferenceGrantEnd.as_view(), name="reference-grant-end"),
]

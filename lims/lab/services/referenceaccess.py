"""Access per reference: a set is restricted or opened, a person is granted its use or its coordinates, a grant ends."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Party
from chain_of_custody.services import act_append
from lims.accounts.actors import Actor, require
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation
from lims.lab.enums import ReferenceRight
from lims.lab.models import ReferenceGrant, ReferenceSet
from lims.lab.services.references import coarse_check, reference_draft


def reference_restrict(
    *, actor: Actor, reference: ReferenceSet, restricted: bool, coarse_km: int = 0, reason: str
) -> ReferenceSet:
    """Restrict a set to those with a grant, or open it; outputs made before keep what they show.

    Raises:
        NotAllowed: without `quality.manage`.
        BadInput: no reason, or squares of another size than 0 to 1,000 km.
    """
    require(actor, "quality.manage")
    reason = text_clean(reason, field="reason", required=True)
    coarse = coarse_check(coarse_km, restricted=restricted)
    with transaction.atomic():
        row = ReferenceSet.objects.select_for_update(no_key=True).get(pk=reference.pk)
        row.restricted, row.coarse_km = restricted, coarse
        row.save(update_fields=["restricted", "coarse_km"])
        values: dict[str, Json] = {"coarse_km": coarse}
        verb = "restricted" if restricted else "opened"
        act_append(actor=actor, drafts=[reference_draft(row, verb, values)], reason=reason)
    return row


def reference_grant(*, actor: Actor, reference: ReferenceSet, party: Party, right: str, reason: str) -> ReferenceGrant:
    """Let one person use a restricted set, with or without its exact coordinates.

    Raises:
        NotAllowed: without `quality.manage`.
        BadInput: no such right, no reason, or a party that is no person with an account.
        RuleViolation: the person holds a grant on it already.
    """
    require(actor, "quality.manage")
    reason = text_clean(reason, field="reason", required=True)
    if right not in ReferenceRight.values:
        raise BadInput(_("Choose what the grant allows."), code="unknown-right", field="right", found=right)
    if not party.users.exists():
        raise BadInput(_("A grant is for a person with an account."), code="no-account", field="party")
    with transaction.atomic():
        row = ReferenceSet.objects.select_for_update(no_key=True).get(pk=reference.pk)
        grant = _insert(
            ReferenceGrant(
                reference=row,
                party=party,
                right=right,
                reason=reason,
                granted_by_id=actor.party_id,
                granted_at=timezone.now(),
            )
        )
        values: dict[str, Json] = {"party": str(party.uuid), "right": right}
        act_append(actor=actor, drafts=[reference_draft(row, "granted", values)], reason=reason)
    return grant


def reference_grant_end(*, actor: Actor, grant: ReferenceGrant, reason: str) -> None:
    """End a grant; it stays in the record.

    Raises:
        NotAllowed: without `quality.manage`.
        RuleViolation: it has ended already.
    """
    require(actor, "quality.manage")
    reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        row = ReferenceSet.objects.select_for_update(no_key=True).get(pk=grant.reference_id)
        rows = ReferenceGrant.objects.filter(pk=grant.pk, ended_at__isnull=True)
        if not rows.update(ended_at=timezone.now(), ended_by_id=actor.party_id):
            raise RuleViolation(_("This grant has ended already."), code="grant-over")
        values: dict[str, Json] = {"party": str(grant.party.uuid), "right": grant.right}
        act_append(actor=actor, drafts=[reference_draft(row, "grant_ended", values)], reason=reason)


def _insert(grant: ReferenceGrant) -> ReferenceGrant:
    try:
        with transaction.atomic():
            grant.save(force_insert=True)
    except IntegrityError as error:
        if "reference_grant_one_at_a_time" not in str(error):
            raise
        raise RuleViolation(
            _("%(name)s holds a grant on this set already. End it first.") % {"name": grant.party.name},
            code="granted-already",
            field="party",
        ) from error
    return grant

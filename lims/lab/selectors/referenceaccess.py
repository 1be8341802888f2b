"""Who sees a restricted reference, who may use it, and who reads exact coordinates.

Without restriction: whoever reads runs sees the set and its coordinates. Restricted: the person who proposed it, those
with a grant, and quality, which approves it and gives grants, see it; runs are started by the first two; exact
coordinates are read by who proposed it and by those granted them. Everybody else is told that there is no such set.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import Party
from lims.accounts.actors import Actor, require
from lims.accounts.roles import LABORATORY_ROLES
from lims.common.errors import NotFound
from lims.lab.enums import ReferenceRight
from lims.lab.models import ReferenceGrant, ReferenceSet


def _granted(actor: Actor) -> Exists:
    grants = ReferenceGrant.objects.filter(reference=OuterRef("pk"), party_id=actor.party_id, ended_at__isnull=True)
    return Exists(grants)


def references_used(rows: QuerySet[ReferenceSet], actor: Actor) -> QuerySet[ReferenceSet]:
    """Of these, the sets that the actor may start runs against."""
    if actor.system:
        return rows
    return rows.filter(Q(restricted=False) | Q(added_by_id=actor.party_id) | _granted(actor))


def references_seen(rows: QuerySet[ReferenceSet], actor: Actor) -> QuerySet[ReferenceSet]:
    """Of these, the sets that the actor may see."""
    return rows if actor.may("quality.manage") else references_used(rows, actor)


def reference_usable_by(*, actor: Actor, reference: ReferenceSet) -> bool:
    """Whether the actor may start a run against this set."""
    return references_used(ReferenceSet.objects.filter(pk=reference.pk), actor).exists()


def reference_seen_by(*, actor: Actor, reference: ReferenceSet) -> bool:
    """Whether the actor may open this set's page."""
    rows = ReferenceSet.objects.filter(pk=reference.pk)
    return actor.may_somewhere("run.read") and references_seen(rows, actor).exists()


def coordinates_shown(*, actor: Actor, reference: ReferenceSet) -> bool:
    """Whether the actor reads exact coordinates of this set."""
    if not reference.restricted or actor.system or reference.added_by_id == actor.party_id:
        return True
    held = reference.grants.filter(party_id=actor.party_id, ended_at__isnull=True, right=ReferenceRight.COORDINATES)
    return held.exists()


def reference_grants(*, actor: Actor, reference: ReferenceSet) -> list[ReferenceGrant]:
    """Every grant on a set, those that hold first, for quality.

    Raises:
        NotAllowed: without `quality.manage`.
    """
    require(actor, "quality.manage")
    rows = reference.grants.select_related("party", "granted_by", "ended_by").order_by("pk")
    return sorted(rows, key=lambda one: (one.ended_at is not None, one.pk))


def grant_get(*, actor: Actor, reference: ReferenceSet, pk: int) -> ReferenceGrant:
    """One grant on a set already seen.

    Raises:
        NotAllowed: without `quality.manage`.
        NotFound: none.
    """
    require(actor, "quality.manage")
    row = reference.grants.select_related("party").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("There is no such grant."), code="grant-not-found")
    return row


def people_grantable(*, actor: Actor) -> list[Party]:
    """People with an active account of a role that starts or reads runs, in order of name.

    Raises:
        NotAllowed: without `quality.manage`.
    """
    require(actor, "quality.manage")
    roles = [role.value for role in LABORATORY_ROLES]
    rows = Party.objects.filter(
        users__is_active=True, users__role_grants__role__in=roles, users__role_grants__until__isnull=True
    )
    return list(rows.distinct().order_by("name"))

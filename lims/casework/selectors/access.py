"""Who may see which case: the one filter every selector of case content goes through."""

from datetime import datetime
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from lims.accounts.actors import Actor, Grant, Scope
from lims.casework.models import Case, CaseAssignment

M = TypeVar("M", bound=Model)


def case_grants(user_id: int, now: datetime) -> list[Grant]:
    """The case assignments of a user that hold at `now`, as grants of case scope."""
    rows = (
        CaseAssignment.objects.filter(user_id=user_id, since__lte=now)
        .filter(Q(until__isnull=True) | Q(until__gt=now))
        .order_by("id")
        .values_list("role", "case__uuid")
    )
    return [Grant(role=role, scope="case", case=case) for role, case in rows]


def case_scope(case: Case) -> Scope:
    """The scope of a case: itself and its agency (which must be loaded)."""
    return Scope(case=case.uuid, agency=case.agency.uuid)


def visible(queryset: QuerySet[M], actor: Actor, capability: str, *, path: str = "case__") -> QuerySet[M]:
    """Only the rows whose case the actor's grants for `capability` cover; nothing without a grant.

    Args:
        path: the lookup from the row to its case, `""` for cases themselves.
    """
    if actor.system:
        return queryset
    wanted = Q(pk__in=[])
    for grant in actor.scopes_of(capability):
        if grant.scope == "lab":
            return queryset
        if grant.scope == "agency":
            wanted |= Q(**{f"{path}agency__uuid": grant.agency})
        else:
            wanted |= Q(**{f"{path}uuid": grant.case})
    return queryset.filter(wanted)


def reason_needed(*, actor: Actor, case: Case) -> bool:
    """Whether the actor is an outsider to the case, who states a reason before seeing it.

    Laboratory staff work on all its cases; people with a dated assignment were let in by name. Everyone else (an
    auditor, a guest with rights over an agency's cases) says why (Directive 2016/680 Art. 25 [M]).
    """
    if actor.system or actor.in_laboratory:
        return False
    return not any(grant.scope == "case" and grant.case == case.uuid for grant in actor.grants)

"""The thresholds that searches can use: tables of the laboratory, signed off by a second person, and the program's."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.lab.enums import ReferenceKind, ReferenceState
from lims.lab.models import ReferenceSet
from lims.lab.selectors.referenceaccess import references_used
from lims.links.models import LinkSearch
from lims.links.rules.ruling import rules_known


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShown:
    """The thresholds of a search: every value with its source, and who signed them off, empty where nobody did."""

    values: Sequence[Sequence[str]]
    signed_off: str


def rule_sets(*, actor: Actor) -> list[ReferenceSet]:
    """Tables of the laboratory that are signed off and not retired, the newest first."""
    rows = ReferenceSet.objects.filter(kind=ReferenceKind.LINK_RULE, state=ReferenceState.APPROVED)
    return list(references_used(rows, actor).select_related("approved_by").order_by("-approved_at", "-pk"))


def rules_offered(*, actor: Actor) -> list[tuple[str, str]]:
    """What a search can be ordered under, the one that holds first: a key and words."""
    own = [(str(one.uuid), _("%(name)s, signed off here") % {"name": str(one)}) for one in rule_sets(actor=actor)]
    known = [
        (name, _("%(name)s, of the program, not signed off here") % {"name": f"{name} {rule.version}"})
        for name, rule in rules_known().items()
    ]
    return [*own, *known]


def rule_of(search: LinkSearch) -> RuleShown:
    """The thresholds a search used; no values where the program's table is another one by now."""
    used = search.rule_set
    if used is not None:
        day = timezone.localtime(used.approved_at).date().isoformat() if used.approved_at else ""
        by = used.approved_by.name if used.approved_by else ""
        return RuleShown(values=used.checks["values"], signed_off=f"{by}, {day}")
    rule = rules_known().get(search.rule)
    same = rule is not None and rule.sha256 == search.rule_sha256
    return RuleShown(values=rule.sources if rule is not None and same else (), signed_off="")

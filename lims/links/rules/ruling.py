"""The rules of links a laboratory can choose from, read once."""

from functools import cache

from django.utils.translation import gettext as _

from analysis.individual.linkrules import DEFAULT, LinkRule, link_rules
from lims.common.errors import BadInput

__all__ = ["DEFAULT", "rule_named", "rules_known"]


@cache
def rules_known() -> dict[str, LinkRule]:
    """Every rule by name."""
    return link_rules()


def rule_named(name: str) -> LinkRule:
    """One rule.

    Raises:
        BadInput: none of that name.
    """
    rule = rules_known().get(name)
    if rule is None:
        raise BadInput(_("There is no rule of this name."), code="unknown-rule", field="rule", found=name)
    return rule

"""A laboratory's thresholds of links as a frozen reference of kind «link.rule»: signed off before searches use them."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.canonical import Json
from analysis.individual.linkrules import LinkRule, link_rules
from analysis.signed_table import SignedTable


def _read(text: str, name: str) -> Mapping[str, LinkRule]:
    return link_rules(text, name=name)


def _values(rule: LinkRule) -> dict[str, Json]:
    values: list[Json] = [list(one) for one in rule.sources]
    return {"values": values}


LINK_RULES = SignedTable(kind="link.rule", table="rule.csv", word="rule", read=_read, more=_values)

"""A laboratory's thresholds of links as a frozen reference of kind «link.rule»: signed off before searches use them."""

from __future__ import annotations

from pathlib import Path

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.individual.linkrules import LinkRule, link_rules
from analysis.reference import ReferenceSet, freeze_files, open_reference
from analysis.textfile import text_of

KIND = "link.rule"
TABLE = "rule.csv"


def linkrule_freeze(folder: Path, content: bytes, *, file: str, name: str, version: str) -> ReferenceSet:
    """Check a table that holds one rule and freeze it. Raises `InputRefused` as `link_rules` does, and for several."""
    found = _only(text_of(content, name=file), file)
    values: list[Json] = [list(one) for one in found.sources]
    facts: dict[str, Json] = {
        "rule": found.name,
        "rule_version": found.version,
        "values": values,
        "content_sha256": found.sha256,
    }
    return freeze_files(folder, {TABLE: content}, kind=KIND, name=name, version=version, facts=facts)


def linkrule_open(folder: Path) -> LinkRule:
    """Open a frozen rule; every byte is checked."""
    reference = open_reference(folder, kind=KIND)
    return _only(text_of(reference.path(TABLE).read_bytes(), name=TABLE), TABLE)


def _only(text: str, file: str) -> LinkRule:
    found = link_rules(text, name=file)
    if len(found) != 1:
        raise InputRefused(
            f"The table holds the rules {', '.join(sorted(found))}.", file=file, remedy="Propose one rule at a time."
        )
    return next(iter(found.values()))

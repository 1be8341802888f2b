"""Thresholds of links between seizures: a versioned table with the source of every value, never code.

A value whose source begins with `[M]` was set by judgement and is to be confirmed by the laboratory's own validation.
A laboratory signs its own table off; the digest that a result names is over rule, version and values.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from analysis.canonical import canonical_json, sha256_hex
from analysis.errors import InputRefused

TABLE = "link_rules.csv"
COLUMNS = ("rule", "version", "field", "key", "value", "source")
DEFAULT = "pairs-of-seizures"
_SINGLE = (
    "least_shared_loci", "least_shared_share", "direct_weight", "shown_from", "least_kin_pairs", "budget",
    "direct_least_log10", "direct_over_siblings_log10", "dropout", "miscall", "draws",
)  # fmt: skip
_KEYED = ("theta", "published_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRule:
    """What is compared and what counts as a link.

    `bins`: lower ends of the bins of log10 LR of relatives, the last open above. `shown_from`, `least_kin_pairs`: what
    the kin evidence of a pair of seizures must reach. `budget`: how many chance links a whole search may be expected
    to make. `sources` tells where each value comes from.
    """

    name: str
    version: str
    bins: tuple[float, ...]
    least_shared_loci: int
    least_shared_share: float
    direct_weight: float
    shown_from: float
    least_kin_pairs: int
    budget: float
    direct_least_log10: float
    direct_over_siblings_log10: float
    dropout: float
    miscall: float
    draws: int
    theta: Mapping[str, float]
    published_rate: Mapping[str, float] = field(default_factory=dict)
    sources: tuple[tuple[str, str, str], ...] = ()
    sha256: str = ""

    def theta_of(self, taxon: str) -> float:
        """Coancestry of a species' populations, that of the empty name where the table has none of its own."""
        return self.theta.get(taxon, self.theta[""])

    def shared_needed(self, loci: int) -> int:
        """At how many loci of a panel two profiles must be typed together."""
        return max(self.least_shared_loci, math.ceil(self.least_shared_share * loci - 1e-9))

    def published_of(self, taxon: str) -> tuple[float | None, ...]:
        """Published rates of chance finds per bin, for comparison; None where there is none."""
        return tuple(self.published_rate.get(f"{taxon} {start:.1f}") for start in self.bins)


def link_rules(text: str | None = None, *, name: str = TABLE) -> dict[str, LinkRule]:
    """The tables that come with the program, or those of a CSV, by name; the last version of a rule counts.

    Raises `InputRefused` for another head, a value that is no number, a field that is not known, missing or doubled,
    bins that do not rise, and a threshold that could show a single pair of relatives.
    """
    content = files("analysis.individual").joinpath(TABLE).read_text(encoding="utf-8") if text is None else text
    reader = csv.DictReader(io.StringIO(content, newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise InputRefused(
            "The head is not that of rules for links.",
            file=name,
            row=1,
            remedy=f"Its columns are {', '.join(COLUMNS)}.",
        )
    rows: dict[tuple[str, str], list[tuple[int, dict[str, str]]]] = {}
    for row in reader:
        rows.setdefault((row["rule"], row["version"]), []).append((reader.line_num, row))
    found = {rule: _rule(rule, version, given, name) for (rule, version), given in rows.items()}
    if not found:
        raise InputRefused("The table holds no rule.", file=name, remedy="Add the laboratory's rule.")
    return found


def _rule(rule: str, version: str, rows: Sequence[tuple[int, dict[str, str]]], file: str) -> LinkRule:
    single: dict[str, float] = {}
    keyed: dict[str, dict[str, float]] = {name: {} for name in _KEYED}
    bins: list[float] = []
    for line, row in rows:
        value, known = _number(row, file, line), row["field"]
        if known == "bin":
            bins.append(value)
        elif known in _KEYED and row["key"] not in keyed[known]:
            keyed[known][row["key"]] = value
        elif known in _SINGLE and known not in single:
            single[known] = value
        else:
            raise _refused(f"«{known}» is no field of a rule, or stands twice.", file, line, "field")
    _complete(single, keyed["theta"], bins, file, rows[0][0])
    values = {"rule": rule, "version": version, "bins": [f"{one:.17g}" for one in bins]}
    values |= {key: f"{value:.17g}" for key, value in single.items()}
    values |= {f"theta {key}": f"{value:.17g}" for key, value in keyed["theta"].items()}
    least_shared, least_kin, draws = (int(single.pop(key)) for key in ("least_shared_loci", "least_kin_pairs", "draws"))
    return LinkRule(
        name=rule,
        version=version,
        bins=tuple(bins),
        least_shared_loci=least_shared,
        least_kin_pairs=least_kin,
        draws=draws,
        least_shared_share=single["least_shared_share"],
        direct_weight=single["direct_weight"],
        shown_from=single["shown_from"],
        budget=single["budget"],
        direct_least_log10=single["direct_least_log10"],
        direct_over_siblings_log10=single["direct_over_siblings_log10"],
        dropout=single["dropout"],
        miscall=single["miscall"],
        theta=keyed["theta"],
        published_rate=keyed["published_rate"],
        sources=tuple((f"{row['field']} {row['key']}".strip(), row["value"], row["source"]) for _line, row in rows),
        sha256=sha256_hex(canonical_json(values)),
    )


def _number(row: dict[str, str], file: str, line: int) -> float:
    try:
        value = float(row["value"])
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise _refused(f"«{row['value']}» is no number of 0 or more.", file, line, "value")
    if not (row["source"] or "").strip():
        raise _refused("The value has no source.", file, line, "source")
    return value


def _complete(
    single: Mapping[str, float], theta: Mapping[str, float], bins: Sequence[float], file: str, line: int
) -> None:
    missing = [name for name in _SINGLE if name not in single] + ([] if "" in theta else ["theta"])
    if missing or not bins:
        raise _refused(f"The rule has no {', '.join(missing or ['bin'])}.", file, line, "field")
    if list(bins) != sorted(set(bins)):
        raise _refused("The bins do not rise.", file, line, "value")
    if single["least_kin_pairs"] < 2:
        raise _refused("A single pair of relatives is never a link: least_kin_pairs is 2 or more.", file, line, "value")


def _refused(message: str, file: str, line: int, column: str) -> InputRefused:
    return InputRefused(message, file=file, row=line, field=column, remedy="Correct the table of rules.")

"""Whether claims make a pedigree that can be: every animal known, once, of one sex, and not its own ancestor."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from analysis.errors import InputRefused
from analysis.genotypes.table import GenotypeTable
from analysis.individual.claims import UNTYPED, Claim


def names_check(claims: Sequence[Claim], table: GenotypeTable, file: str) -> None:
    """Raises `InputRefused` for an animal that is not in the table and not stated as untyped, or is both."""
    known = set(table.ids)
    stated = {name for claim in claims for name in claim.untyped}
    for claim in claims:
        for column, name in claim.animals:
            if name not in known and name not in stated:
                near = difflib.get_close_matches(name, table.ids, n=1, cutoff=0.6)
                hint = f"Did you mean «{near[0]}»? " if near else ""
                raise InputRefused(
                    f"«{name}» is not in the genotype table «{table.name}».",
                    file=file or None, row=claim.line, field=column,
                    remedy=f"{hint}Name it as the table does; name an animal that was never typed in the column "
                    f"«{UNTYPED}» too.",
                )  # fmt: skip
        wrong = sorted(claim.untyped & known)
        if wrong:
            raise InputRefused(
                f"«{wrong[0]}» is stated as untyped, but stands in the genotype table «{table.name}».",
                file=file or None, row=claim.line, field=UNTYPED, remedy="Keep one of the two.",
            )  # fmt: skip


def claims_in_order(claims: Sequence[Claim], file: str) -> list[Claim]:
    """The claims with ancestors before descendants, those of one depth as they stand in the table.

    Raises `InputRefused` for parents claimed twice, two sexes of one animal, and a pedigree that runs in a circle.
    """
    by_young = _by_young(claims, file)
    _sexes_check(claims, file)
    order: list[Claim] = []
    placed: set[str] = set()
    waiting = list(claims)
    while waiting:
        ready = [one for one in waiting if all(name in placed or name not in by_young for _, name in one.parents)]
        if not ready:
            _circle(waiting[0], by_young, placed, file)
        order += ready
        placed |= {one.young for one in ready}
        waiting = [one for one in waiting if one.young not in placed]
    return order


def _by_young(claims: Sequence[Claim], file: str) -> dict[str, Claim]:
    found: dict[str, Claim] = {}
    for claim in claims:
        first = found.setdefault(claim.young, claim)
        if first is not claim:
            same = first.parents == claim.parents
            raise InputRefused(
                f"Parents of «{claim.young}» are claimed twice{'' if same else ', and differently'}"
                f"{f' (row {first.line} too)' if first.line else ''}.",
                file=file or None, row=claim.line, field="young",
                remedy="Keep one row for each young animal; test other claims about it in a run of their own.",
            )  # fmt: skip
    return found


def _sexes_check(claims: Sequence[Claim], file: str) -> None:
    kinds: dict[str, tuple[str, int | None]] = {}
    for claim in claims:
        for kind, name in claim.parents:
            before, line = kinds.setdefault(name, (kind, claim.line))
            if before != kind:
                place = f" in row {line}" if line else ""
                raise InputRefused(
                    f"«{name}» is a {before}{place} and a {kind} here.",
                    file=file or None, row=claim.line, field=kind,
                    remedy="An animal is the one or the other: correct the pedigree.",
                )  # fmt: skip


def _circle(start: Claim, by_young: Mapping[str, Claim], placed: set[str], file: str) -> None:
    """Raises `InputRefused`, naming the circle that `start` is in or descends from."""
    path = [start]
    while True:
        parents = [name for _, name in path[-1].parents if name in by_young and name not in placed]
        upward = by_young[parents[0]]
        if upward in path:
            circle = path[path.index(upward) :]
            names = " ← ".join(f"«{one.young}»" for one in [*circle, upward][:8])
            raise InputRefused(
                f"«{upward.young}» is its own ancestor: {names}.",
                file=file or None, row=upward.line, field="young", remedy="Correct the pedigree: it runs in a circle.",
            )  # fmt: skip
        path.append(upward)

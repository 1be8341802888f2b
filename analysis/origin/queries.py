"""Samples of unknown origin, brought into the baseline's loci and alleles, and looked at with suspicion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.genotypes.table import MISSING, Codes, GenotypeTable
from analysis.origin.baseline import Baseline

SHORTEST_LENGTH = 20
"""Whole-number alleles from here on are fragment lengths; below, coded alleles of SNPs."""

SUSPECT_COUNT = 2
SUSPECT_SHARE = 0.25
MOST_ALIKE = 20
"""Names of samples with the same genotype that an answer lists."""

_NEIGHBOUR_SHARE = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """N samples in the baseline's order of loci.

    `codes` (L, N, 2) as `likelihood.log_likelihoods` takes them, `unknown` (N,) the number of allele copies
    the baseline does not hold, `in_baseline` (N,) the row of the same animal in the baseline or -1.
    `same_as` names, per sample, others with exactly the same genotype.
    """

    table: GenotypeTable
    codes: Codes
    unknown: npt.NDArray[np.intp]
    in_baseline: npt.NDArray[np.intp]
    same_as: tuple[tuple[str, ...], ...]
    notices: tuple[str, ...]

    @property
    def typed(self) -> npt.NDArray[np.bool_]:
        """(N, L): whether a sample is typed at a locus."""
        return np.ascontiguousarray((self.codes[:, :, 0] != MISSING).T)


def queries_align(baseline: Baseline, table: GenotypeTable) -> Queries:
    """Bring samples into the baseline's terms.

    A locus the samples' table does not have counts as untyped. Raises `InputRefused` where no locus is
    shared, an allele is outside the range of its locus, or columns are evidently shifted.
    """
    places = {name: position for position, name in enumerate(table.loci)}
    shared = [name for name in baseline.table.loci if name in places]
    if not shared:
        raise InputRefused(
            f"No locus is also in the baseline; the first are {', '.join(table.loci[:4])}, the baseline's "
            f"{', '.join(baseline.table.loci[:4])}.",
            file=table.name,
            row=1,
            remedy="Use the baseline of the same marker panel, or rename the columns.",
        )
    codes = np.full((len(baseline.table.loci), len(table), 2), MISSING, dtype=np.int16)
    for locus, name in enumerate(baseline.table.loci):
        if name in places:
            _panel_check(baseline, locus, table, places[name])
            codes[locus] = _recoded(baseline, locus, table, places[name])
    known = baseline.allele_counts[:, None, None]
    unknown = (codes >= known).sum(axis=(0, 2))
    _shift_check(baseline, table, codes, unknown)
    return Queries(
        table=table,
        codes=codes,
        unknown=unknown,
        in_baseline=_in_baseline(baseline, table, codes),
        same_as=_same_as(baseline, table, codes),
        notices=(*table.notices, *_locus_notices(baseline, table, shared)),
    )


def _locus_notices(baseline: Baseline, table: GenotypeTable, shared: list[str]) -> list[str]:
    absent = [name for name in baseline.table.loci if name not in set(shared)]
    other = [name for name in table.loci if name not in set(shared)]
    notices = []
    if absent:
        notices.append(f"Loci of the baseline that the samples lack: {', '.join(absent)}.")
    if other:
        notices.append(f"Loci of the samples that the baseline lacks, not used: {', '.join(other)}.")
    return notices


def _recoded(baseline: Baseline, locus: int, table: GenotypeTable, place: int) -> Codes:
    names = baseline.table.alleles[locus]
    index = {name: position for position, name in enumerate(names)}
    new = len(names)
    lookup = np.array([index.get(name, new) for name in table.alleles[place]] + [MISSING], dtype=np.int16)
    pairs = table.codes[place]
    found = lookup[pairs]
    # Two unknown alleles of one genotype are different unless they are the same allele.
    both = (found[:, 0] == new) & (found[:, 1] == new) & (pairs[:, 0] != pairs[:, 1])
    found[both, 1] = new + 1
    return np.sort(found, axis=1)


def _panel_check(baseline: Baseline, locus: int, table: GenotypeTable, place: int) -> None:
    known = baseline.table.alleles[locus]
    for code, allele in enumerate(table.alleles[place]):
        if known and not _within_panel(allele, known):
            row = int(np.flatnonzero((table.codes[place] == code).any(axis=1))[0])
            raise InputRefused(
                f"Allele {allele} is outside the range of this locus; the baseline holds {known[0]} to {known[-1]}.",
                file=table.name,
                row=table.lines[row],
                field=table.loci[place],
                remedy="Columns shifted, or another calibration? Compare with the baseline's panel.",
            )


def _within_panel(allele: str, known: tuple[str, ...]) -> bool:
    if not known[-1].isdigit():
        return not allele.isdigit()
    if not allele.isdigit():
        return False
    low, high = int(known[0]), int(known[-1])
    if low < SHORTEST_LENGTH:
        return int(allele) < SHORTEST_LENGTH or low <= int(allele) <= high
    margin = max(SHORTEST_LENGTH, high - low)
    return low - margin <= int(allele) <= high + margin


def suspect(unknown: int, typed_loci: int) -> bool:
    """Whether so many alleles are unknown that the typing itself is in doubt, not the origin.

    More than two, as in the ivory laboratories' check of a table before assignment (verifymsat of the
    SCAT pipeline), and at least a quarter of all copies.
    """
    return unknown > SUSPECT_COUNT and unknown >= SUSPECT_SHARE * 2 * typed_loci


def _shift_check(baseline: Baseline, table: GenotypeTable, codes: Codes, unknown: npt.NDArray[np.intp]) -> None:
    typed = (codes[:, :, 0] != MISSING).sum(axis=0)
    for row in np.flatnonzero(unknown > SUSPECT_COUNT):
        count = int(unknown[row])
        if suspect(count, int(typed[row])) and _at_neighbours(baseline, table, int(row)) >= (_NEIGHBOUR_SHARE * count):
            raise InputRefused(
                f"«{table.ids[row]}» has {count} alleles the baseline does not know at their locus but "
                "knows at the next: more than two unknown alleles, columns shifted?",
                file=table.name,
                row=table.lines[row],
                remedy="Compare the row with its head, cell by cell.",
            )


def _at_neighbours(baseline: Baseline, table: GenotypeTable, row: int) -> int:
    alleles = dict(zip(baseline.table.loci, map(set, baseline.table.alleles), strict=True))
    best = 0
    for step in (-1, 1):
        count = 0
        for place, name in enumerate(table.loci):
            beside = place + step
            pair = table.genotype(row, place)
            if pair is None or name not in alleles or not 0 <= beside < len(table.loci):
                continue
            near = alleles.get(table.loci[beside], set())
            count += sum(allele not in alleles[name] and allele in near for allele in pair)
        best = max(best, count)
    return best


def _in_baseline(baseline: Baseline, table: GenotypeTable, codes: Codes) -> npt.NDArray[np.intp]:
    rows = {animal: row for row, animal in enumerate(baseline.table.ids)}
    found = np.full(len(table), -1, dtype=np.intp)
    for sample, name in enumerate(table.ids):
        row = rows.get(name)
        if row is not None and np.array_equal(codes[:, sample], baseline.table.codes[:, row]):
            found[sample] = row
    return found


def _same_as(baseline: Baseline, table: GenotypeTable, codes: Codes) -> tuple[tuple[str, ...], ...]:
    owners: dict[bytes, list[str]] = {}
    own = [codes[:, row].tobytes() for row in range(len(table))]
    for key, name in zip(own, table.ids, strict=True):
        owners.setdefault(key, []).append(name)
    for row, animal in enumerate(baseline.table.ids):
        key = baseline.table.codes[:, row].tobytes()
        if key in owners and animal not in owners[key]:
            owners[key].append(f"{animal} (baseline)")
    empty = np.full((len(codes), 2), MISSING, dtype=np.int16).tobytes()
    return tuple(() if key == empty else _others(owners[key], name) for key, name in zip(own, table.ids, strict=True))


def _others(names: list[str], name: str) -> tuple[str, ...]:
    """The first other names of one genotype; in a table of one genotype a thousand times each row would name all."""
    found = [other for other in names[: MOST_ALIKE + 1] if other != name][:MOST_ALIKE]
    more = len(names) - 1 - len(found)
    return (*found, *([f"{more} more"] if more > 0 else []))

"""Reference population data: immutable, hashed, described."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.genotypes.reader import Layout, TableFormat, read_file, read_genotypes
from analysis.genotypes.table import MISSING, Codes, GenotypeTable, content_hash
from analysis.inputs import InputFile
from analysis.reference import ReferenceSet, freeze_files, open_reference

KIND = "origin.baseline"
TAG = "spoor/origin-baseline/1"
TABLE = "genotypes.csv"
KEPT_COLUMNS = ("latitude_column", "longitude_column", "permit_column")
"""What further columns of a frozen baseline may hold, as its manifest names them."""

Counts = npt.NDArray[np.int32]
Indexes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Typed animals of known origin.

    Populations stand in order of name, P of them; `member` (N,) gives each animal's population,
    `group_of` (P,) each population's reporting unit, which without a group column is the population
    itself. `counts` (P, L, A) are copies of each allele, padded with zeros; `copies` (P, L) their sum.
    `sha256` is over the content, whatever the order of rows and columns in the file.
    """

    name: str
    version: str
    sha256: str
    table: GenotypeTable
    populations: tuple[str, ...]
    groups: tuple[str, ...]
    group_of: Indexes
    member: Indexes
    counts: Counts
    copies: Counts
    allele_counts: Indexes

    @property
    def typed(self) -> npt.NDArray[np.bool_]:
        """(N,): whether an animal is typed at any locus."""
        found: npt.NDArray[np.bool_] = (self.table.codes[:, :, 0] != MISSING).any(axis=0)
        return found

    @property
    def sizes(self) -> Indexes:
        """(P,): animals per population."""
        return np.bincount(self.member, minlength=len(self.populations))

    def group_name(self, population: int) -> str:
        """The reporting unit a population belongs to."""
        return self.groups[int(self.group_of[population])]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocusDiversity:
    """Diversity at one locus over the baseline.

    `observed` is the share of heterozygotes among all typed animals; `expected` the mean over populations of
    Nei's (1978) unbiased gene diversity, 2n/(2n-1) (1 - sum of squared frequencies), populations with
    fewer than two typed animals left out; both `None` where nothing is typed.
    """

    locus: str
    alleles: int
    typed: int
    observed: float | None
    expected: float | None


def baseline_build(
    table: GenotypeTable,
    *,
    population_column: str,
    group_column: str | None = None,
    name: str = "",
    version: str = "",
    fewest: int = 2,
) -> Baseline:
    """Freeze a table of animals of known origin.

    Raises `InputRefused` for fewer than `fewest` populations (a map needs places, not populations), for a population
    that stands in two groups, and for one none of whose animals is typed: nothing could ever exclude it.
    """
    labels = table.columns[population_column]
    populations = _populations(table, population_column, fewest)
    place = {population: index for index, population in enumerate(populations)}
    member = np.array([place[label] for label in labels], dtype=np.intp)
    group_names = _group_names(table, labels, group_column)
    groups = tuple(sorted(set(group_names.values())))
    group_of = np.array([groups.index(group_names[population]) for population in populations], dtype=np.intp)
    counts = allele_counts_by_population(table.codes, member, len(populations))
    _typed_check(table, populations, member, counts, population_column)
    for array in (member, group_of, counts):
        array.setflags(write=False)
    return Baseline(
        name=name or table.name,
        version=version,
        sha256=_content_hash(table, labels, group_names),
        table=table,
        populations=populations,
        groups=groups,
        group_of=group_of,
        member=member,
        counts=counts,
        copies=counts.sum(axis=2, dtype=np.int32),
        allele_counts=np.array([len(names) for names in table.alleles], dtype=np.intp),
    )


def baseline_read(
    file: InputFile,
    *,
    id_column: str,
    population_column: str,
    group_column: str | None = None,
    others: Sequence[str] = (),
    ignored: Sequence[str] = (),
    table_format: TableFormat = TableFormat.AUTO,
    fewest: int = 2,
) -> Baseline:
    """Read a baseline from a genotype table; `others` are further columns to keep, such as coordinates.

    See `read_genotypes` and `baseline_build` for refusals.
    """
    layout = Layout(
        id=id_column, population=population_column, group=group_column, others=tuple(others), ignored=tuple(ignored)
    )
    table = read_file(file, layout, table_format=table_format)
    return baseline_build(
        table, population_column=population_column, group_column=group_column, name=file.name, fewest=fewest
    )


def baseline_freeze(
    folder: Path,
    content: bytes,
    *,
    name: str,
    version: str,
    id_column: str,
    population_column: str,
    group_column: str | None = None,
    others: Mapping[str, str] | None = None,
    table_format: TableFormat = TableFormat.AUTO,
) -> ReferenceSet:
    """Check a genotype table and write it as a frozen reference set of kind «origin.baseline».

    `others` names further columns to keep by what they hold, such as ``latitude_column``, ``longitude_column`` and
    ``permit_column``. Raises `InputRefused` as `read_genotypes`, `baseline_build` and `freeze` do; nothing is
    written then.
    """
    kept = dict(others or {})
    layout = Layout(id=id_column, population=population_column, group=group_column, others=tuple(kept.values()))
    table = read_genotypes(content, name=TABLE, layout=layout, table_format=table_format)
    baseline = baseline_build(table, population_column=population_column, group_column=group_column)
    facts = {
        "id_column": id_column,
        "population_column": population_column,
        "group_column": group_column,
        "content_sha256": baseline.sha256,
        "animals": len(table),
        "populations": len(baseline.populations),
        "loci": len(table.loci),
        **kept,
        **({} if table_format is TableFormat.AUTO else {"table_format": table_format.value}),
    }
    return freeze_files(folder, {TABLE: content}, kind=KIND, name=name, version=version, facts=facts)


def baseline_open(folder: Path, *, others: Sequence[str] = ()) -> Baseline:
    """Open a frozen reference set of kind «origin.baseline»; every byte is checked.

    The table keeps `others` and the columns named when the set was frozen (coordinates, permits).
    """
    reference = open_reference(folder, kind=KIND)
    facts = reference.facts
    group = facts.get("group_column")
    named = [str(facts[key]) for key in KEPT_COLUMNS if key in facts]
    read = baseline_read(
        InputFile.from_path("reference", reference.path(TABLE)),
        id_column=str(facts["id_column"]),
        population_column=str(facts["population_column"]),
        group_column=None if group is None else str(group),
        others=tuple(dict.fromkeys((*others, *named))),
        table_format=TableFormat(str(facts.get("table_format", TableFormat.AUTO.value))),
    )
    return baseline_build(
        read.table,
        population_column=str(facts["population_column"]),
        group_column=None if group is None else str(group),
        name=reference.name,
        version=reference.version,
    )


def allele_counts_by_population(codes: Codes, member: Indexes, populations: int) -> Counts:
    """Copies of each allele: codes (L, N, 2) and members (N,) to counts (P, L, A)."""
    loci = codes.shape[0]
    width = max(int(codes.max(initial=0)) + 1, 1)
    counts = np.zeros((populations, loci, width), dtype=np.int32)
    for locus in range(loci):
        typed = codes[locus, :, 0] != MISSING
        keys = member[typed, None] * width + codes[locus][typed]
        flat = np.bincount(keys.ravel(), minlength=populations * width)
        counts[:, locus, :] = flat.reshape(populations, width)
    return counts


def diversity(baseline: Baseline) -> tuple[LocusDiversity, ...]:
    """Per-locus diversity of a baseline; see `LocusDiversity` for the definitions."""
    found = []
    for locus, name in enumerate(baseline.table.loci):
        codes = baseline.table.codes[locus]
        typed = codes[:, 0] != MISSING
        count = int(typed.sum())
        het = float((codes[typed, 0] != codes[typed, 1]).mean()) if count else None
        found.append(
            LocusDiversity(
                locus=name,
                alleles=len(baseline.table.alleles[locus]),
                typed=count,
                observed=het,
                expected=_gene_diversity(baseline, locus),
            )
        )
    return tuple(found)


def _gene_diversity(baseline: Baseline, locus: int) -> float | None:
    copies = baseline.copies[:, locus].astype(float)
    enough = copies >= 4
    if not enough.any():
        return None
    shares = baseline.counts[enough, locus] / copies[enough, None]
    homozygosity = (shares**2).sum(axis=1)
    return float((copies[enough] / (copies[enough] - 1) * (1 - homozygosity)).mean())


def _populations(table: GenotypeTable, column: str, fewest: int) -> tuple[str, ...]:
    populations = tuple(sorted(set(table.columns[column])))
    if len(populations) < fewest:
        raise InputRefused(
            f"All animals are of «{populations[0]}»; an assignment chooses among two or more populations.",
            file=table.name,
            field=column,
            remedy="Name the column that tells the populations apart.",
        )
    return populations


def _typed_check(
    table: GenotypeTable, populations: tuple[str, ...], member: Indexes, counts: Counts, column: str
) -> None:
    untyped = np.flatnonzero(counts.sum(axis=(1, 2)) == 0)
    if untyped.size:
        population = int(untyped[0])
        raise InputRefused(
            f"No animal of «{populations[population]}» is typed at any locus.",
            file=table.name,
            row=table.lines[int(np.flatnonzero(member == population)[0])],
            field=column,
            remedy="Leave its rows out: a population of which nothing is known could never be excluded.",
        )


def _content_hash(table: GenotypeTable, labels: Sequence[str], group_names: dict[str, str]) -> str:
    lines = [
        f"{animal}\t{label}\t{group_names[label]}\t{genotypes}"
        for animal, label, genotypes in zip(table.ids, labels, table.genotype_lines(), strict=True)
    ]
    return content_hash(lines, tag=TAG)


def _group_names(table: GenotypeTable, labels: Sequence[str], group_column: str | None) -> dict[str, str]:
    if group_column is None:
        return {label: label for label in labels}
    found: dict[str, str] = {}
    for label, group, line in zip(labels, table.columns[group_column], table.lines, strict=True):
        known = found.setdefault(label, group)
        if known != group:
            raise InputRefused(
                f"Population «{label}» stands in group «{known}» above and in «{group}» here.",
                file=table.name,
                row=line,
                field=group_column,
                remedy="A population belongs to one group.",
            )
    return found

"""What the methods about individuals read: profiles, what they are compared with, whence the frequencies come."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analysis.errors import InputRefused
from analysis.genotypes.reader import Layout, TableFormat, read_file, read_genotypes
from analysis.genotypes.table import GenotypeTable
from analysis.individual.kinship import ErrorModel
from analysis.individual.profiles import KIND as PROFILES
from analysis.individual.profiles import profiles_open
from analysis.individual.regions import region_of
from analysis.inputs import InputFile, RunInputs
from analysis.outcome import Diagnostic, ReferenceDigest
from analysis.reference import ReferenceSet, open_reference, reference_kind

POPULATIONS = "origin.baseline"
_POPULATION_TABLE = "genotypes.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """`table` against `against` (or within itself), frequencies from `frequencies`; `reference` names what was used.

    `source` says whose frequencies they are: the set, with the region where one was chosen.
    """

    table: GenotypeTable
    against: GenotypeTable | None
    frequencies: GenotypeTable
    reference: ReferenceDigest
    source: str

    @property
    def size_words(self) -> str:
        """How large the searched set is, as a sentence of the report."""
        other = self.table if self.against is None else self.against
        what = "each other" if self.against is None else f"{len(other):,} profiles of «{other.name}»"
        return f"{len(self.table):,} profiles were compared with {what}."


def compared(inputs: RunInputs) -> Compared:
    """Read the tables of a run.

    The reference is a set of known profiles (then it is what is searched, and the frequencies are its own) or
    reference population data (then frequencies are its own, or those of the population or group that the parameter
    `frequencies_of` names, and the profiles are compared with the table of the role "against", or with each other).
    Raises `InputRefused`.
    """
    table = _read(inputs.one("genotypes"), inputs)
    others = inputs.of_role("against")
    region = inputs.text("frequencies_of")
    folder = inputs.reference_folder("known profiles, or population data to take allele frequencies from")
    if reference_kind(folder) == PROFILES:
        if others:
            raise InputRefused(
                "A set of known profiles and a second table were given.",
                field="against",
                remedy="Compare with one at a time; take population data for the frequencies of two tables.",
            )
        if region:
            raise InputRefused(
                "A set of known profiles has no regions.",
                field="frequencies_of",
                remedy="Take population data for frequencies of a region, or leave the region away.",
            )
        found, known = profiles_open(folder)
        return Compared(table=table, against=known, frequencies=known, reference=_digest(found), source=found.name)
    found = open_reference(folder, kind=POPULATIONS)
    facts = found.facts
    named = [str(facts[key]) for key in ("population_column", "group_column") if facts.get(key)]
    population = read_genotypes(
        found.path(_POPULATION_TABLE).read_bytes(),
        name=_POPULATION_TABLE,
        layout=Layout(id=str(facts["id_column"]), others=tuple(named)),
        table_format=TableFormat(str(facts.get("table_format", TableFormat.AUTO.value))),
    )
    population = replace(population, name=found.name)
    if region:
        population = region_of(population, named, region, field="frequencies_of")
    return Compared(
        table=table,
        against=_read(others[0], inputs) if others else None,
        frequencies=population,
        reference=_digest(found),
        source=population.name,
    )


def error_model(inputs: RunInputs) -> ErrorModel:
    """θ, dropout and miscall rate of the parameters."""
    default = ErrorModel()
    return ErrorModel(
        theta=inputs.real("theta", default.theta),
        dropout=inputs.real("dropout", default.dropout),
        miscall=inputs.real("miscall", default.miscall),
    )


def loci_check(given: Compared, loci: int) -> tuple[Diagnostic, ...]:
    """How many loci are shared, and whether the tables speak of the same alleles."""
    unknown = total = 0
    for place, locus in enumerate(given.table.loci):
        if locus in given.frequencies.loci:
            known = set(given.frequencies.alleles[given.frequencies.loci.index(locus)])
            mine = given.table.alleles[place]
            total += len(mine)
            unknown += sum(name not in known for name in mine)
    many = total > 0 and unknown > 0.25 * total
    return (
        Diagnostic(
            code="frequencies",
            state="passed",
            text=f"frequencies of {len(given.frequencies):,} animals of «{given.source}»",
            value=len(given.frequencies),
        ),
        Diagnostic(
            code="shared_loci",
            state="passed" if loci >= 10 else "warning",
            text=f"{loci} loci are in every table",
            value=loci,
        ),
        Diagnostic(
            code="unknown_alleles",
            state="failed" if many else "warning" if unknown else "passed",
            text=f"{unknown} of {total} alleles are not among those of «{given.source}»"
            + (": columns shifted, or other bins?" if many else ""),
            value=unknown,
        ),
    )


def _read(file: InputFile, inputs: RunInputs) -> GenotypeTable:
    layout = Layout(id=inputs.text("id_column") or "id")
    return read_file(file, layout, table_format=TableFormat(inputs.text("table_format") or "auto"))


def _digest(found: ReferenceSet) -> ReferenceDigest:
    return ReferenceDigest.of(found)

"""The method «origin.haplotype»: parameter "haplotype" or a table of them, reference = a frozen haplotype table."""

from __future__ import annotations

from pathlib import Path

from analysis.canonical import Json, readable_json
from analysis.errors import InputRefused
from analysis.genotypes.columns import column_position
from analysis.genotypes.grid import Grid, read_delimited
from analysis.inputs import Artefact, Progress, RunInputs, RunResult
from analysis.origin.haplotypes import CAVEAT, HaplotypeRegion, haplotype_regions
from analysis.origin.numbers import number
from analysis.outcome import Finding, Number, Outcome, Reason, ReferenceDigest
from analysis.reference import ReferenceSet, freeze_files, open_reference
from analysis.registry import Method
from analysis.textfile import SIZE_LIMIT, text_of

NAME = "origin.haplotype"
VERSION = "1.0"
KIND = "origin.haplotypes"
QUESTION = "In which regions was this mitochondrial haplotype seen, and how little may that say?"
TABLE = "haplotypes.csv"
COLUMNS = ("region", "site", "haplotype")

Record = tuple[str, str, str]


def haplotypes_freeze(folder: Path, content: bytes, *, file: str, name: str, version: str) -> ReferenceSet:
    """Check a table of region, site and haplotype, one animal a row, and freeze it. Raises `InputRefused`."""
    records = _records(read_delimited(text_of(content, name=file), name=file))
    facts: dict[str, Json] = {
        "animals": len(records),
        "regions": len({region for region, _, _ in records}),
        "haplotypes": len({found for _, _, found in records}),
    }
    return freeze_files(folder, {TABLE: content}, kind=KIND, name=name, version=version, facts=facts)


def run(inputs: RunInputs, _progress: Progress) -> RunResult:
    """Look up the haplotypes of a table (role "measurements": columns of `id_column`, default "id", and "haplotype").

    Artefacts: regions.json. Raises `InputRefused`.
    """
    file = inputs.one("measurements")
    grid = read_delimited(text_of(file.read(limit=SIZE_LIMIT), name=file.name), name=file.name)
    at = [column_position(grid, column) for column in (inputs.text("id_column") or "id", "haplotype")]
    reference = open_reference(inputs.reference_folder("a table of haplotypes"), kind=KIND)
    content = reference.path(TABLE).read_bytes()
    records = _records(read_delimited(text_of(content, name=TABLE), name=TABLE))
    outcomes = []
    for row, line in zip(grid.rows, grid.lines, strict=True):
        name, haplotype = (row[place].strip() for place in at)
        if not haplotype:
            raise InputRefused(
                "The haplotype is empty.", file=grid.name, row=line, field="haplotype", remedy="Fill it in."
            )
        outcomes.append(_outcome(name, haplotype, haplotype_regions(haplotype, records), reference, inputs))
    table: list[Json] = [dict(one.details) for one in outcomes]
    content = readable_json({"method": NAME, "version": VERSION, "samples": table})
    made = Artefact(name="regions.json", media_type="application/json", content=content)
    return RunResult(outcomes=tuple(outcomes), artefacts=(made,))


def _outcome(
    name: str, haplotype: str, found: tuple[HaplotypeRegion, ...], reference: ReferenceSet, inputs: RunInputs
) -> Outcome:
    seen = [one for one in found if one.seen]
    animals = sum(one.animals for one in found)
    if seen:
        places = ", ".join(f"{one.region} ({one.seen} of {one.animals} animals)" for one in seen[:5])
        words = f"{haplotype} was seen in {len(seen)} of {len(found)} regions: {places}."
    else:
        words = f"{haplotype} was seen in none of {animals} animals of {len(found)} regions."
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(
            outcome="haplotype_seen" if seen else "haplotype_not_seen",
            subject=haplotype,
            statement=words,
            reasons=() if seen else (Reason(code="not_seen", text="No reference animal has this haplotype."),),
            among=tuple(one.region for one in seen),
        ),
        propositions=("The animal descends by its mothers from a region where the haplotype is found.",),
        numbers=tuple(_number(one) for one in found[:30]),
        caveats=(CAVEAT,),
        inputs=tuple(one.digest for one in inputs.files),
        reference=ReferenceDigest.of(reference),
        parameters=dict(inputs.parameters),
        details={"id": name, "haplotype": haplotype, "regions": [_json(one) for one in found]},
        seed=inputs.seed,
    )


def _number(one: HaplotypeRegion) -> Number:
    return Number(
        name=f"share in {one.region}",
        value=number(one.seen / one.animals),
        unit=f"share of {one.animals}",
        definition=f"reference animals of {one.region} with this haplotype, seen at {one.sites_seen} of {one.sites} "
        "sites; exact interval",
        interval=(number(one.interval[0]), number(one.interval[1]), 0.95),
    )


def _json(one: HaplotypeRegion) -> dict[str, Json]:
    return {
        "region": one.region,
        "animals": one.animals,
        "seen": one.seen,
        "interval_95": [number(end) for end in one.interval],
        "sites": one.sites,
        "sites_seen": one.sites_seen,
    }


def _records(grid: Grid) -> list[Record]:
    at = [column_position(grid, column) for column in COLUMNS]
    records = []
    for row, line in zip(grid.rows, grid.lines, strict=True):
        region, site, haplotype = (row[place].strip() for place in at)
        if not (region and haplotype):
            raise InputRefused(
                "Region or haplotype is empty.",
                file=grid.name,
                row=line,
                field="region" if haplotype else "haplotype",
                remedy="Fill it in, or leave the animal out.",
            )
        records.append((region, site, haplotype))
    return records


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Counts by region with exact binomial intervals (Clopper & Pearson 1934, Biometrika 26: 404-413).",
    assumptions=(
        "Reference animals were sampled at random within their region, not as families.",
        "Sample and reference were typed over the same stretch of sequence.",
    ),
    limits=(
        "Not seen is not absent: the upper end of the interval is what may still be there.",
        "Mitochondria follow mothers only and count as one marker.",
        "It is no assignment: it gives no probability of a place.",
    ),
    validation="The interval is exact; published values of Clopper-Pearson intervals are reproduced.",
    run=run,
)

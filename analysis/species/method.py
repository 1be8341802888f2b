"""The method «species.identify»: traces or sequences against a frozen, calibrated reference set."""

from __future__ import annotations

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.inputs import InputFile, Progress, RunInputs, RunResult
from analysis.outcome import (
    Diagnostic,
    Figure,
    Finding,
    Identification,
    Number,
    Outcome,
    ReferenceDigest,
)
from analysis.registry import Method
from analysis.species.artefacts import NAME, Query, artefacts_of
from analysis.species.assembly import FIRM, Consensus, assemble, single
from analysis.species.calibration import Calibration, calibration_read
from analysis.species.characters import Characters, characters_check, characters_of
from analysis.species.edits import edits_apply, edits_read
from analysis.species.identify import DEFINITIONS, Identified, identify
from analysis.species.library import Library, library_open
from analysis.species.peaks import MANY, double_peaks
from analysis.species.placement import Placement, place
from analysis.species.report import characters_json, identified_json, statement, taxonomy_json
from analysis.species.screen import NOTHING, Other, Screen, contamination_screen, screen_read
from analysis.species.traces import names_check, reads_of, trace_read
from analysis.species.tree import REPLICATES

VERSION = "1.7"
QUESTION = "To which species, or to which higher taxon, does the sequence belong?"
MOST_SEQUENCES = 10_000
_EDITS_LIMIT = 1 << 20
_SCREEN_LIMIT = 64 << 20


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Identify one pair of traces, one single trace, or every sequence of a FASTA or FASTQ file.

    Roles: `trace_forward` and `trace_reverse` (ab1; either alone is allowed) with `edits` (JSON, see
    `edits.edits_read`), or `sequence`; `screen`: sequences to screen against; `laboratory`: the list that the
    laboratory drew itself (`screen.screen_read`).
    Parameters: `declared` (the species the item is said to be), `locus` (the set must hold it), `name` of the result.
    The reference is the folder of a set of kind «species». Artefacts: consensus.fasta, hits.json, hits.csv,
    decision-record.json, bases.csv, tree.nwk, tree.json and, with traces, chromatogram.svg. Raises `InputRefused`.
    """
    if inputs.reference is None:
        raise InputRefused("No reference set was given.", field="reference", remedy="Choose a reference set.")
    progress(0.0, "opening the reference set")
    library = library_open(inputs.reference)
    calibration = calibration_read(library)
    _locus_check(library, inputs.text("locus"))
    progress(0.1, "reading")
    queries = queries_read(inputs)
    declared = inputs.text("declared") or inputs.text("declared_species")
    found: list[Identified] = []
    for number, query in enumerate(queries):
        progress(0.2 + 0.7 * number / len(queries), f"identifying {query.name}")
        found.append(identify_query(library, calibration, query, declared))
    progress(0.9, "building the tree")
    placement = _placement(library, queries[0], found[0], inputs.seed) if len(queries) == 1 else None
    progress(0.95, "writing the record")
    screen = _screen(inputs)
    characters = [_characters(library, *one) for one in zip(queries, found, strict=True)]
    outcomes = tuple(
        outcome_of(item, query, library, calibration, inputs, placement, screen, sites)
        for item, query, sites in zip(found, queries, characters, strict=True)
    )
    artefacts = artefacts_of(library, queries, found, screen, placement, characters, VERSION)
    progress(1.0, "done")
    return RunResult(outcomes=outcomes, artefacts=artefacts)


def queries_read(inputs: RunInputs) -> list[Query]:
    """What is to be identified; raises `InputRefused` for a wrong set of roles."""
    forward, reverse, sequences = (inputs.of_role(role) for role in ("trace_forward", "trace_reverse", "sequence"))
    if sequences and not forward and not reverse:
        found = [query for file in sequences for query in _sequences(file)]
        names_check(query.name for query in found)
        return found
    if sequences or len(forward) > 1 or len(reverse) > 1 or not (forward or reverse):
        raise InputRefused(
            f"Found {len(forward)} forward and {len(reverse)} reverse traces and {len(sequences)} sequence files.",
            field="files",
            remedy="Give one forward and one reverse trace, one of them, or sequence files alone.",
        )
    files = (*forward, *reverse)
    reads = [trace_read(file) for file in files]
    consensus = assemble(reads[0], reads[1]) if len(reads) == 2 else single(reads[0])
    layers = inputs.of_role("edits")
    for layer in layers:
        consensus = edits_apply(consensus, edits_read(layer.read(limit=_EDITS_LIMIT), file=layer.name))
    name = inputs.text("name") or files[0].name.rsplit(".", 1)[0]
    return [Query(name=name, consensus=consensus, files=tuple(file.digest for file in (*files, *layers)))]


def _sequences(file: InputFile) -> list[Query]:
    reads = reads_of(file)
    if len(reads) > MOST_SEQUENCES:
        raise InputRefused(
            f"The file holds {len(reads):,} sequences; one run takes {MOST_SEQUENCES:,}.",
            file=file.name,
            remedy="Split the file.",
        )
    return [Query(name=read.name, consensus=single(read), files=(file.digest,)) for read in reads]


def _screen(inputs: RunInputs) -> Screen:
    """What was handed in to screen against, and what the laboratory drew."""
    given = tuple(
        Other(name=read.name, group="handed_in", bases=read.bases)
        for file in inputs.of_role("screen")
        for read in reads_of(file)
    )
    lists = inputs.of_role("laboratory")
    drawn = screen_read(lists[0].read(limit=_SCREEN_LIMIT), file=lists[0].name) if lists else NOTHING
    return Screen(others=(*given, *drawn.others), drawn=drawn.drawn, gone=drawn.gone)


def _locus_check(library: Library, locus: str | None) -> None:
    if locus is not None and locus.casefold() not in {known.casefold() for known in library.loci}:
        raise InputRefused(
            f"The reference set holds {', '.join(library.loci)}, not «{locus}».",
            field="locus",
            remedy="Choose a set of that locus.",
        )


def identify_query(library: Library, calibration: Calibration | None, query: Query, declared: str | None) -> Identified:
    """Identify a query, its own qualities deciding which positions the frame screen looks at."""
    qualities = query.consensus.qualities
    good = tuple(bool(value >= FIRM) for value in qualities) if len(qualities) else None
    return identify(library, calibration, query.name, query.consensus.bases, declared=declared, good=good)


def outcome_of(
    item: Identified,
    query: Query,
    library: Library,
    calibration: Calibration | None,
    inputs: RunInputs,
    placement: Placement | None = None,
    screen: Screen = NOTHING,
    characters: Characters | None = None,
) -> Outcome:
    """The `Outcome` that reports are made of."""
    reference = library.reference
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(
            outcome=item.outcome.value,
            subject=item.taxon,
            statement=statement(item),
            reasons=item.decision.reasons,
            among=item.decision.among,
        ),
        propositions=_propositions(item),
        numbers=_numbers(item),
        caveats=(*_trace_caveats(query.consensus), *item.caveats),
        diagnostics=(
            *_trace_diagnostics(query.consensus),
            *item.diagnostics,
            characters_check(characters, _named(item)),
            contamination_screen(query.consensus.bases, screen),
            *(() if placement is None else (placement.diagnostic,)),
        ),
        figures=(*_figures(item), *_tree_figures(placement)),
        inputs=query.files,
        reference=ReferenceDigest.of(reference, calibration_sha256=None if calibration is None else calibration.sha256),
        parameters=dict(inputs.parameters),
        details={
            **identified_json(item),
            "id": query.name,
            "characters": characters_json(characters),
            "taxonomy": taxonomy_json(library),
        },
        seed=inputs.seed,
    )


def _named(item: Identified) -> str | None:
    """The species named, None where none is."""
    return item.decision.taxon if item.decision.outcome is Identification.SPECIES else None


def _characters(library: Library, query: Query, item: Identified) -> Characters | None:
    """The diagnostic sites of the species named."""
    taxon = _named(item)
    species = None if taxon is None else library.species_number(taxon)
    if species is None or item.locus is None:
        return None
    return characters_of(library, query.consensus.bases, species, library.loci.index(item.locus))


def _placement(library: Library, query: Query, item: Identified, seed: int) -> Placement | None:
    """The tree around a single query; for many queries «species tree» makes one of each that is asked about."""
    if not item.found:
        return None
    taxon = _named(item)
    species = None if taxon is None else library.species_number(taxon)
    bases = query.consensus.bases
    return place(library, bases, item.found, species, seed=seed, replicates=REPLICATES)


def _tree_figures(placement: Placement | None) -> tuple[Figure, ...]:
    if placement is None:
        return ()
    return (
        Figure(
            name="tree",
            kind="tree",
            title="Neighbour-joining tree",
            description="K2P distances; supports in per cent of bootstrap replicates of the sites.",
            data={"newick": placement.tree.newick, "replicates": placement.tree.replicates},
        ),
    )


def _propositions(item: Identified) -> tuple[str, ...]:
    declared = item.declared.name if item.declared else None
    named = (f"The sequence belongs to {declared}.",) if declared else ()
    return (
        *named,
        "The sequence belongs to a species that has records in the reference set.",
        "The sequence belongs to a species that has no record in the reference set.",
    )


def _numbers(item: Identified) -> tuple[Number, ...]:
    numbers: list[Number] = []
    if item.hits:
        best = item.hits[0]
        numbers.append(Number(name="identity", value=best.identity, unit="share", definition=DEFINITIONS["identity"]))
        numbers.append(Number(name="coverage", value=best.coverage, unit="share", definition=DEFINITIONS["coverage"]))
        if best.k2p is not None:
            numbers.append(Number(name="k2p", value=best.k2p, unit="per site", definition=DEFINITIONS["k2p"]))
    if item.gap is not None and item.gap.value is not None:
        definition = DEFINITIONS["barcode_gap"]
        numbers.append(Number(name="barcode_gap", value=item.gap.value, unit="per site", definition=definition))
    numbers.extend(_sure_numbers(item))
    numbers.extend(
        Number(
            name=rate.name,
            value=rate.rate.value,
            unit=f"share of {rate.rate.total}",
            definition=rate.definition,
            interval=(*rate.rate.interval, 0.95),
        )
        for rate in item.error_rates
        if rate.rate.value is not None
    )
    return tuple(numbers)


def _sure_numbers(item: Identified) -> list[Number]:
    """How sure the species named is, and how often others were as sure: of an answer that names a species alone."""
    sure = item.sure
    if sure is None or item.decision.outcome is not Identification.SPECIES:
        return []
    rates = {"present_species_as_sure": sure.present, "absent_species_as_sure": sure.absent}
    return [
        Number(
            name="confidence",
            value=round(sure.value, 6),
            unit="of 1 (no probability)",
            definition=DEFINITIONS["confidence"],
        ),
        *(
            Number(
                name=name,
                value=rate.value,
                unit=f"share of {rate.total}",
                definition=f"{DEFINITIONS[name]} (step {sure.step:g})",
                interval=(*rate.interval, 0.95),
            )
            for name, rate in rates.items()
            if rate.value is not None
        ),
    ]


def _trace_caveats(consensus: Consensus) -> tuple[str, ...]:
    caveats = [
        f"{kept.read.name}: the stored base calls differ from the basecaller's own; the basecaller's were used."
        for kept in consensus.reads
        if kept.read.edited
    ]
    if consensus.suspect_pair:
        caveats.append(
            f"Forward and reverse read differ firmly at {consensus.firm_disagreements} positions: "
            "two specimens (a swapped pair) or two templates."
        )
    return tuple(caveats)


def _trace_diagnostics(consensus: Consensus) -> tuple[Diagnostic, ...]:
    if consensus.overlap is None:
        pair = Diagnostic(code="read-pair", state="not_done", text="One read only; no second strand to compare.")
    else:
        pair = Diagnostic(
            code="read-pair",
            state="failed" if consensus.suspect_pair else "passed",
            text=f"{consensus.overlap} bases read on both strands, {len(consensus.disagreements)} disagreements, "
            f"{consensus.firm_disagreements} of them firm (Phred {FIRM} or more on both).",
            value=consensus.firm_disagreements,
        )
    doubles = [peak for kept in consensus.reads for peak in double_peaks(kept)]
    if not any(kept.read.channels for kept in consensus.reads):
        return (pair,)
    mixed = Diagnostic(
        code="double-peaks",
        state="warning" if len(doubles) >= MANY else "passed",
        text=f"{len(doubles)} second peaks above a quarter of the called one, at calls of Phred 20 or more.",
        value=[peak.position for peak in doubles][:100],
    )
    return pair, mixed


def _figures(item: Identified) -> tuple[Figure, ...]:
    if not item.nearest_species:
        return ()
    data: list[Json] = [{"taxon": taxon, "distance": distance} for taxon, distance in item.nearest_species]
    return (
        Figure(
            name="nearest-species",
            kind="distance-list",
            title="Nearest species",
            description="Distance (1 − identity) of the nearest record of each species.",
            data=data,
        ),
    )


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="K-mer search and semi-global edit distance; distances after Kimura (1980); naming rules calibrated by "
    "leave-one-out and leave-one-species-out on the reference set itself.",
    assumptions=(
        "The records of the reference set are rightly named but for a small share.",
        "The sequence is of the locus the set holds, from one template.",
        "Absent species relate to those in the set as the species in the set relate to each other.",
    ),
    limits=(
        "Mitochondrial and plastid loci show one parent only; hybrids and domestic forms are not told apart.",
        (
            "Species that share a sequence are not told apart; a species without a record can only be missed "
            "or, at the stated rate, be taken for another."
        ),
        "A nuclear copy with an open frame is not noticed.",
    ),
    validation="docs/species.md; error rates of each set stand in its own calibration.",
    run=run,
)

"""The result files of «species.identify»: consensus, hits, decision record, bases, chromatogram, tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analysis.canonical import Json, readable_json
from analysis.inputs import Artefact
from analysis.outcome import InputDigest
from analysis.species.alignment import Aligned, align
from analysis.species.assembly import Consensus
from analysis.species.bases import reverse_complement
from analysis.species.basetable import base_csv
from analysis.species.characters import Characters
from analysis.species.chromatogram import chromatogram_svg
from analysis.species.hits import Hit
from analysis.species.identify import Identified
from analysis.species.library import Library
from analysis.species.placement import Placement
from analysis.species.report import characters_json, consensus_json, hits_csv, identified_json, taxonomy_json
from analysis.species.screen import Screen, screen_json
from analysis.species.treecli import tree_json

NAME: Final = "species.identify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A sequence to identify, and the reads it rests on."""

    name: str
    consensus: Consensus
    files: tuple[InputDigest, ...]


def artefacts_of(
    library: Library,
    queries: Sequence[Query],
    found: Sequence[Identified],
    screen: Screen,
    placement: Placement | None,
    characters: Sequence[Characters | None],
    version: str,
) -> tuple[Artefact, ...]:
    """Consensus, hits, decision record, bases, drawing and tree, in this order."""
    fasta = "".join(f">{query.name}\n{query.consensus.bases.decode()}\n" for query in queries)
    records: list[Json] = [
        {
            **identified_json(item),
            "characters": characters_json(sites),
            "consensus": consensus_json(query.consensus, query.name),
        }
        for item, query, sites in zip(found, queries, characters, strict=True)
    ]
    if len(queries) == 1:
        records[0] = {**_mapping(records[0]), "alignments": _alignments(library, queries[0], found[0])}
    hits: list[Json] = [{"query": item.query, "hits": identified_json(item)["hits"]} for item in found]
    artefacts = [
        *_bases_artefact(queries),
        Artefact(name="consensus.fasta", media_type="text/x-fasta", content=fasta.encode()),
        Artefact(name="hits.json", media_type="application/json", content=readable_json(hits)),
        Artefact(name="hits.csv", media_type="text/csv", content=hits_csv(found)),
        Artefact(
            name="decision-record.json",
            media_type="application/json",
            content=readable_json(
                {
                    "method": NAME,
                    "version": version,
                    "taxonomy": taxonomy_json(library),
                    "screen": screen_json(screen),
                    "queries": records,
                }
            ),
        ),
    ]
    drawing = chromatogram_svg(queries[0].consensus) if len(queries) == 1 else None
    if drawing is not None:
        artefacts.append(Artefact(name="chromatogram.svg", media_type="image/svg+xml", content=drawing.encode()))
    return (*artefacts, *_tree_artefacts(placement))


def _bases_artefact(queries: Sequence[Query]) -> tuple[Artefact, ...]:
    if len(queries) != 1 or not queries[0].consensus.origins or not len(queries[0].consensus.qualities):
        return ()
    return (Artefact(name="bases.csv", media_type="text/csv", content=base_csv(queries[0].consensus)),)


def _mapping(value: Json) -> dict[str, Json]:
    return dict(value) if isinstance(value, dict) else {}


def _alignments(library: Library, query: Query, item: Identified) -> list[Json]:
    """Full alignments (PairwiseAligner) with the best record and the best of the nearest other species."""
    chosen: list[Hit] = []
    for hit in item.hits:
        if not chosen or (len(chosen) == 1 and hit.taxon != chosen[0].taxon):
            chosen.append(hit)
    shown: list[Json] = []
    for hit in chosen:
        bases = query.consensus.bases if hit.strand == "+" else reverse_complement(query.consensus.bases)
        number = library.record_number(hit.accession, hit.locus)
        aligned = align(bases, library.sequence(int(library.record_sequence[number])))
        shown.append({"accession": hit.accession, "taxon": hit.taxon, **_aligned_json(aligned)})
    return shown


def _aligned_json(aligned: Aligned) -> dict[str, Json]:
    return {
        "query": aligned.first,
        "reference": aligned.second,
        "columns": aligned.columns,
        "matches": aligned.matches,
        "mismatches": aligned.mismatches,
        "gap_columns": aligned.gaps,
        "identity": round(aligned.identity, 6),
        "identity_definition": "matches / columns of the alignment, gap columns counted, compatible IUPAC codes match",
    }


def _tree_artefacts(placement: Placement | None) -> tuple[Artefact, ...]:
    if placement is None:
        return ()
    content = readable_json(tree_json(placement.tree))
    return (
        Artefact(name="tree.nwk", media_type="text/plain", content=placement.tree.newick.encode() + b"\n"),
        Artefact(name="tree.json", media_type="application/json", content=content),
    )

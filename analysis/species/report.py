"""The forms a result takes: JSON lines, tables, and the figures of a decision record."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final

from analysis.canonical import Json, jsonable, plain_json
from analysis.outcome import Identification
from analysis.species.assembly import Consensus
from analysis.species.calibration import Rate
from analysis.species.characters import Characters
from analysis.species.decide import ErrorRate
from analysis.species.hits import Hit
from analysis.species.identify import DEFINITIONS, Congener, Identified, Sure
from analysis.species.library import Library

_NAME_SHOWN = 60
_HIT_COLUMNS = (
    "accession", "taxon", "locus", "identity", "edits", "overlap", "coverage", "k2p", "strand", "note",
)  # fmt: skip


def identified_json(item: Identified) -> dict[str, Json]:
    """The JSON line of one query; every number in it is defined in `definitions`."""
    return {
        **_short_json(item),
        "error_rates": _rates_json(item.error_rates),
        "hits": [_hit_json(hit) for hit in item.hits],
        "nearest_species": [
            {"taxon": taxon, "distance": round(distance, 6)} for taxon, distance in item.nearest_species
        ],
        "congeners": [{"name": one.name, "records": one.records, "at": list(one.at)} for one in item.congeners],
        "definitions": dict(DEFINITIONS),
    }


def _short_json(item: Identified) -> dict[str, Json]:
    """All but the long lists, the rates and the definitions."""
    return {
        "query": item.query,
        "outcome": item.outcome.value,
        "taxon": item.taxon,
        "found": {"outcome": item.decision.outcome.value, "taxon": item.decision.taxon},
        "among": list(item.decision.among),
        "reasons": [{"code": reason.code, "text": reason.text} for reason in item.decision.reasons],
        "confidence": None if item.sure is None else round(item.sure.value, 6),
        "as_sure": None if item.sure is None else _sure_json(item.sure),
        "learnt_from": _learnt_json(item),
        "declared": jsonable(item.declared),
        "locus": item.locus,
        "length": item.length,
        "ambiguous": item.ambiguous,
        "sha256": item.sha256,
        "loci": list(item.loci),
        "barcode_gap": None
        if item.gap is None
        else {
            "within": item.gap.within,
            "between": item.gap.between,
            "gap": item.gap.value,
            "records": item.gap.records,
        },
        "diagnostics": [
            {"code": one.code, "state": one.state, "text": one.text, "value": jsonable(one.value)}
            for one in item.diagnostics
        ],
        "caveats": list(item.caveats),
    }


def identified_line(item: Identified) -> bytes:
    """The bytes of `identified_json` as canonical JSON, a third of the work of making the values first.

    Lists whose rows are alike are written as text; all other values go through the encoder, in runs between them.
    """
    short = _short_json(item)
    runs = (plain_json({key: short[key] for key in run})[1:-1].decode() for run in _RUNS)
    written = (
        ",".join(map(_congener_text, item.congeners)),
        _rates_text(item.error_rates),
        ",".join(map(_hit_text, item.hits)),
        ",".join(f'{{"distance":{round(far, 6)!r},"taxon":{_text(taxon)}}}' for taxon, far in item.nearest_species),
    )
    return _LINE.format(*runs, *written).encode()


_RUNS: Final = (
    ("ambiguous", "among", "as_sure", "barcode_gap", "caveats", "confidence"),
    ("declared",),
    ("diagnostics",),
    ("found",),
    ("learnt_from", "length", "loci", "locus"),
    ("outcome", "query", "reasons", "sha256", "taxon"),
)
_DEFINITIONS: Final = plain_json(DEFINITIONS).decode().replace("{", "{{").replace("}", "}}")
_LINE: Final = (
    '{{{0},"congeners":[{6}],{1},"definitions":' + _DEFINITIONS + ',{2},"error_rates":{7},{3},"hits":[{8}],{4},'
    '"nearest_species":[{9}],{5}}}'
)


def _rates_json(rates: Sequence[ErrorRate]) -> dict[str, Json]:
    return {rate.name: {**_rate_json(rate.rate), "definition": rate.definition} for rate in rates}


@lru_cache(maxsize=256)
def _rates_text(rates: tuple[ErrorRate, ...]) -> str:
    """A set has few rules, and their rates stand in every line."""
    return plain_json(_rates_json(rates)).decode()


def _text(value: str) -> str:
    return encode_basestring(value)


def _congener_text(one: Congener) -> str:
    return f'{{"at":[{",".join(map(str, one.at))}],"name":{_text(one.name)},"records":{one.records}}}'


def _hit_text(hit: Hit) -> str:
    distance = "null" if hit.k2p is None else repr(round(hit.k2p, 6))
    return (
        f'{{"accession":{_text(hit.accession)},"coverage":{round(hit.coverage, 6)!r},"edits":{hit.edits},'
        f'"identity":{round(hit.identity, 6)!r},"k2p":{distance},"locus":{_text(hit.locus)},"note":{_text(hit.note)},'
        f'"overlap":{hit.overlap},"strand":"{hit.strand}","taxon":{_text(hit.taxon)}}}'
    )


def characters_json(found: Characters | None) -> dict[str, Json] | None:
    """Diagnostic sites, and what they were found among; None where none could be looked for."""
    if found is None:
        return None
    return {
        "species": found.species,
        "locus": found.locus,
        "sequences": found.own,
        "congeners": list(found.congeners),
        "congener_sequences": found.others,
        "congeners_left": found.left,
        "sites": [
            {"position": one.position, "species": one.species, "congeners": one.congeners, "query": one.query}
            for one in found.sites
        ],
    }


def taxonomy_json(library: Library) -> dict[str, Json]:
    """Whose names the set uses: the tables it was built with, or none, when names are those of the records."""
    tables = library.reference.facts.get("taxonomy")
    if not isinstance(tables, dict):
        return {"name": None, "tables": [], "names": "as the records give them; no table of names was given"}
    return {**tables, "names": "accepted names of the tables"}


def _learnt_json(item: Identified) -> dict[str, Json] | None:
    """What the confidence was learnt from: locus, shortest query, searches it was counted on."""
    if item.sure is None or item.calibration is None:
        return None
    return {
        "locus": item.calibration.locus,
        "length": item.calibration.length,
        "present": item.sure.present.total,
        "absent": item.sure.absent.total,
    }


def _sure_json(sure: Sure) -> dict[str, Json]:
    return {"step": sure.step, "present": _rate_json(sure.present), "absent": _rate_json(sure.absent)}


def _rate_json(rate: Rate) -> dict[str, Json]:
    low, high = rate.interval
    return {
        "count": rate.count,
        "total": rate.total,
        "rate": None if rate.value is None else round(rate.value, 6),
        "interval95": [round(low, 6), round(high, 6)],
    }


def _hit_json(hit: Hit) -> dict[str, Json]:
    return {
        "accession": hit.accession,
        "taxon": hit.taxon,
        "locus": hit.locus,
        "identity": round(hit.identity, 6),
        "edits": hit.edits,
        "overlap": hit.overlap,
        "coverage": round(hit.coverage, 6),
        "k2p": None if hit.k2p is None else round(hit.k2p, 6),
        "strand": hit.strand,
        "note": hit.note,
    }


def hits_csv(items: Sequence[Identified]) -> bytes:
    """All hits of all queries, one row each."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("query", *_HIT_COLUMNS))
    for item in items:
        for hit in item.hits:
            row = _hit_json(hit)
            writer.writerow((item.query, *("" if row[name] is None else row[name] for name in _HIT_COLUMNS)))
    return out.getvalue().encode()


def identified_table(items: Sequence[Identified]) -> str:
    """A readable table, one line a query."""
    head = ("query", "outcome", "taxon", "nearest record", "identity", "declared", "absent species named")
    rows = [head, *(_row(item) for item in items)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, "", f"identity: {DEFINITIONS['identity']}", ""])


def _row(item: Identified) -> tuple[str, ...]:
    best = item.hits[0] if item.hits else None
    rate = item.error_rates[0].rate if item.error_rates else None
    return (
        item.query if len(item.query) <= _NAME_SHOWN else f"{item.query[: _NAME_SHOWN - 1]}…",
        item.outcome.value,
        item.taxon or ", ".join(item.decision.among) or "–",
        f"{best.accession} {best.taxon}" if best else "–",
        f"{best.identity:.2%}" if best else "–",
        item.declared.answer if item.declared else "–",
        f"{rate.count} of {rate.total}" if rate else "–",
    )


def statement(item: Identified) -> str:
    """The finding in words; never more than the outcome allows."""
    decision = item.decision
    text = {
        Identification.SPECIES: f"The sequence was identified as {decision.taxon}.",
        Identification.SPECIES_GROUP: f"The species was not resolved among {', '.join(decision.among)}.",
        Identification.GENUS: f"The sequence was identified as genus {decision.taxon}; the species was not resolved.",
        Identification.FAMILY: f"The sequence was identified as family {decision.taxon}; the genus was not resolved.",
        Identification.MIXTURE: f"The sequence holds two species: {decision.taxon or ', '.join(decision.among)}.",
        Identification.NO_RESULT: "There is no result.",
    }.get(decision.outcome, "The sequence was not identified.")
    if item.declared is not None and item.outcome is Identification.EXCLUDED:
        text = f"{item.declared.name} is excluded. {text}"
    return text


def consensus_json(consensus: Consensus, name: str) -> dict[str, Json]:
    """Consensus, qualities, trims, primers and every disagreement."""
    return {
        "name": name,
        "bases": consensus.bases.decode(),
        "qualities": [int(value) for value in consensus.qualities],
        "overlap": consensus.overlap,
        "agreement": None if consensus.agreement is None else round(consensus.agreement, 6),
        "suspect_pair": consensus.suspect_pair,
        "firm_disagreements": consensus.firm_disagreements,
        "disagreements": jsonable(consensus.disagreements),
        "primers": jsonable(consensus.primers),
        "edits": jsonable(consensus.edits),
        "reads": [
            {
                "name": kept.read.name,
                "bases": len(kept.read.bases),
                "kept_from": kept.start + 1 if kept.end else 0,
                "kept_to": kept.end,
                "mean_quality": round(kept.mean_quality, 2),
                "edited": kept.read.edited,
                "facts": dict(kept.read.facts),
            }
            for kept in consensus.reads
        ],
        "definitions": {
            "qualities": "Phred; equal calls add (at most 90), unequal ones subtract",
            "agreement": "equal calls / columns of the overlap",
            "firm_disagreements": "overlap positions where both reads have Phred 20 or more and differ",
        },
    }

"""The forms a result takes: JSON lines, tables, and the figures of a decision record."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Final

from analysis.canonical import Json, jsonable, plain_json
from analysis.outcome import Diagnostic, Identification, Reason
from analysis.species.assembly import Consensus
from analysis.species.calibration import Rate
from analysis.species.characters import Characters
from analysis.species.decide import ErrorRate
from analysis.species.frame import PASSED
from analysis.species.hits import Hit
from analysis.species.identify import DEFINITIONS, Gap, Identified, Sure
from analysis.species.library import Congener, Library

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
        "confidence_asked": None if item.sure is None else item.sure.asked,
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
    """The bytes of `identified_json` as canonical JSON, written as text: a fifth of the work of the encoder."""
    decision, sure, gap = item.decision, item.sure, item.gap
    before = (
        f'{{"ambiguous":{item.ambiguous},"among":{_texts(decision.among)},'
        f'"as_sure":{"null" if sure is None else _sure_text(sure)},'
        f'"barcode_gap":{"null" if gap is None else _gap_text(gap)},"caveats":{_texts(item.caveats)},'
        f'"confidence":{"null" if sure is None else _number(sure.value)},'
        f'"confidence_asked":{"null" if sure is None or sure.asked is None else _number(sure.asked)},'
        f'"congeners":{_congeners_text(item.congeners)},'
        f'"declared":{"null" if item.declared is None else plain_json(jsonable(item.declared)).decode()},'
        '"definitions":'
    )
    behind = (
        f',"diagnostics":[{",".join(map(_diagnostic_text, item.diagnostics))}],'
        f'"error_rates":{{{",".join(map(_error_rate_text, sorted(item.error_rates, key=_NAME)))}}},'
        f'"found":{{"outcome":"{decision.outcome.value}","taxon":{_text_or_null(decision.taxon)}}},'
        f'"hits":[{",".join(map(_hit_text, item.hits))}],'
        f'"learnt_from":{_learnt_text(item)},"length":{item.length},'
        f'"loci":{_texts(item.loci)},"locus":{_text_or_null(item.locus)},'
        f'"nearest_species":[{",".join(map(_near_text, item.nearest_species))}],"outcome":"{item.outcome.value}",'
        f'"query":{_text(item.query)},"reasons":[{",".join(map(_reason_text, decision.reasons))}],'
        f'"sha256":"{item.sha256}","taxon":{_text_or_null(item.taxon)}}}'
    )
    # The definitions are long and not plain ASCII: beside them the rest would be written as slowly as they.
    return b"".join((before.encode(), _DEFINITIONS, behind.encode()))


_DEFINITIONS: Final = plain_json(DEFINITIONS)
_NAME: Final = attrgetter("name")


def _rates_json(rates: Sequence[ErrorRate]) -> dict[str, Json]:
    return {rate.name: {**_rate_json(rate.rate), "definition": rate.definition} for rate in rates}


_text: Final[Callable[[str], str]] = encode_basestring


def _text_or_null(value: str | None) -> str:
    return "null" if value is None else _text(value)


def _texts(values: Iterable[str]) -> str:
    return f"[{','.join(map(_text, values))}]"


@lru_cache(maxsize=1 << 14)
def _number(value: float) -> str:
    """Six decimals; the same few shares and distances come again and again."""
    return repr(round(value, 6))


@lru_cache(maxsize=1024)
def _rate_text(count: int, total: int) -> str:
    """A set has few rules, and their rates stand in every line."""
    return plain_json(_rate_json(Rate(count=count, total=total))).decode()


def _error_rate_text(one: ErrorRate) -> str:
    return f"{_text(one.name)}:{{{_error_rate_inside(one.rate.count, one.rate.total, one.definition)}}}"


@lru_cache(maxsize=1024)
def _error_rate_inside(count: int, total: int, definition: str) -> str:
    rate = _rate_json(Rate(count=count, total=total))
    return plain_json({**rate, "definition": definition}).decode()[1:-1]


def _sure_text(sure: Sure) -> str:
    present, absent = sure.present, sure.absent
    return (
        f'{{"absent":{_rate_text(absent.count, absent.total)},"present":{_rate_text(present.count, present.total)},'
        f'"step":{sure.step!r}}}'
    )


def _learnt_text(item: Identified) -> str:
    sure, local = item.sure, item.calibration
    if sure is None or local is None:
        return "null"
    return (
        f'{{"absent":{sure.absent.total},"length":{local.length},"locus":{_text(local.locus)},'
        f'"present":{sure.present.total}}}'
    )


def _gap_text(gap: Gap) -> str:
    between, value, within = ("null" if one is None else repr(one) for one in (gap.between, gap.value, gap.within))
    return f'{{"between":{between},"gap":{value},"records":{gap.records},"within":{within}}}'


def _diagnostic_text(one: Diagnostic) -> str:
    value = _PASSED_VALUE if one is PASSED else _value_text(one.value)
    return f'{{"code":{_text(one.code)},"state":{_text(one.state)},"text":{_text(one.text)},"value":{value}}}'


def _value_text(value: Json) -> str:
    return str(value) if type(value) is int else plain_json(jsonable(value)).decode()


_PASSED_VALUE: Final = plain_json(PASSED.value).decode()


def _reason_text(one: Reason) -> str:
    return f'{{"code":{_text(one.code)},"text":{_text(one.text)}}}'


def _near_text(one: tuple[str, float]) -> str:
    return f'{{"distance":{_number(one[1])},"taxon":{_text(one[0])}}}'


@lru_cache(maxsize=1024)
def _congeners_text(every: tuple[Congener, ...]) -> str:
    return f"[{','.join(map(_congener_text, every))}]"


def _congener_text(one: Congener) -> str:
    return f'{{"at":[{",".join(map(str, one.at))}],"name":{_text(one.name)},"records":{one.records}}}'


def _hit_text(hit: Hit) -> str:
    return (
        f'{{"accession":{_text(hit.accession)},"coverage":{_number(hit.coverage)},"edits":{hit.edits},'
        f'"identity":{_number(hit.identity)},"k2p":{"null" if hit.k2p is None else _number(hit.k2p)},'
        f'"locus":{_text(hit.locus)},"note":{_text(hit.note)},'
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

"""What a species result is looked at with: the tree, the gap between species, the bases beside the nearest records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.lab.models import ReferenceSet, Run
from lims.lab.selectors.curation import records_doubted
from lims.lab.selectors.referenceaccess import reference_seen_by
from lims.lab.selectors.results import run_json
from lims.web.figures import svg_inline
from lims.web.genusmap import GenusMap, genus_map
from lims.web.newick import NewickRefused, Node, newick_read, tree_lay
from lims.web.recordwords import code_words
from lims.web.shares import percent
from lims.web.sureview import CharactersView, SureView, characters_view, sure_view, taxonomy_words

_WIDE, _ROW, _LABELS, _LEFT = 780, 18, 320, 26
_IN_A_ROW = 60
MOST_LEAVES = 120
MOST_SPECIES = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Sixty columns of an alignment: where they begin, query, marks («*» where they differ), record."""

    start: int
    query: str
    marks: str
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentView:
    """The query beside one record."""

    accession: str
    taxon: str
    note: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtView:
    """What speaks against a record among the hits, and what was decided on it when the set was made."""

    accession: str
    taxon: str
    seen: tuple[tuple[str, str], ...]
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeciesView:
    """Figures and alignments of one outcome; empty parts are not shown."""

    tree: SafeString | None
    tree_note: str
    gap: SafeString | None
    gap_note: str
    genus: GenusMap | None
    alignments: tuple[AlignmentView, ...]
    doubts: tuple[DoubtView, ...]
    sure: SureView | None
    characters: CharactersView | None
    taxonomy: str


def species_view(actor: Actor, run: Run, outcome: Mapping[str, Any], number: int) -> SpeciesView | None:
    """The figures of an outcome of `species.identify`; None for other methods."""
    if run.method != "species.identify":
        return None
    details = outcome.get("details") or {}
    named = str((details.get("found") or {}).get("taxon") or "")
    tree = run_json(run=run, name="tree.json") if run.outcomes.count() == 1 else {}
    queries = run_json(run=run, name="decision-record.json").get("queries") or []
    record = queries[number - 1] if 0 < number <= len(queries) else {}
    gap = details.get("barcode_gap") or {}
    return SpeciesView(
        tree=tree_figure(tree, named),
        tree_note=_tree_note(tree),
        gap=gap_figure(details.get("nearest_species") or (), gap, named),
        gap_note=_gap_note(gap),
        genus=genus_map(details),
        alignments=tuple(_alignment(one) for one in record.get("alignments") or ()),
        doubts=_doubts(actor, run.reference_set, details.get("hits") or ()),
        sure=sure_view(details),
        characters=characters_view(details),
        taxonomy=taxonomy_words(details),
    )


def _doubts(actor: Actor, used: ReferenceSet | None, hits: Sequence[Mapping[str, Any]]) -> tuple[DoubtView, ...]:
    if used is None or not reference_seen_by(actor=actor, reference=used):
        return ()
    accessions = {str(one.get("accession", "")) for one in hits}
    return tuple(
        DoubtView(
            accession=one.accession,
            taxon=one.taxon,
            seen=tuple((code_words(code), text) for code, text in one.seen if code != "duplicate"),
            decision=f"{one.decision.get_choice_display()}: {one.decision.reason}" if one.decision else "",
        )
        for one in records_doubted(actor=actor, reference=used, accessions=accessions)
    )


def _tree_note(tree: Mapping[str, Any]) -> str:
    return _("Neighbour joining, %(n)s bootstrap replicates; numbers are support in per cent.") % {
        "n": tree.get("replicates", "–")
    }


def _gap_note(gap: Mapping[str, Any]) -> str:
    if gap.get("gap") is None:
        return _("The species has one record here, or none was named: there is no distance inside it to compare with.")
    words = {"within": percent(gap["within"]), "between": percent(gap["between"]), "n": gap.get("records")}
    return _("Inside the species at most %(within)s (%(n)s records); the nearest other species %(between)s.") % words


def tree_figure(tree: Mapping[str, Any], named: str) -> SafeString | None:
    """The tree from left to right, the query in colour, records of the species named in bold."""
    try:
        root = newick_read(str(tree["newick"]))
    except (KeyError, NewickRefused):
        return None
    leaves = list(root.leaves())
    if not 3 <= len(leaves) <= MOST_LEAVES:
        return None
    deepest = tree_lay(root) or 1.0
    scale = (_WIDE - _LABELS) / deepest
    height = len(leaves) * _ROW + 40
    body = [
        *_branches(root, scale),
        *(_leaf(leaf, scale, named) for leaf in leaves),
        *_scale_bar(deepest, scale, height),
    ]
    words = _("%(n)s records and the query; the nearest to the query in the tree: %(names)s.") % {
        "n": len(leaves) - 1,
        "names": ", ".join(_beside(root)) or "–",
    }
    return _document("tree", _("Neighbour-joining tree"), words, height, body)


def _branches(root: Node, scale: float) -> list[str]:
    drawn = []
    for node in root.nodes():
        x, y = _LEFT + node.depth * scale, _y(node)
        left = _LEFT + (node.depth - max(node.length, 0.0)) * scale
        drawn.append(f'<path class="branch" d="M{left:.1f} {y:.1f}H{x:.1f}"/>')
        if node.children:
            rows = [_y(child) for child in node.children]
            drawn.append(f'<path class="branch" d="M{x:.1f} {min(rows):.1f}V{max(rows):.1f}"/>')
            if node.label.isdigit() and int(node.label) >= 50:
                drawn.append(
                    f'<text class="tiny" x="{x - 2:.1f}" y="{y - 2:.1f}" text-anchor="end">{node.label}</text>'
                )
    return drawn


def _leaf(leaf: Node, scale: float, named: str) -> str:
    kind = "query" if leaf.label == "query" else "strong" if named and leaf.label.endswith(named) else ""
    words = escape(_("this sample") if leaf.label == "query" else leaf.label[:46])
    at = f'x="{_LEFT + 4 + leaf.depth * scale:.1f}" y="{_y(leaf) + 4:.1f}"'
    return f'<text class="{kind}" {at}>{words}</text>' if kind else f"<text {at}>{words}</text>"


def _y(node: Node) -> float:
    return 14 + node.row * _ROW


def _scale_bar(deepest: float, scale: float, height: int) -> list[str]:
    step = next((one for one in (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001) if one <= deepest / 2), deepest / 2)
    return [
        f'<path class="axis" d="M{_LEFT} {height - 16}h{step * scale:.1f}"/>',
        f'<text class="tiny" x="{_LEFT}" y="{height - 4}">{step:g}</text>',
    ]


def _beside(root: Node) -> list[str]:
    """The leaves that share the smallest group with the query."""
    groups = [[leaf.label for leaf in node.leaves()] for node in root.nodes() if node.children]
    own = min((group for group in groups if "query" in group), key=len, default=[])
    return [name for name in own if name != "query"][:5]


def gap_figure(nearest: Sequence[Mapping[str, Any]], gap: Mapping[str, Any], named: str) -> SafeString | None:
    """The nearest record of each species on one scale, with the largest distance inside the species named."""
    shown = list(nearest)[:MOST_SPECIES]
    if not shown:
        return None
    within = gap.get("within")
    most = max([*(float(one["distance"]) for one in shown), float(within or 0), 0.001]) * 1.08
    left, room, height = 230, _WIDE - 300, len(shown) * 22 + 44
    body = []
    if within is not None:
        wide = max(room * float(within) / most, 1.0)
        body.append(f'<path class="r95" d="M{left} 18h{wide:.1f}v{height - 44}h-{wide:.1f}z"/>')
        body.append(f'<text class="tiny" x="{left}" y="12">{escape(_("inside the species"))}</text>')
    body.append(f'<path class="axis" d="M{left} {height - 24}h{room}M{left} 18v{height - 42}"/>')
    for number in range(5):
        x = left + room * number / 4
        body.append(_text(f"{100 * most * number / 4:.1f} %", x, height - 8, anchor="middle"))
    for row, one in enumerate(shown):
        body += _species_row(str(one["taxon"]), float(one["distance"]), named, left, room / most, 34 + row * 22)
    words = "; ".join(f"{one['taxon']} {float(one['distance']):.2%}" for one in shown)
    return _document("gap", _("Distance to the nearest record of each species"), words, height, body)


def _species_row(taxon: str, distance: float, named: str, left: int, scale: float, y: int) -> list[str]:
    x = left + distance * scale
    own = taxon == named
    return [
        _text(taxon[:36], left - 8, y + 4, kind="strong" if own else "tiny", anchor="end"),
        f'<path class="axis" d="M{left} {y}H{x:.1f}"/>',
        f'<circle class="{"query" if own else "hold"}" cx="{x:.1f}" cy="{y}" r="4"/>',
        _text(f"{distance:.2%}", x + 8, y + 4),
    ]


def _text(words: str, x: float, y: float, *, kind: str = "tiny", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _document(key: str, title: str, words: str, height: int, body: Sequence[str]) -> SafeString:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDE}" height="{height}" viewBox="0 0 {_WIDE} {height}" '
        f'role="img" aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{escape(title)}</title>'
        f'<desc id="{key}-d">{escape(words)}</desc>'
    )
    return svg_inline(f"{head}{''.join(body)}</svg>".encode())


def _alignment(one: Mapping[str, Any]) -> AlignmentView:
    query, record = str(one["query"]), str(one["reference"])
    marks = "".join(" " if a == b else "*" for a, b in zip(query, record, strict=False))
    blocks = tuple(
        Block(
            start=start + 1,
            query=query[start : start + _IN_A_ROW],
            marks=marks[start : start + _IN_A_ROW],
            record=record[start : start + _IN_A_ROW],
        )
        for start in range(0, len(query), _IN_A_ROW)
    )
    note = _("%(same)s of %(all)s columns the same") % {"same": one["matches"], "all": one["columns"]}
    return AlignmentView(accession=str(one["accession"]), taxon=str(one["taxon"]), note=note, blocks=blocks)

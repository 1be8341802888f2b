"""The network of links as a picture drawn on the server: consignments as nodes, links as edges, both open by keyboard.

The table beside it holds the same numbers.
"""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lims.links.rules.layout import layout
from lims.links.selectors.links import LinkView, Network, Node
from lims.web.linkwords import basis_words, node_href, node_title, seizure_day, standing_badge

MOST_NODES = 120
_WIDTH, _LEFT, _TOP = 900.0, 90.0, 34.0


def network_chart(net: Network) -> SafeString:
    """The picture, empty without links. The nodes with the strongest links are drawn where there are many."""
    nodes = _drawn(net)
    if not nodes:
        return SafeString("")
    kept = {node.seizure.pk for node in nodes}
    links = [one for one in net.links if set(net.ends[one.link.uuid]) <= kept]
    height = min(900.0, 240.0 + 26.0 * len(nodes))
    edges = [(*net.ends[one.link.uuid], one.similarity) for one in links if len(set(net.ends[one.link.uuid])) == 2]
    share = layout([node.seizure.pk for node in nodes], edges, ratio=_WIDTH / height)
    place = {
        pk: (_LEFT + x * (_WIDTH - 2 * _LEFT), _TOP + y * (height - 2 * _TOP - 20)) for pk, (x, y) in share.items()
    }
    return format_html(
        '<svg viewBox="0 0 {} {}" role="group" aria-labelledby="net-t net-d"><title id="net-t">{}</title>'
        '<desc id="net-d">{}</desc>{}{}</svg>',
        f"{_WIDTH:g}",
        f"{height:g}",
        _("Network of links between seizures"),
        _description(nodes, links),
        _edges(links, net.ends, place),
        _nodes(nodes, Counter(end for one in links for end in set(net.ends[one.link.uuid])), place),
    )


def _drawn(net: Network) -> list[Node]:
    """Nodes in order of their strongest link, at most 120, then in order of their keys."""
    strongest: dict[int, float] = {}
    for one in net.links:
        for end in net.ends[one.link.uuid]:
            strongest[end] = max(strongest.get(end, 0.0), one.similarity)
    ranked = sorted(net.nodes, key=lambda node: (-strongest.get(node.seizure.pk, 0.0), node.seizure.pk))
    return sorted(ranked[:MOST_NODES], key=lambda node: node.seizure.pk)


def _description(nodes: Sequence[Node], links: Sequence[LinkView]) -> str:
    first = ngettext("%(n)s consignment", "%(n)s consignments", len(nodes)) % {"n": len(nodes)}
    second = ngettext("%(n)s link", "%(n)s links", len(links)) % {"n": len(links)}
    return _("%(nodes)s, %(links)s; the table has the same in words.") % {"nodes": first, "links": second}


def _edges(
    links: Sequence[LinkView], ends: dict[UUID, tuple[int, int]], place: dict[int, tuple[float, float]]
) -> SafeString:
    parts = []
    for one in links:
        a, b = ends[one.link.uuid]
        if a == b:
            continue
        (x1, y1), (x2, y2) = place[a], place[b]
        css = f"edge {one.basis} {'sure' if one.state.standing == 'confirmed' else 'open'}"
        path = f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"
        href = reverse("web:link", args=[one.link.reference])
        words = f"{one.link.reference}: {basis_words(one.basis)}, {standing_badge(one).text}"
        parts.append((href, words, path, css, path, f"{1.5 + min(one.similarity, 12.0) / 3:.1f}"))
    return format_html_join(
        "",
        '<a href="{}" aria-label="{}"><path class="hit" d="{}"/><path class="{}" d="{}" stroke-width="{}"/></a>',
        parts,
    )


def _nodes(nodes: Sequence[Node], degrees: Counter[int], place: dict[int, tuple[float, float]]) -> SafeString:
    parts = []
    for node in nodes:
        x, y = place[node.seizure.pk]
        radius = 8.0 + min(degrees[node.seizure.pk], 8)
        title = node_title(node)
        parts.append(
            (
                node_href(node),
                f"{title}, {seizure_day(node.seizure)}",
                "node many" if node.also else "node",
                f"{x:.1f}",
                f"{y:.1f}",
                f"{radius:g}",
                f"{x:.1f}",
                f"{y + radius + 13:.1f}",
                title,
                f"{x:.1f}",
                f"{y + radius + 25:.1f}",
                seizure_day(node.seizure),
            )
        )
    return format_html_join(
        "",
        '<a href="{}" aria-label="{}"><circle class="{}" cx="{}" cy="{}" r="{}"/>'
        '<text class="strong halo" x="{}" y="{}" text-anchor="middle">{}</text>'
        '<text class="tiny halo" x="{}" y="{}" text-anchor="middle">{}</text></a>',
        parts,
    )

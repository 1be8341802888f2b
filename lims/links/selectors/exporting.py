"""The network as plain values, GraphML and CSV, for other programs; counts stand beside what chance lets expect."""

import csv
import io
from typing import Any
from xml.etree import ElementTree as ET

from lims.casework.models import Seizure
from lims.links.selectors.links import LinkView, Network, Node

_SPACE = "http://graphml.graphdrawing.org/xmlns"
_NODE_KEYS = ("uuid", "case", "number", "country", "seized_at", "operation", "agency", "merged")
_EDGE_KEYS = (
    "reference", "uuid", "taxon", "panel", "basis", "standing", "waiting", "loci", "direct", "direct_expected", "kin",
    "kin_expected", "p", "similarity", "method", "method_version", "rule", "rule_version", "evidence_sha256",
    "reviewer",
)  # fmt: skip


def network_values(net: Network) -> dict[str, Any]:
    """Nodes and edges. An edge names its two seizures, and the nodes they belong to."""
    by_key = {node.seizure.pk: node for node in net.nodes}
    return {
        "nodes": [node_values(node) for node in net.nodes],
        "edges": [
            {
                "first_node": str(by_key[net.ends[one.link.uuid][0]].seizure.uuid),
                "second_node": str(by_key[net.ends[one.link.uuid][1]].seizure.uuid),
                "seizures": [str(one.link.first.uuid), str(one.link.second.uuid)],
                **edge_values(one),
            }
            for one in net.links
        ],
    }


def node_values(node: Node) -> dict[str, Any]:
    """A consignment; `merged` are the other seizures it is made of."""
    return seizure_values(node.seizure) | {"merged": [str(one.uuid) for one in node.also]}


def seizure_values(seizure: Seizure) -> dict[str, Any]:
    """A seizure as far as a network tells it."""
    return {
        "uuid": str(seizure.uuid),
        "case": seizure.case.reference,
        "number": seizure.number,
        "country": seizure.country,
        "seized_at": seizure.seized_at.isoformat(),
        "operation": seizure.operation,
        "agency": seizure.case.agency.name,
    }


def edge_values(view: LinkView) -> dict[str, Any]:
    """A link with its numbers, each count beside what chance lets expect."""
    told = view.evidence
    reviews = [entry for entry in view.entries if entry.act in {"confirmed", "rejected"}]
    return {
        "reference": view.link.reference,
        "uuid": str(view.link.uuid),
        "taxon": view.link.taxon,
        "panel": view.link.panel,
        "basis": view.basis,
        "standing": view.state.standing,
        "waiting": view.state.waiting,
        "loci": told.get("loci", 0),
        "direct": told.get("direct", 0),
        "direct_expected": told.get("direct_expected", 0.0),
        "kin": sum(told.get("observed", ())),
        "kin_expected": sum(told.get("expected", ())),
        "p": told.get("p", 1.0),
        "similarity": view.similarity,
        "method": told.get("method", ""),
        "method_version": told.get("method_version", ""),
        "rule": told.get("rule", ""),
        "rule_version": told.get("rule_version", ""),
        "evidence_sha256": view.find.evidence_sha256 if view.find else "",
        "reviewer": reviews[-1].by.name if reviews else "",
    }


def network_csv(net: Network) -> bytes:
    """One line for each link."""
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\r\n")
    sheet.writerow(["first_node", "second_node", *_EDGE_KEYS])
    for edge in network_values(net)["edges"]:
        sheet.writerow([_cell(edge[key]) for key in ("first_node", "second_node", *_EDGE_KEYS)])
    return out.getvalue().encode()


def network_graphml(net: Network) -> bytes:
    """GraphML 1.0, undirected."""
    root = ET.Element("graphml", xmlns=_SPACE)
    values = network_values(net)
    for of, keys, rows in (("node", _NODE_KEYS, values["nodes"]), ("edge", _EDGE_KEYS, values["edges"])):
        for key in keys:
            ET.SubElement(
                root, "key", {"id": f"{of}_{key}", "for": of, "attr.name": key, "attr.type": _type(rows, key)}
            )
    graph = ET.SubElement(root, "graph", id="links", edgedefault="undirected")
    for node in values["nodes"]:
        _data(ET.SubElement(graph, "node", id=node["uuid"]), "node", _NODE_KEYS, node)
    for edge in values["edges"]:
        drawn = ET.SubElement(graph, "edge", id=edge["uuid"], source=edge["first_node"], target=edge["second_node"])
        _data(drawn, "edge", _EDGE_KEYS, edge)
    ET.indent(root)
    whole: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return whole


def _data(element: ET.Element, of: str, keys: tuple[str, ...], values: dict[str, Any]) -> None:
    for key in keys:
        value = values[key]
        text = str(value).lower() if isinstance(value, bool) else " ".join(value) if isinstance(value, list) else value
        ET.SubElement(element, "data", key=f"{of}_{key}").text = str(text)


def _type(rows: list[dict[str, Any]], key: str) -> str:
    value = rows[0][key] if rows else ""
    kinds = ((bool, "boolean"), (int, "int"), (float, "double"))
    return next((word for kind, word in kinds if isinstance(value, kind)), "string")


def _cell(value: Any) -> Any:
    """A cell no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value

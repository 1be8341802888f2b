"""Trees in Newick text, read and laid out: leaves in rows, inner nodes between their children."""

from collections.abc import Iterator
from dataclasses import dataclass, field

DEEPEST = 400


class NewickRefused(ValueError):
    """A text that is no tree."""


@dataclass(slots=True)
class Node:
    """A node: its label (a leaf's name, an inner node's support), the branch above it, its children."""

    label: str = ""
    length: float = 0.0
    children: list["Node"] = field(default_factory=list)
    row: float = 0.0
    depth: float = 0.0

    def leaves(self) -> Iterator["Node"]:
        """The leaves below, in order."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def nodes(self) -> Iterator["Node"]:
        """Every node below and this one."""
        yield self
        for child in self.children:
            yield from child.nodes()


def newick_read(text: str) -> Node:
    """The tree of a Newick text with lengths, labels quoted where they hold signs.

    Raises:
        NewickRefused: it is none, or nested too deep.
    """
    node, at = _node(text.strip(), 0, 0)
    if text.strip()[at:] not in {"", ";"}:
        raise NewickRefused(f"signs after the tree: {text.strip()[at : at + 20]!r}")
    return node


def _node(text: str, at: int, deep: int) -> tuple[Node, int]:
    if deep > DEEPEST:
        raise NewickRefused("nested too deep")
    node = Node()
    if text[at : at + 1] == "(":
        at += 1
        while True:
            child, at = _node(text, at, deep + 1)
            node.children.append(child)
            sign = text[at : at + 1]
            at += 1
            if sign == ")":
                break
            if sign != ",":
                raise NewickRefused(f"«,» or «)» is missing at {at}")
    node.label, at = _label(text, at)
    if text[at : at + 1] == ":":
        end = at + 1
        while end < len(text) and text[end] in "0123456789.eE+-":
            end += 1
        try:
            node.length = float(text[at + 1 : end])
        except ValueError as error:
            raise NewickRefused(f"no length at {at}") from error
        at = end
    return node, at


def _label(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] != "'":
        end = at
        while end < len(text) and text[end] not in "(),:;'":
            end += 1
        return text[at:end], end
    parts, end = [], at + 1
    while True:
        close = text.find("'", end)
        if close < 0:
            raise NewickRefused(f"a quote is not closed at {at}")
        parts.append(text[end:close])
        if text[close + 1 : close + 2] != "'":
            return "'".join(parts), close + 1
        end = close + 2


def tree_lay(root: Node) -> float:
    """Give every node its row and depth; smaller branches first. Returns the largest depth."""
    _depth(root, 0.0)
    for node in root.nodes():
        node.children.sort(key=lambda child: sum(1 for _ in child.leaves()))
    for row, leaf in enumerate(root.leaves()):
        leaf.row = float(row)
    _rows(root)
    return max(leaf.depth for leaf in root.leaves())


def _depth(node: Node, above: float) -> None:
    node.depth = above + max(node.length, 0.0)
    for child in node.children:
        _depth(child, node.depth)


def _rows(node: Node) -> float:
    if node.children:
        rows = [_rows(child) for child in node.children]
        node.row = (rows[0] + rows[-1]) / 2
    return node.row

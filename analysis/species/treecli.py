"""``python -m analysis species tree``: a neighbour-joining tree with bootstrap, and where each query falls in it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.canonical import Json, readable_json
from analysis.errors import InputRefused
from analysis.inputs import InputFile
from analysis.species.library import Library, library_open
from analysis.species.options import natural
from analysis.species.placement import NEIGHBOURS, neighbours
from analysis.species.search import nearest
from analysis.species.traces import reads_of
from analysis.species.tree import REPLICATES, Tree, tree_build

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_tree(questions: Subparsers) -> None:
    """Add `tree`."""
    parser = questions.add_parser("tree", help="neighbour-joining tree with bootstrap supports")
    parser.add_argument("sequences", type=Path, nargs="+", metavar="SEQUENCES.fasta")
    parser.add_argument("--reference", type=Path, metavar="DIR", help="add the nearest records of a set")
    parser.add_argument("--neighbours", type=natural, default=NEIGHBOURS, metavar="N", help="how many records to add")
    parser.add_argument("--replicates", type=natural, default=REPLICATES, metavar="N", help="bootstrap replicates")
    parser.add_argument("--seed", type=natural, default=1, help="seed of the bootstrap")
    parser.add_argument("--format", choices=("newick", "json"), default="newick")
    parser.set_defaults(run=run_tree)


def run_tree(parsed: argparse.Namespace) -> int:
    """Read sequences, add neighbours, print the tree."""
    sequences: dict[str, bytes] = {}
    for path in parsed.sequences:
        for read in reads_of(InputFile.from_path("sequence", path)):
            if read.name in sequences:
                raise InputRefused(f"The name «{read.name}» occurs twice.", file=path.name, remedy="Rename one.")
            sequences[read.name] = read.bases
    if parsed.reference is not None:
        library = library_open(parsed.reference)
        for name, bases in list(sequences.items()):
            sequences |= _records(library, name, bases, parsed.neighbours)
    tree = tree_build(sequences, replicates=parsed.replicates, seed=parsed.seed)
    if parsed.format == "json":
        sys.stdout.buffer.write(readable_json(tree_json(tree)))
    else:
        sys.stdout.write(tree.newick + "\n")
    return 0


def _records(library: Library, name: str, bases: bytes, count: int) -> dict[str, bytes]:
    near = nearest(library, bases)
    if not near:
        raise InputRefused(
            f"No record of the set lies near «{name}».",
            field="sequences",
            remedy="Choose a set of its locus, or leave it out.",
        )
    return {leaf: sequence for leaf, sequence, _ in neighbours(library, bases, near, count)}


def tree_json(tree: Tree) -> dict[str, Json]:
    """A tree as data: leaves, inner branches with their support, Newick, and how it was made."""
    return {
        "leaves": list(tree.names),
        "branches": [
            {
                "leaves": [tree.names[leaf] for leaf in sorted(joint.leaves)],
                "length": round(joint.length, 6),
                "support": joint.support,
            }
            for joint in tree.joints
        ],
        "newick": tree.newick,
        "sites": tree.sites,
        "replicates": tree.replicates,
        "method": "neighbour joining (Saitou & Nei 1987) of Kimura's two-parameter distances, pairwise deletion; "
        "supports: share of bootstrap replicates of sites (Felsenstein 1985)",
    }

"""A neighbour-joining tree with its bootstrap against Bio.Phylo: same sequences, one run.

Bio.Phylo takes the proportion of unequal sites, its quickest distance, and its own neighbour joining. A few replicates
are timed and taken a thousand times; drawing the sites is not counted.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Sequence
from typing import Final

from Bio import AlignIO, Phylo
from Bio.Phylo.TreeConstruction import DistanceCalculator, DistanceTreeConstructor

from analysis.species.tree import REPLICATES, tree_build
from benchmarks.goals import Goal

TAXA: Final = 50
_SHARE: Final = 0.01


def trees(sequences: Sequence[str], timed: int = 2) -> list[Goal]:
    """Processor seconds of both for sequences of equal length."""
    named = {f"t{number:02d}": bases for number, bases in enumerate(sequences)}
    began = time.process_time()
    tree_build({name: bases.encode() for name, bases in named.items()})
    own = time.process_time() - began
    draw = random.Random(1)
    spent = 0.0
    for _ in range(timed):
        sites = [draw.randrange(len(sequences[0])) for _ in sequences[0]]
        text = "".join(f">{name}\n{''.join(bases[site] for site in sites)}\n" for name, bases in named.items())
        alignment = AlignIO.read(io.StringIO(text), "fasta")  # type: ignore[no-untyped-call]
        began = time.process_time()
        _tree_of(alignment)
        spent += time.process_time() - began
    other = spent / timed * REPLICATES
    print(
        f"tree of {len(named)} sequences, {REPLICATES:,} replicates: {own:.2f} s processor; "
        f"Bio.Phylo {spent / timed:.2f} s a replicate ({timed} timed): {own / other:.5f} of it"
    )
    return [Goal("tree with 1,000 replicates, share of Bio.Phylo", own / other, _SHARE, most=True)]


def _tree_of(alignment: object) -> Phylo.BaseTree.Tree:
    matrix = DistanceCalculator("identity").get_distance(alignment)  # type: ignore[no-untyped-call]
    tree: Phylo.BaseTree.Tree = DistanceTreeConstructor().nj(matrix)  # type: ignore[no-untyped-call]
    return tree

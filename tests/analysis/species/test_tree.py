"""Trees against Biopython's neighbour joining, textbook distances and trees whose shape is known."""

from __future__ import annotations

import io
import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
from Bio import Phylo
from Bio.Phylo.TreeConstruction import DistanceMatrix, DistanceTreeConstructor

from analysis.__main__ import main
from analysis.errors import InputRefused
from analysis.species.calibration import Calibration
from analysis.species.library import Library
from analysis.species.synthetic import Barcode
from analysis.species.tree import laid_along, tree_build, trees_build


def _k2p(one: bytes, other: bytes) -> float:
    """Kimura (1980), eq. 10, letter by letter."""
    ring = {"A": "G", "G": "A", "C": "T", "T": "C"}
    pairs = [(chr(a), chr(b)) for a, b in zip(one, other, strict=True)]
    p = sum(ring[a] == b for a, b in pairs) / len(pairs)
    q = sum(a != b and ring[a] != b for a, b in pairs) / len(pairs)
    return -0.5 * math.log(1 - 2 * p - q) - 0.25 * math.log(1 - 2 * q)


def _splits(newick: str, names: tuple[str, ...]) -> set[frozenset[str]]:
    tree = Phylo.read(io.StringIO(newick), "newick")
    found = set()
    for clade in tree.get_nonterminals():
        members = frozenset(leaf.name for leaf in clade.get_terminals())
        if names[0] in members:
            members = frozenset(names) - members
        if 1 < len(members) < len(names) - 1:
            found.add(members)
    return found


def test_the_tree_is_that_of_biopython(individuals: list[Barcode]) -> None:
    # One of each species: records of a species lie at equal distances, whose order is anyone's choice.
    sequences = {one.accession: one.sequence.encode() for one in individuals[::5]}
    tree = tree_build(sequences, replicates=20)
    names = tree.names
    matrix = [[_k2p(sequences[a], sequences[b]) for b in names[: place + 1]] for place, a in enumerate(names)]
    other = DistanceTreeConstructor().nj(DistanceMatrix(list(names), matrix))
    text = io.StringIO()
    Phylo.write(other, text, "newick")
    theirs, mine = _splits(text.getvalue(), names), {frozenset(names[i] for i in j.leaves) for j in tree.joints}
    assert len(mine) == len(names) - 3
    assert mine == theirs
    assert _splits(tree.newick, names) == mine
    length = sum(clade.branch_length or 0 for clade in other.find_clades())
    own = sum(clade.branch_length or 0 for clade in Phylo.read(io.StringIO(tree.newick), "newick").find_clades())
    assert own == pytest.approx(length, abs=2e-4)


def test_species_far_apart_are_groups_and_the_order_changes_nothing(individuals: list[Barcode]) -> None:
    sequences = {one.accession: one.sequence.encode() for one in individuals[:25]}
    tree = tree_build(sequences, replicates=200, seed=3)
    shuffled = list(sequences.items())
    random.Random(1).shuffle(shuffled)
    assert tree_build(dict(shuffled), replicates=200, seed=3) == tree
    for start in range(0, 25, 5):
        members = {one.accession for one in individuals[start : start + 5]}
        support = tree.support_of(members)
        assert support is not None
        assert support > 0.95
        assert tree.support_of(members | {individuals[(start + 7) % 25].accession}) is None


def test_support_is_the_share_of_replicates_with_the_branch() -> None:
    """Four leaves, 30 sites for one split and 10 against it: most replicates keep the split, not all."""
    a, b = b"A" * 400, bytearray(b"A" * 400)
    rows = [bytearray(a), bytearray(a), bytearray(a), b]
    for at in range(10):
        rows[0][at] = rows[1][at] = ord("C")
    for at in range(20, 26):
        rows[0][at] = rows[2][at] = ord("C")
    tree = tree_build({f"t{n}": bytes(row) for n, row in enumerate(rows)}, replicates=2000)
    support = tree.support_of({"t0", "t1"})
    assert support is not None
    # The branch is found where sites of the first kind outnumber those of the second among 400 drawn: a normal
    # approximation of the difference (mean 4, variance 16 − 16/400) gives 0.84; ties are halves.
    draw = np.random.default_rng(5).multinomial(400, [10 / 400, 6 / 400, 384 / 400], 200_000)
    expected = np.mean(draw[:, 0] > draw[:, 1])
    tied = np.mean(draw[:, 0] == draw[:, 1])
    assert expected - 0.03 <= support <= expected + tied + 0.03


def test_gaps_and_partial_sequences_are_laid_along_the_longest() -> None:
    whole = b"ACGTTGCAAGCTTACGGATCCATTGCAACGTTAGCCATGAC" * 3
    rows = laid_along([whole, whole[20:90], whole[:50] + whole[51:]])
    assert rows.shape == (3, len(whole))
    assert not rows[1, :20].any()
    assert not rows[1, 90:].any()
    assert (rows[1, 20:90] == rows[0, 20:90]).all()
    assert np.count_nonzero(rows[2]) == len(whole) - 1
    with pytest.raises(InputRefused, match="4 to 400"):
        tree_build({"a": whole, "b": whole, "c": whole})


@pytest.mark.parametrize("cut", [0, 5], ids=["one-frame", "the-one-left-out-is-the-frame"])
def test_two_trees_at_once_are_those_made_one_after_the_other(individuals: list[Barcode], cut: int) -> None:
    leaves = {one.accession: one.sequence.encode() for one in individuals[:9]}
    leaves["query"] = individuals[9].sequence.encode()
    if cut:
        leaves = {name: bases if name == "query" else bases[cut:] for name, bases in leaves.items()}
    rest = {name: bases for name, bases in leaves.items() if name != "query"}

    whole, other = trees_build(leaves, "query", replicates=60, seed=7)

    assert whole == tree_build(leaves, replicates=60, seed=7)
    assert other == tree_build(rest, replicates=60, seed=7)
    assert "query" in whole.names
    assert "query" not in other.names


def test_the_command_prints_a_tree(
    individuals: list[Barcode], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "some.fasta"
    path.write_text("".join(one.fasta for one in individuals[:10]))
    assert main(["species", "tree", str(path), "--replicates", "50", "--format", "json"]) == 0
    shown = json.loads(capsysbinary.readouterr().out)
    assert len(shown["leaves"]) == 10
    assert len(shown["branches"]) == 7
    assert main(["species", "tree", str(path), "--replicates", "50"]) == 0
    tree = Phylo.read(io.StringIO(capsysbinary.readouterr().out.decode()), "newick")
    assert tree.count_terminals() == 10
    path.write_text(individuals[0].fasta)
    assert main(["species", "tree", str(path)]) == 1


def test_a_sequence_with_no_record_near_it_is_named(
    calibrated: tuple[Library, Calibration], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library, _ = calibrated
    path = tmp_path / "far.fasta"
    path.write_text(f">far\n{'AC' * 100}\n")
    assert main(["species", "tree", str(path), "--reference", str(library.reference.folder)]) == 1
    assert "No record of the set lies near «far»." in capsys.readouterr().err

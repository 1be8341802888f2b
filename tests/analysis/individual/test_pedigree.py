"""Pedigrees: what cannot be is refused, false links are found, true ones pass, generations are counted."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.errors import InputRefused
from analysis.individual.claims import Claim
from analysis.individual.kinship import ErrorModel
from analysis.individual.panel import Panel, genotype_index
from analysis.individual.parentage import pair_test
from analysis.individual.pedigree import pedigree_test

LOCI, ALLELES = 16, 8
EXACT = ErrorModel(theta=0.0, dropout=0.0, miscall=0.0)


def claim(young: str, mother: str = "", father: str = "") -> Claim:
    return Claim(young=young, mother=mother, father=father, line=2)


TRUE = [claim("f1a", "dam1", "sire1"), claim("f1b", "dam2", "sire2"), claim("f2", "f1a", "f1b")]


@pytest.fixture(scope="module")
def panel() -> Panel:
    random = np.random.default_rng(4)
    return Panel(
        loci=tuple(f"L{locus}" for locus in range(LOCI)),
        alleles=tuple(tuple(str(100 + 2 * allele) for allele in range(ALLELES)) for _ in range(LOCI)),
        frequencies=tuple(random.dirichlet(np.ones(ALLELES) * 2) for _ in range(LOCI)),
        copies=(200,) * LOCI,
    )


def alleles_of(panel: Panel, seed: int) -> dict[str, np.ndarray]:
    """(L, 2) alleles of four founders, their young, a grandchild, and a stranger."""
    random = np.random.default_rng(seed)
    found: dict[str, np.ndarray] = {}
    for name in ("dam1", "sire1", "dam2", "sire2", "wild"):
        found[name] = np.array([random.choice(ALLELES, 2, p=p) for p in panel.frequencies])
    for one in TRUE:
        sides = [found[name][np.arange(LOCI), random.integers(0, 2, LOCI)] for _, name in one.parents]
        found[one.young] = np.stack(sides, axis=1)
    return found


def numbers_of(alleles: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    index = genotype_index(ALLELES)
    return {name: index[pairs[:, 0], pairs[:, 1]].astype(np.int32) for name, pairs in alleles.items()}


@pytest.mark.parametrize("seed", range(5))
def test_a_true_pedigree_passes_and_carries_two_generations(panel: Panel, seed: int) -> None:
    found = pedigree_test(TRUE, panel, numbers_of(alleles_of(panel, seed)), EXACT)
    assert not found.excluded
    assert found.alpha_each == pytest.approx(0.001 / 3)
    assert {one.animal: (one.generation, one.supported) for one in found.descents} == {
        "f1a": (1, 1), "f1b": (1, 1), "f2": (2, 2)
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_a_wild_animal_passed_off_as_bred_is_excluded(panel: Panel, seed: int) -> None:
    """The grandchild is a stranger: its link is excluded, its parents' are not, and it stands on nothing."""
    alleles = alleles_of(panel, seed)
    alleles["f2"] = alleles["wild"]
    found = pedigree_test(TRUE, panel, numbers_of(alleles), EXACT)
    assert found.excluded
    assert [link.test is not None and link.test.excluded for link in found.links] == [False, False, True]
    assert found.descents[-1].generation == 2
    assert found.descents[-1].supported == 0


def test_what_is_not_typed_is_not_supported(panel: Panel) -> None:
    numbers = numbers_of(alleles_of(panel, 1))
    del numbers["sire2"]
    found = pedigree_test(TRUE, panel, numbers, EXACT)
    assert not found.excluded
    assert [link.untyped for link in found.links] == [(), ("sire2",), ()]
    assert {one.animal: one.supported for one in found.descents} == {"f1a": 1, "f1b": 0, "f2": 1}
    assert found.alpha_each == pytest.approx(0.001 / 2)


def test_one_claimed_parent_is_tested_but_carries_no_generation(panel: Panel) -> None:
    numbers = numbers_of(alleles_of(panel, 2))
    found = pedigree_test([claim("f1a", "dam1"), claim("f1b", father="wild")], panel, numbers, EXACT)
    assert [one.generation for one in found.descents] == [0, 0]
    assert [link.test is not None and link.test.excluded for link in found.links] == [False, True]


def test_a_link_among_many_needs_stronger_evidence(panel: Panel) -> None:
    """So many contradictions as one claim alone would be excluded for at 0.01 are not enough among ten claims."""
    model = ErrorModel(theta=0.0, dropout=0.05, miscall=0.01)
    alleles = alleles_of(panel, 3)
    numbers = numbers_of(alleles)
    strange = numbers_of({"x": alleles["wild"]})["x"]
    young = numbers["f1a"].copy()
    for locus in range(LOCI):
        young[locus] = strange[locus]
        alone = pair_test(panel, young, numbers["dam1"], numbers["sire1"], model, alpha=0.01)
        if alone.excluded:
            break
    assert 0.001 < alone.p < 0.01
    claims = [claim(f"y{number}", "dam1", "sire1") for number in range(10)]
    found = pedigree_test(claims, panel, {**numbers, **{one.young: young for one in claims}}, model, alpha=0.01)
    assert found.alpha_each == pytest.approx(0.001)
    assert not found.excluded


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ([claim("a", "b", "c"), claim("a", "d", "e")], "claimed twice"),
        ([claim("a", "b", "c"), claim("b", "a", "d")], "own ancestor"),
        ([claim("a", "b", "c"), claim("d", "c", "e")], "is a father above and a mother here"),
        ([claim("a", "b", "c")], "No claim of the pedigree can be tested"),
    ],
)
def test_pedigrees_that_cannot_be(panel: Panel, claims: list[Claim], words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        pedigree_test(claims, panel, {}, EXACT)


def test_the_command(panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alleles = alleles_of(panel, 6)
    alleles["f2"] = alleles["wild"]
    head = ["id", *(f"L{locus}_{half}" for locus in range(LOCI) for half in (1, 2))]
    rows = [[name, *(str(100 + 2 * int(one)) for one in pairs.ravel())] for name, pairs in alleles.items()]
    (tmp_path / "t.csv").write_text("\n".join(",".join(row) for row in [head, *rows]))
    (tmp_path / "claims.csv").write_text("young,mother,father\nf1a,dam1,sire1\nf1b,dam2,sire2\nf2,f1a,f1b\n")
    words = ["individual", "parentage", str(tmp_path / "t.csv"), "--id-column", "id"]
    words += ["--claims", str(tmp_path / "claims.csv")]
    assert main([*words, "--format", "jsonl"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["young"], line["excluded"], line["supported_generation"]) for line in lines] == [
        ("f1a", False, 1), ("f1b", False, 1), ("f2", True, 0)
    ]  # fmt: skip
    assert lines[2]["contradictions"] == len(lines[2]["at"]) > 2
    assert main(words) == 0
    assert "the pedigree is excluded" in capsys.readouterr().out
    (tmp_path / "claims.csv").write_text("young,mother,father\nf1a,,\n")
    assert main(words) == 1
    assert "row 2" in capsys.readouterr().err

"""Pedigrees: what cannot be is refused, false links are found, true ones pass, generations are counted."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.errors import InputRefused
from analysis.individual.claims import Claim
from analysis.individual.kinship import ErrorModel, observation
from analysis.individual.panel import Panel, genotype_index
from analysis.individual.parentage import Mendel
from analysis.individual.pedigree import pedigree_test
from analysis.individual.pedigree_figure import pedigree_svg

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
    assert [link.excluded for link in found.links] == [False, False, True]
    assert found.descents[-1].generation == 2
    assert found.descents[-1].supported == 0


def test_what_is_not_typed_is_not_supported(panel: Panel) -> None:
    numbers = numbers_of(alleles_of(panel, 1))
    del numbers["sire2"]
    found = pedigree_test(TRUE, panel, numbers, EXACT)
    assert not found.excluded
    assert [link.untyped for link in found.links] == [(), ("sire2",), ()]
    assert [list(link.tests) for link in found.links] == [["pair"], ["mother"], ["pair"]]
    assert {one.animal: one.supported for one in found.descents} == {"f1a": 1, "f1b": 0, "f2": 1}
    assert found.alpha_each == pytest.approx(0.001 / 3)


def test_one_claimed_parent_is_tested_but_carries_no_generation(panel: Panel) -> None:
    numbers = numbers_of(alleles_of(panel, 2))
    found = pedigree_test([claim("f1a", "dam1"), claim("f1b", father="wild")], panel, numbers, EXACT)
    assert [one.generation for one in found.descents] == [0, 0]
    assert [link.excluded for link in found.links] == [False, True]


def test_a_link_among_many_needs_stronger_evidence(panel: Panel) -> None:
    """So many contradictions as one claim alone would be excluded for at 0.01 are not enough among ten claims."""
    model = ErrorModel(theta=0.0, dropout=0.05, miscall=0.01)
    alleles = alleles_of(panel, 3)
    numbers = numbers_of(alleles)
    strange = numbers_of({"x": alleles["wild"]})["x"]
    young = numbers["f1a"].copy()
    for locus in range(LOCI):
        young[locus] = strange[locus]
        alone = Mendel(panel, model).pair(young, numbers["dam1"], numbers["sire1"], alpha=0.01)
        if alone.excluded:
            break
    assert 0.001 < alone.p < 0.01
    claims = [claim(f"y{number}", "dam1", "sire1") for number in range(10)]
    found = pedigree_test(claims, panel, {**numbers, **{one.young: young for one in claims}}, model, alpha=0.01)
    assert found.alpha_each == pytest.approx(0.001)
    assert not found.excluded


@pytest.mark.parametrize(
    ("claims", "field", "words"),
    [
        (
            [claim("a", "b", "c"), claim("a", "d", "e")],
            "young",
            r"«a» are claimed twice, and differently \(row 2",
        ),
        ([claim("a", "b", "c"), claim("a", "b", "c")], "young", r"«a» are claimed twice \(row 2 too\)"),
        (
            [claim("z", "a"), claim("a", "b", "c"), claim("b", "a", "d")],
            "young",
            "«a» is its own ancestor: «a» ← «b» ← «a»",
        ),
        ([claim("a", "b", "c"), claim("d", "c", "e")], "mother", "«c» is a father in row 2 and a mother here"),
        ([claim("a", "b", "c")], "young", "No claim of the pedigree can be tested"),
    ],
    ids=["differently", "twice", "circle", "sexes", "untyped"],
)
def test_pedigrees_that_cannot_be(panel: Panel, claims: list[Claim], field: str, words: str) -> None:
    with pytest.raises(InputRefused, match=words) as refused:
        pedigree_test(claims, panel, {}, EXACT, file="claims.csv")
    assert (refused.value.file, refused.value.field) == ("claims.csv", field)
    assert refused.value.remedy


def test_it_breaks_first_where_it_lies_furthest_back(panel: Panel) -> None:
    """Two false claims: the table names the grandchild first, the pedigree breaks at the parent before."""
    alleles = alleles_of(panel, 1)
    alleles["f1a"], alleles["f2"] = alleles["wild"], alleles["sire2"]
    found = pedigree_test([TRUE[2], TRUE[1], TRUE[0]], panel, numbers_of(alleles), EXACT)
    assert [link.excluded for link in found.links] == [True, False, True]
    assert found.first is not None
    assert found.first.claim.young == "f1a"


def test_of_a_false_pair_the_one_that_cannot_be_is_named(panel: Panel) -> None:
    found = pedigree_test([claim("f1a", "dam1", "wild")], panel, numbers_of(alleles_of(panel, 2)), EXACT)
    (link,) = found.links
    assert {kind: test.excluded for kind, test in link.apart.items()} == {"mother": False, "father": True}
    assert link.broken == ("father",)
    assert found.tests == 1, "what is told of each alone is no part of the decision"


def test_a_sample_given_twice_is_seen(panel: Panel) -> None:
    numbers = numbers_of(alleles_of(panel, 3))
    numbers["again"] = numbers["f1a"].copy()
    numbers["again"][3] = -1
    found = pedigree_test([claim("f1a", "again", "sire1")], panel, numbers, EXACT)
    assert found.links[0].alike == (("f1a", "again"),)


def test_true_pedigrees_are_excluded_no_oftener_than_the_level(panel: Panel) -> None:
    """60 true pedigrees of three claims typed with errors, at a level of 0.3: within four deviations of it at most."""
    model = ErrorModel(theta=0.0, dropout=0.1, miscall=0.02)
    seen = observation(ALLELES, model).cumsum(axis=1)
    random = np.random.default_rng(12)
    excluded = 0
    for seed in range(60):
        numbers = {
            name: np.array([np.searchsorted(seen[one], random.random()) for one in row], dtype=np.int32)
            for name, row in numbers_of(alleles_of(panel, 1000 + seed)).items()
        }
        excluded += pedigree_test(TRUE, panel, numbers, model, alpha=0.3).excluded
    assert excluded > 0
    assert excluded <= 60 * 0.3 + 4 * np.sqrt(60 * 0.3 * 0.7)


def files_of(panel: Panel, alleles: dict[str, np.ndarray], folder: Path, claims: str) -> list[str]:
    head = ["id", *(f"L{locus}_{half}" for locus in range(LOCI) for half in (1, 2))]
    rows = [[name, *(str(100 + 2 * int(one)) for one in pairs.ravel())] for name, pairs in alleles.items()]
    (folder / "t.csv").write_text("\n".join(",".join(row) for row in [head, *rows]))
    (folder / "claims.csv").write_text(claims)
    return [
        "individual",
        "parentage",
        str(folder / "t.csv"),
        "--id-column",
        "id",
        "--claims",
        str(folder / "claims.csv"),
    ]


def test_the_command(panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alleles = alleles_of(panel, 6)
    alleles["f2"] = alleles["wild"]
    words = files_of(panel, alleles, tmp_path, "young,mother,father\nf1a,dam1,sire1\nf1b,dam2,sire2\nf2,f1a,f1b\n")
    assert main([*words, "--format", "jsonl"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["young"], line["excluded"], line["supported_generation"]) for line in lines] == [
        ("f1a", False, 1), ("f1b", False, 1), ("f2", True, 0)
    ]  # fmt: skip
    assert lines[2]["contradictions"] == len(lines[2]["at"]) > 2
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "the pedigree is excluded, it breaks first at f2 (mother f1a, father f1b): 3 of 3 claims tested" in told
    assert "each at 0.00033 (0.001 for the whole)" in told
    assert main([*words, "--alpha", "0"]) == 1
    assert "alpha is 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ("young,mother,father\nf1a,,\n", "claims.csv, row 2, field mother: The claim about «f1a» names no parent."),
        ("young,mother,father\n,dam1,\n", "row 2, field young: The claim names no young animal."),
        ("young,mother,father\nf1a,dam1,dam1\n", "field father: «dam1» is claimed as mother and as father at once."),
        ("young,mother,father\nf1a,f1a,\n", "field mother: «f1a» is claimed as young and as mother at once."),
        (
            "offspring,dam,sire\nf1a,dam1,sire1\nf1b,dam7,sire2\n",
            "row 3, field mother: «dam7» is not in the genotype table «t.csv». Did",
        ),
        ("young,offspring,dam,sire\na,b,c,d\n", "The columns young and offspring both say who the young is."),
        (
            f"young,mother,father\n{'y' * 500},dam1,\n",
            f"field young: «{'y' * 20}…» has 500 signs; a name has 120 at most.",
        ),
        ("young,dam\nf1a,dam1\n", "field father: The table has no such column."),
        ("young,dam,sire,untyped\nf1a,dam1,sire1,dam1\n", "field untyped: «dam1» is stated as untyped, but stands in"),
        ("young,dam,sire,untyped\nf1a,dam1,sire1,x\n", "field untyped: «x» is none of the animals of this claim."),
    ],
    ids=range(10),
)
def test_tables_of_claims_that_cannot_be_used(
    panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str], claims: str, told: str
) -> None:
    assert main(files_of(panel, alleles_of(panel, 6), tmp_path, claims)) == 1
    assert told in capsys.readouterr().err


def test_an_ancestor_that_was_never_typed_is_named_so(
    panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = "offspring,dam,sire,untyped\nf1a,dam1,sire1,\nf1b,old,sire2,old\nf2,f1a,f1b,\n"
    words = files_of(panel, alleles_of(panel, 6), tmp_path, claims)
    assert main([*words, "--format", "jsonl"]) == 0
    line = [json.loads(line) for line in capsys.readouterr().out.splitlines()][1]
    assert (line["untyped"], list(line["tests"]), line["supported_generation"]) == (["old"], ["father"], 0)
    assert main(words) == 0
    assert "the other parent is not typed enough (old)" in capsys.readouterr().out


def test_the_drawing_marks_claims_by_form(panel: Panel) -> None:
    """Crosses on lines of excluded parents, question marks where nothing was tested; every animal once by name."""
    alleles = alleles_of(panel, 2)
    numbers = numbers_of(alleles)
    del numbers["sire2"]
    claims = [claim("f1a", "dam1", "wild"), claim("f1b", "dam2", "sire2"), claim("f2", "f1a", "f1b")]
    root = ET.fromstring(pedigree_svg(pedigree_test(claims, panel, numbers, EXACT)))  # noqa: S314 - our own drawing
    space = "{http://www.w3.org/2000/svg}"
    texts = [one.text for one in root.iter(f"{space}text")]
    assert texts.count("×") == 1
    assert texts.count("?") == 1
    for name in ("dam1", "wild", "dam2", "sire2", "f1a", "f1b", "f2"):
        assert texts.count(name) == 1
    lines = [one for one in root.iter(f"{space}path") if str(one.get("class")).startswith("claim")]
    assert sorted(str(one.get("stroke-dasharray")) for one in lines) == ["2 4", "7 4", "None", "None", "None", "None"]
    assert len([one for one in root.iter() if one.get("class") == "site out"]) == 1
    described = root.findtext(f"{space}desc")
    assert described is not None
    assert "it breaks first at f1a" in described
    assert "crossed out: excluded" in described


def test_a_large_pedigree_is_drawn_in_part_with_what_is_excluded_in_it(panel: Panel) -> None:
    alleles = alleles_of(panel, 2)
    numbers = numbers_of(alleles)
    claims = [claim(f"y{place}", "dam1", "sire1") for place in range(200)]
    young = {one.young: numbers["f1a"] for one in claims} | {"y199": numbers["wild"]}
    drawing = pedigree_svg(pedigree_test(claims, panel, {**numbers, **young}, EXACT))
    assert ">y199<" in drawing
    assert drawing.count('class="site"') == 120
    assert "120 of 202 animals are drawn" in drawing

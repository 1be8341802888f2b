"""Small tables of the origin tests, and the real data where it lies beside the repository."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from analysis.genotypes.reader import Layout, read_genotypes
from analysis.genotypes.table import GenotypeTable
from analysis.origin.baseline import Baseline, baseline_build
from analysis.origin.spatial.model import MapModel
from analysis.origin.synthetic_map import SyntheticMap, synthetic_map
from tests.analysis.origin.map_support import SMALL, model_of

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "genotypes"


@pytest.fixture(scope="session")
def genotype_data() -> Path:
    if not REAL.is_dir():
        pytest.skip("the real genotype tables are not beside this repository (../shared/data/genotypes)")
    return REAL


def table_of(text: str, *columns: str) -> GenotypeTable:
    """A table from rows «id columns… genotypes», a genotype written 101/103 or -."""
    rows = [line.split() for line in text.strip().splitlines()]
    loci = [f"L{number}_{half}" for number in range(1, len(rows[0]) - len(columns)) for half in (1, 2)]
    lines = [["id", *columns, *loci]]
    for row in rows:
        cells = [
            allele for cell in row[1 + len(columns) :] for allele in (cell.split("/") if "/" in cell else ["", ""])
        ]
        lines.append([*row[: 1 + len(columns)], *cells])
    content = "\n".join(",".join(line) for line in lines).encode()
    layout = Layout(id="id", others=columns)
    return read_genotypes(content, name="table.csv", layout=layout)


def baseline_of(text: str, *, grouped: bool = False) -> Baseline:
    """A baseline from rows «id population [group] genotypes…»."""
    columns = ("population", "group") if grouped else ("population",)
    table = table_of(text, *columns)
    return baseline_build(table, population_column="population", group_column="group" if grouped else None, name="test")


@pytest.fixture
def random_baseline() -> Callable[..., Baseline]:
    def make(seed: int, *, populations: int = 3, animals: int = 8, loci: int = 4, alleles: int = 4) -> Baseline:
        random = np.random.default_rng(seed)
        rows = []
        for population in range(populations):
            weights = random.dirichlet(np.ones(alleles), loci)
            for animal in range(animals):
                cells = [
                    "-"
                    if random.random() < 0.1
                    else "/".join(str(100 + 2 * int(x)) for x in random.choice(alleles, 2, p=weights[locus]))
                    for locus in range(loci)
                ]
                rows.append(f"a{population}x{animal} P{population} {' '.join(cells)}")
        return baseline_of("\n".join(rows))

    return make


@pytest.fixture(scope="module")
def small() -> SyntheticMap:
    return synthetic_map(SMALL)


@pytest.fixture(scope="module")
def model(small: SyntheticMap) -> MapModel:
    return model_of(small.baseline_csv)

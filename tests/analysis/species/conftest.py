"""Synthetic reference sets, and where the real data lies when it is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.species.calibrate import library_calibrate
from analysis.species.calibration import Calibration
from analysis.species.library import Library, library_build
from analysis.species.records import records_read
from analysis.species.synthetic import Barcode, Design, barcodes

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
SPECIES = [f"{genus} {epithet}" for genus in ("Aus", "Bus", "Cus", "Dus", "Eus") for epithet in ("albus", "niger")]


@pytest.fixture(scope="session")
def individuals() -> list[Barcode]:
    return barcodes(SPECIES, seed=11, design=Design(each=5))


@pytest.fixture(scope="session")
def reference_fasta(individuals: list[Barcode], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All but the last individual of each species."""
    path = tmp_path_factory.mktemp("fasta") / "COI.fasta"
    path.write_text("".join(one.fasta for one in individuals if one.accession not in held_out(individuals)))
    return path


@pytest.fixture(scope="session")
def calibrated(reference_fasta: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, Calibration]:
    folder = tmp_path_factory.mktemp("sets") / "set"
    library_build(folder, records_read([reference_fasta], locus=None, taxonomy=None), name="synthetic", version="1")
    return library_calibrate(folder)


def held_out(individuals: list[Barcode]) -> set[str]:
    return {one.accession for place, one in enumerate(individuals) if place % 5 == 4}


def real(*parts: str) -> Path:
    """A file of the real data, or a skip that says what is missing."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data not at hand: {'/'.join(parts)}")
    return path

"""``python -m analysis origin assign|validate|map|mixture|isotope|combined|haplotype``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.questions import add_questions

if TYPE_CHECKING:
    from analysis.questions import Subparsers

_HERE = "analysis.origin"
QUESTIONS = {
    "assign": ("assign samples to reference populations, or to none", f"{_HERE}.assign_cli:assign_arguments"),
    "validate": ("leave-one-out accuracy of a baseline, as JSON", f"{_HERE}.assign_cli:validate_arguments"),
    "map": ("where on the map an animal came from, as regions", f"{_HERE}.spatial.cli:map_arguments"),
    "mixture": (
        "of which populations a consignment is made, in what shares",
        f"{_HERE}.mixture_cli:mixture_arguments",
    ),
    "isotope": ("where a tissue's isotope value is at home", f"{_HERE}.isotope.cli:isotope_arguments"),
    "combined": (
        "genotype and isotope value together, where independent",
        f"{_HERE}.combined_cli:combined_arguments",
    ),
    "haplotype": (
        "in which regions a mitochondrial haplotype was seen",
        f"{_HERE}.combined_cli:haplotype_arguments",
    ),
}


def add_parser(subparsers: Subparsers) -> None:
    """Add `origin` and its questions."""
    add_questions(subparsers, "origin", "where an animal came from", QUESTIONS)

"""What every answer on origin says of the sample's genotype itself."""

from __future__ import annotations

from analysis.outcome import Diagnostic


def typing_checks(typed: int, loci: int, unknown: int, *, enough: bool) -> tuple[Diagnostic, Diagnostic]:
    """How many loci are typed, and how many allele copies the baseline does not know."""
    return (
        Diagnostic(
            code="typed_loci",
            state="passed" if enough else "failed",
            text=f"{typed} of {loci} loci typed",
            value=typed,
        ),
        Diagnostic(
            code="unknown_alleles",
            state="warning" if unknown else "passed",
            text=f"{unknown} allele copies unknown in the baseline",
            value=unknown,
        ),
    )

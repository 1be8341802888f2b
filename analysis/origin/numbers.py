"""Numbers as they are printed and written, the same for every question of origin."""

from __future__ import annotations


def number(value: float, digits: int = 6) -> float:
    """A float with as many significant digits as are meant, the same on every machine."""
    return float(f"{value:.{digits}g}")


def posterior_text(value: float) -> str:
    """A posterior as a person reads it."""
    if value >= 0.9995:
        return "> 0.999"
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"


def p_text(value: float) -> str:
    """An exclusion p as a person reads it."""
    return f"{value:.2g}" if value >= 0.001 else "< 0.001"

"""Shares, scores and probabilities as results print them."""


def identity_text(value: object) -> str:
    """An identity of 0–1 as percent with two decimals."""
    return f"{float(value) * 100:.2f}\u00a0%" if isinstance(value, int | float) else "–"


def percent(value: float) -> str:
    """A share of 0–1 as percent."""
    return f"{float(value) * 100:.1f}\u00a0%"


def chance(value: float) -> str:
    """A computed probability as percent: never told as certain or impossible, for the model itself may be wrong."""
    tenth = round(float(value) * 100, 1)
    return "> 99.9\u00a0%" if tenth >= 100 else "< 0.1\u00a0%" if tenth <= 0 else f"{tenth:.1f}\u00a0%"


def share_text(value: float) -> str:
    """A score of 0–1 as the method prints it."""
    return "> 0.999" if value >= 0.9995 else "< 0.001" if value < 0.001 else f"{value:.3f}"


def p_text(value: float) -> str:
    """An exclusion p as the method prints it."""
    return f"{value:.2g}" if value >= 0.001 else "< 0.001"


def equal(words: str) -> str:
    """Words with «p = < 0.001» said as «p < 0.001»."""
    return words.replace("= <", "<")


def number_text(value: object) -> str:
    """A number of a result, a dash for none."""
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)

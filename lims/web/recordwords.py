"""What the findings about records of a reference set, and the parts of its summary, are called on pages."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


def code_words(code: str) -> str:
    """What a finding is called on a page."""
    words = {
        "duplicate": _("same bases, same species"),
        "shared-sequence": _("same bases, another species"),
        "label-outlier": _("nearer to another species"),
        "unverified-name": _("the name settles no species"),
        "contamination": _("likely contamination"),
        "too-short": _("too short"),
        "out-of-frame": _("out of frame"),
    }
    return words.get(code, code)


SUMMARY_WORDS: Mapping[str, str | Promise] = {
    "animals": gettext_lazy("animals"),
    "calibration": gettext_lazy("calibration"),
    "classes": gettext_lazy("classes"),
    "element": gettext_lazy("element"),
    "from": gettext_lazy("from"),
    "haplotypes": gettext_lazy("haplotypes"),
    "hemisphere": gettext_lazy("hemisphere"),
    "intercept": gettext_lazy("intercept"),
    "loci": gettext_lazy("loci"),
    "markers": gettext_lazy("markers"),
    "named": gettext_lazy("given a class when left out"),
    "points": gettext_lazy("points of the curve"),
    "populations": gettext_lazy("populations"),
    "profiles": gettext_lazy("profiles"),
    "regions": gettext_lazy("regions"),
    "right": gettext_lazy("right when left out"),
    "rule": gettext_lazy("rule"),
    "rule_version": gettext_lazy("version of the rule"),
    "scale": gettext_lazy("scale"),
    "scale_version": gettext_lazy("version of the scale"),
    "scatter": gettext_lazy("scatter about the line"),
    "sites": gettext_lazy("sites"),
    "slope": gettext_lazy("slope"),
    "source": gettext_lazy("source"),
    "species": gettext_lazy("species"),
    "to": gettext_lazy("to"),
    "zone": gettext_lazy("zone"),
}
"""What the builds write into summaries."""


def summary_words(key: str) -> str:
    """What a part of a set's summary is called on its page; one that nobody named stands as the build wrote it."""
    return str(SUMMARY_WORDS.get(key, key.replace("_", " ")))

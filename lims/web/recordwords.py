"""What the findings about records of a reference set are called on pages."""

from django.utils.translation import gettext as _


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

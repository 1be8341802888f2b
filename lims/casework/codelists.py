"""Open code lists as versioned data (`codes/*.tsv`): CITES terms, purposes and sources, countries, AITR vocabularies.

A value is stored with the version of the list it was chosen from, so that a code later reused or
withdrawn keeps its meaning. Rows marked M rest on memory: check them against the source before relying on them.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _

from lims.common.errors import BadInput

_FOLDER = Path(__file__).parent / "codes"
CURRENT = {
    "term": "cites-terms-2024-10",
    "purpose": "cites-purposes-2013",
    "source": "cites-sources-2022",
    "country": "countries-2024",
    "transport": "transport-1",
    "concealment": "concealment-1",
    "detection": "detection-1",
    "reason": "reasons-1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One code of a list; `mark` is V (read in a source) or M (from memory)."""

    code: str
    label: str
    units: tuple[str, ...]
    mark: str


@cache
def code_list(name: str) -> dict[str, Code]:
    """The codes of a list version, in the order of the file."""
    codes: dict[str, Code] = {}
    for line in (_FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith(("#", "code\t")):
            continue
        code, label, units, mark = line.split("\t")
        codes[code] = Code(code=code, label=label, units=tuple(units.split()), mark=mark)
    return codes


def code_check(kind: str, value: str, *, field: str, required: bool = False) -> str:
    """The code, when the current list of its kind has it; empty stays empty unless required.

    Raises:
        BadInput: unknown code, with the codes that begin alike.
    """
    value = value.strip()
    if not value and not required:
        return ""
    codes = code_list(CURRENT[kind])
    if value in codes:
        return value
    near = [code for code in codes if value and code[:1].upper() == value[:1].upper()][:6]
    raise BadInput(
        _("«%(found)s» is not in the list %(list)s. Possible: %(near)s.")
        % {"found": value, "list": CURRENT[kind], "near": ", ".join(near or list(codes)[:6])},
        code="unknown-code",
        field=field,
        found=value,
    )


def code_label(kind: str, value: str) -> str:
    """The label of a code, or the code itself where the current list no longer has it."""
    code = code_list(CURRENT[kind]).get(value)
    return code.label if code else value


def list_versions(*kinds: str) -> dict[str, str]:
    """The list version of each kind: what is stored beside the codes."""
    return {kind: CURRENT[kind] for kind in kinds}

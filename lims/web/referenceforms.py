"""Forms about reference sets: one to propose a set of each kind, one for access to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.genotypes.reader import TableFormat
from analysis.origin.isotope.scales import ELEMENTS
from lims.lab.enums import ReferenceKind, ReferenceRight
from lims.lab.models import ReferenceSet
from lims.lab.rules.references import SHAPES
from lims.web.fields import CountField, FilesField, FilesInput, LongField, PartyField
from lims.web.forms import PageForm
from lims.web.methodform import Make, Words, text_field

FORMAT_WORDS = {
    TableFormat.AUTO.value: gettext_lazy("as the file says"),
    TableFormat.TABLE.value: gettext_lazy("table, two columns per locus"),
    TableFormat.GENEPOP.value: gettext_lazy("GENEPOP"),
    TableFormat.STRUCTURE.value: gettext_lazy("STRUCTURE or SCAT"),
}


def format_field() -> forms.Field:
    """How a genotype file is written."""
    choices = [(value, FORMAT_WORDS.get(value, value)) for value in TableFormat]
    return forms.ChoiceField(label=gettext_lazy("Format"), choices=choices, required=False)


def _column(label: Words, initial: str = "", *, required: bool = False, help_text: Words = "") -> Make:
    return lambda: text_field(label=label, initial=initial, required=required, help_text=help_text)


_FIELDS: Mapping[str, Make] = {
    "locus": _column(gettext_lazy("Locus of the sequences")),
    "names": _column(
        gettext_lazy("Whose names, and of which edition"),
        help_text=gettext_lazy("Of the table of names among the files: the authority and its version, for the record."),
    ),
    "against": lambda: forms.ChoiceField(
        label=gettext_lazy("Set that tells the locus"),
        required=False,
        help_text=gettext_lazy(
            "Each record gets the locus and strand of the record of this set that it lies beside; others are left out."
        ),
    ),
    "id_column": _column(gettext_lazy("Column of the animals"), "id"),
    "population_column": _column(gettext_lazy("Column of the populations"), "population"),
    "group_column": _column(gettext_lazy("Column of the groups")),
    "latitude_column": _column(
        gettext_lazy("Column of latitude"), help_text=gettext_lazy("Degrees of WGS 84; with them a map can be made.")
    ),
    "longitude_column": _column(gettext_lazy("Column of longitude")),
    "permit_column": _column(
        gettext_lazy("Column of permit or source"),
        help_text=gettext_lazy("Under which permit each animal was sampled."),
    ),
    "table_format": format_field,
    "element": lambda: forms.ChoiceField(
        label=gettext_lazy("Element"), choices=[(key, f"{key} ({row[0]})") for key, row in ELEMENTS.items()]
    ),
    "scale": _column(
        gettext_lazy("Laboratory scale"), help_text=gettext_lazy("Empty: that of the first known animal.")
    ),
    "zone": _column(gettext_lazy("Zone of the curve"), help_text=gettext_lazy("Such as NH1 or SH3.")),
    "class_column": _column(gettext_lazy("Column of the classes"), "class"),
    "variables": _column(
        gettext_lazy("Measured columns"), required=True, help_text=gettext_lazy("Parted by commas, such as d13C, d15N.")
    ),
}
_FILES: Mapping[str, Words] = {
    ReferenceKind.SPECIES: gettext_lazy(
        "FASTA with headers «accession|Genus species|…», GenBank, BOLD's TSV, a table of names."
    ),
    ReferenceKind.ORIGIN: gettext_lazy("One genotype table."),
    ReferenceKind.ISOSCAPE: gettext_lazy(
        "A GeoTIFF in WGS 84 (.tif); a CSV of known animals with the columns id, value, scale, latitude, longitude; "
        "and, for values of several laboratories, a CSV of their scales with the columns name, element, low_standard, "
        "low, low_error, high_standard, high, high_error: what each scale gives its two standards. Spreadsheets are "
        "saved as CSV first."
    ),
    ReferenceKind.HAPLOTYPES: gettext_lazy("A table of region, site and haplotype, one animal a row."),
    ReferenceKind.PROFILES: gettext_lazy("One genotype table of known animals."),
    ReferenceKind.PANEL: gettext_lazy("A table of locus, shortest, longest, repeat, offset and tolerance."),
    ReferenceKind.CURVE: gettext_lazy("Curves (.14c or CSV), the newest first: it has precedence."),
    ReferenceKind.TRAINING: gettext_lazy("A table of animals of known keeping with their measured values."),
    ReferenceKind.LINK_RULE: gettext_lazy("A table of rule, version, field, key, value and source, of one rule."),
    ReferenceKind.SCALE: gettext_lazy("A table of scale, version, from, words and source, bounds rising from 1."),
}
_USES: Mapping[str, Words] = {
    ReferenceKind.SPECIES: gettext_lazy("Which species is it?"),
    ReferenceKind.ORIGIN: gettext_lazy("Which population, which region? Also allele frequencies for individuals."),
    ReferenceKind.ISOSCAPE: gettext_lazy("Where is an isotope value at home?"),
    ReferenceKind.HAPLOTYPES: gettext_lazy("In which regions was a haplotype seen?"),
    ReferenceKind.PROFILES: gettext_lazy("Is it an animal that is known?"),
    ReferenceKind.PANEL: gettext_lazy("Which lengths are which alleles?"),
    ReferenceKind.CURVE: gettext_lazy("When was a tissue formed?"),
    ReferenceKind.TRAINING: gettext_lazy("Wild or captive?"),
    ReferenceKind.LINK_RULE: gettext_lazy("From which likelihood ratios on are two seizures linked?"),
    ReferenceKind.SCALE: gettext_lazy("Words beside likelihood ratios in reports."),
}


def parameter_words(name: str) -> str:
    """What a reference was built with, in the words of the form that asked for it."""
    return str(_FIELDS[name]().label) if name in _FIELDS else name.replace("_", " ")


def kind_uses() -> list[tuple[str, str, str]]:
    """Every kind of reference: its value, its name, and what it answers."""
    return [(kind.value, str(kind.label), str(_USES[kind])) for kind in ReferenceKind]


_GUARDED = (ReferenceKind.ORIGIN, ReferenceKind.ISOSCAPE, ReferenceKind.HAPLOTYPES, ReferenceKind.PROFILES)
"""Kinds that say where animals live or which ones there are; only population data leave squares behind."""


class ProposeForm(PageForm):
    """A reference set to build and freeze; the fields are those of its kind."""

    field_of: Mapping[str, str] = {"files": "sources"}
    kind = forms.ChoiceField(choices=ReferenceKind.choices, widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    edition = forms.CharField(label=gettext_lazy("Edition"), max_length=40)
    sources = FilesField(label=gettext_lazy("Source files"), widget=FilesInput(attrs={"multiple": True}))
    provenance = LongField(
        label=gettext_lazy("Where it comes from"),
        max_length=500,
        help_text=gettext_lazy("Source, version, date, licence. Evidence may not enter a reference set."),
    )
    synthetic = forms.BooleanField(label=gettext_lazy("Invented data"), required=False)
    restricted = forms.BooleanField(
        label=gettext_lazy("Restricted: only for people with a grant"),
        required=False,
        help_text=gettext_lazy("For places and animals that would tell poachers where to go."),
    )
    coarse_km = CountField(
        label=gettext_lazy("Squares that stand for places, km"),
        initial=50,
        min_value=0,
        max_value=1000,
        required=False,
        help_text=gettext_lazy("Whatever leaves a restricted set shows places as squares of this size."),
    )

    def __init__(self, *args: Any, kind: str, usable: Sequence[ReferenceSet] = (), **kwargs: Any) -> None:
        super().__init__(*args, initial={"kind": kind}, **kwargs)
        self.parameter_names = tuple(name for name in SHAPES[kind].parameters if name in _FIELDS)
        for name in self.parameter_names:
            self.fields[name] = _FIELDS[name]()
            self.fields[name].widget.attrs["class"] = "input"
        if "against" in self.fields:
            sets = [(str(one.uuid), str(one)) for one in usable]
            self.fields["against"].choices = [("", _("none")), *sets]  # type: ignore[attr-defined]
        self.fields["sources"].help_text = _FILES[kind]
        if kind not in _GUARDED:
            del self.fields["restricted"]
        if kind != ReferenceKind.ORIGIN:
            del self.fields["coarse_km"]

    def parameters(self) -> dict[str, str]:
        """What the builder needs to know about the files."""
        given = {name: str(self.cleaned_data.get(name) or "").strip() for name in self.parameter_names}
        return {name: value for name, value in given.items() if value}


class AccessForm(PageForm):
    """Restrict a set, or open it."""

    restricted = forms.BooleanField(label=gettext_lazy("Restricted: only for people with a grant"), required=False)
    coarse_km = CountField(
        label=gettext_lazy("Squares that stand for places, km"), min_value=0, max_value=1000, required=False
    )
    reason = LongField(label=gettext_lazy("Reason"), max_length=500)


class GrantForm(PageForm):
    """A person who may use a set."""

    party = PartyField(label=gettext_lazy("Person"))
    right = forms.ChoiceField(
        label=gettext_lazy("What is allowed"), choices=ReferenceRight.choices, widget=forms.RadioSelect, initial="use"
    )
    reason = LongField(label=gettext_lazy("Reason"), max_length=500)


class EndForm(PageForm):
    """Why a grant ends."""

    reason = LongField(label=gettext_lazy("Why it ends"), max_length=500)


def kind_title(kind: str) -> str:
    """The title of the page that proposes a set of a kind."""
    return _("Propose: %(kind)s") % {"kind": ReferenceKind(kind).label}

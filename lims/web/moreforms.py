"""What is asked before a run about origin on the map, individuals, age and keeping."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from lims.lab.enums import ReferenceKind
from lims.web.methodform import Make, MethodForm, Words, share_field, text_field, whole_field

MORE_ROLES: Mapping[str, Words] = {
    "genotypes_source": _("Genotypes as handed in"),
    "against": _("Genotype table to compare with"),
    "claims": _("Table of claimed parents (CSV)"),
    "measurements": _("Table of measurements (CSV)"),
    "cutoffs": _("Legal dates of the laboratory (CSV)"),
    "range_map": _("Range map (GeoJSON)"),
}


def id_field() -> forms.Field:
    """Which column names the samples."""
    return text_field(label=_("Column of the sample names"), initial="id")


def _number(label: Words, initial: float, least: float, most: float, help_text: Words = "") -> Make:
    return lambda: share_field(label=label, initial=initial, min_value=least, max_value=most, help_text=help_text)


_ERRORS: Mapping[str, Make] = {
    "theta": _number(_("θ of the population"), 0.03, 0, 0.5, _("0.03 for small, isolated groups.")),
    "dropout": _number(_("Dropout rate"), 0.01, 0, 0.5),
    "miscall": _number(_("Rate of misread alleles"), 0.005, 0, 0.5),
}

MORE_FORMS: Mapping[str, MethodForm] = {
    "origin.map": MethodForm(
        name=_("Origin on the map"),
        roles=("genotypes", "range_map"),
        kind=ReferenceKind.ORIGIN,
        settings={"id_column": id_field},
    ),
    "origin.mixture": MethodForm(
        name=_("Shares of populations in a consignment"),
        roles=("genotypes",),
        kind=ReferenceKind.ORIGIN,
        settings={
            "id_column": id_field,
            "by_column": lambda: text_field(
                label=_("Column that parts mixtures"),
                required=False,
                help_text=_("Empty: all animals are one mixture."),
            ),
            "replicates": lambda: whole_field(
                label=_("Bootstrap replicates"), initial=200, min_value=20, max_value=10_000
            ),
        },
    ),
    "origin.isotope": MethodForm(
        name=_("Origin by isotopes"),
        roles=("measurements",),
        kind=ReferenceKind.ISOSCAPE,
        settings={
            "id_column": id_field,
            "value_column": lambda: text_field(label=_("Column of the values"), initial="value"),
            "scale_column": lambda: text_field(
                label=_("Column of the laboratory scale"),
                initial="scale",
                help_text=_("Values whose scale is not stated are not compared."),
            ),
        },
    ),
    "origin.haplotype": MethodForm(
        name=_("Haplotype by region"),
        roles=("measurements",),
        kind=ReferenceKind.HAPLOTYPES,
        settings={"id_column": id_field},
    ),
    "individual.match": MethodForm(
        name=_("Same individual"),
        roles=("genotypes", "against"),
        kind=ReferenceKind.PROFILES,
        others=(ReferenceKind.ORIGIN,),
        settings={
            "id_column": id_field,
            "least_match": _number(_("Least share of loci that agree"), 0.85, 0.5, 1),
            "least_shared": _number(_("Least share of loci typed in both"), 0.85, 0.1, 1),
            **_ERRORS,
        },
    ),
    "individual.kin": MethodForm(
        name=_("Relatives"),
        roles=("genotypes", "against"),
        kind=ReferenceKind.ORIGIN,
        others=(ReferenceKind.PROFILES,),
        settings={
            "id_column": id_field,
            "least_lr": _number(_("Least likelihood ratio"), 1000, 1, 1e12),
            "least_shared": _number(_("Least share of loci typed in both"), 0.8, 0.1, 1),
            **_ERRORS,
        },
    ),
    "individual.parentage": MethodForm(
        name=_("Claimed parents"),
        roles=("genotypes", "claims"),
        kind=ReferenceKind.ORIGIN,
        others=(ReferenceKind.PROFILES,),
        settings={
            "id_column": id_field,
            "young": lambda: text_field(
                label=_("Young animal"), required=False, help_text=_("Or give a table of claims above.")
            ),
            "mother": lambda: text_field(label=_("Claimed mother"), required=False),
            "father": lambda: text_field(label=_("Claimed father"), required=False),
            **_ERRORS,
        },
    ),
    "age.radiocarbon": MethodForm(
        name=_("Age by radiocarbon"),
        roles=("measurements", "cutoffs"),
        kind=ReferenceKind.CURVE,
        settings={
            "longest": lambda: share_field(
                label=_("Longest span between two increments, years"),
                required=False,
                min_value=0.1,
                max_value=500,
            ),
        },
    ),
    "captivity.classify": MethodForm(
        name=_("Wild or captive"),
        roles=("measurements",),
        kind=ReferenceKind.TRAINING,
        settings={
            "id_column": id_field,
            "threshold": _number(_("Posterior to name a class"), 0.9, 0.5, 1),
            "alpha": _number(_("Level of the out-of-domain test"), 0.01, 0.0001, 0.2),
        },
    ),
}

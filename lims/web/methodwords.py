"""Methods, roles of files and parameters in the words of the pages; what they are stands in the table of methods."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lims.web.methodform import Asked, MethodForm, Words

ROLES: Mapping[str, Words] = {
    "trace_forward": _("Trace, forward (.ab1 or FASTQ)"),
    "trace_reverse": _("Trace, reverse (.ab1 or FASTQ)"),
    "sequence": _("Sequence (FASTA or FASTQ)"),
    "screen": _("Sequences to screen against: batch, controls, staff (FASTA)"),
    "amplicons": _("Amplicon reads of a product (FASTQ, may be gzip)"),
    "blank": _("Amplicon reads of a blank (FASTQ)"),
    "positive": _("Amplicon reads of a positive control (FASTQ)"),
    "genotypes": _("Genotype table (CSV or TSV)"),
    "genotype_runs": _("Repeated typings, one row each (CSV or TSV)"),
    "genotypes_source": _("Genotypes as handed in"),
    "against": _("Genotype table to compare with"),
    "claims": _("Table of claimed parents: offspring, dam, sire, maybe untyped (CSV)"),
    "measurements": _("Table of measurements (CSV)"),
    "cutoffs": _("Legal dates of the laboratory (CSV)"),
    "range_map": _("Range map (GeoJSON)"),
}

NAMES: Mapping[str, Words] = {
    "species.identify": _("Species identification"),
    "species.product": _("What is in a product"),
    "origin.assign": _("Geographic origin"),
    "origin.map": _("Origin on the map"),
    "origin.mixture": _("Shares of populations in a consignment"),
    "origin.isotope": _("Origin by isotopes"),
    "origin.combined": _("Origin by genotype and isotopes together"),
    "origin.haplotype": _("Haplotype by region"),
    "individual.match": _("Same individual"),
    "individual.kin": _("Relatives"),
    "individual.parentage": _("Claimed parents"),
    "individual.consensus": _("Repeated typings joined"),
    "age.radiocarbon": _("Age by radiocarbon"),
    "captivity.classify": _("Wild or captive"),
}

_DECLARED = Asked(
    label=_("Declared species"), help_text=_("What the papers say. Whether that holds is an answer of its own.")
)
_ERRORS = ("theta", "dropout", "miscall", "frequencies_of")
_PARAMETERS: Mapping[str, Asked] = {
    "declared": _DECLARED,
    "expected": Asked(
        label=_("Species of the positive control"),
        help_text=_("Needed when a positive control is given; parted by semicolons."),
    ),
    "denoiser": Asked(
        label=_("Denoiser"),
        help_text=_("Both follow one published rule. Whoever repeats the run needs the same one."),
        choices=(("own", _("built in")), ("vsearch", _("vsearch, where the workers have it"))),
    ),
    "least": Asked(label=_("Fewest reads of a sequence, number")),
    "id_column": Asked(label=_("Column of the sample names")),
    "simulations": Asked(label=_("Genotypes made for the exclusion test, number")),
    "by_column": Asked(label=_("Column that parts mixtures"), help_text=_("Empty: all animals are one mixture.")),
    "replicates": Asked(label=_("Bootstrap replicates, number")),
    "value_column": Asked(label=_("Column of the values")),
    "scale_column": Asked(
        label=_("Column of the laboratory scale"), help_text=_("Values whose scale is not stated are not compared.")
    ),
    "deviation_column": Asked(
        label=_("Column of the standard deviations"), help_text=_("Empty: the values are taken as exact.")
    ),
    "independent": Asked(
        label=_("Why the two are independent"),
        help_text=_("Why nothing but the place makes genotype and isotope value go together; printed with the answer."),
    ),
    "least_match": Asked(label=_("Least share of loci that agree, from 0.5 to 1")),
    "least_shared": Asked(label=_("Least share of loci typed in both, from 0.1 to 1")),
    "least_lr": Asked(label=_("Least likelihood ratio")),
    "theta": Asked(label=_("θ of the population, from 0 to 0.5"), help_text=_("0.03 for small, isolated groups.")),
    "dropout": Asked(label=_("Dropout rate, share of heterozygotes")),
    "miscall": Asked(label=_("Misread alleles, share of copies")),
    "frequencies_of": Asked(
        label=_("Allele frequencies of"),
        help_text=_("One population or group of the reference set, of 20 animals or more; else all its animals."),
    ),
    "young": Asked(label=_("Young animal"), help_text=_("Or give a table of claims above.")),
    "mother": Asked(label=_("Claimed mother")),
    "father": Asked(label=_("Claimed father")),
    "allele_runs": Asked(label=_("Typings in which an allele must be seen, number")),
    "homozygote_runs": Asked(label=_("Typings in which a homozygote must be seen alone, number")),
    "longest": Asked(label=_("Longest span between two increments, years")),
    "threshold": Asked(label=_("Posterior to name a class, from 0.5 to 1")),
    "alpha": Asked(label=_("Level of the out-of-domain test, from 0.0001 to 0.2")),
    "prior": Asked(label=_("Weight of each class beforehand")),
    "declared_species": Asked(label=_("Declared species, as the papers write it")),
    "locus": Asked(label=_("Locus")),
    "name": Asked(label=_("Name of the sample")),
    "least_typed": Asked(label=_("Least share of loci typed, from 0 to 1")),
    "figures": Asked(label=_("Samples that get figures, number")),
    "calibrated": Asked(label=_("Regions widened as left-out sites ask for")),
    "generalise_km": Asked(label=_("Squares that sampled places are given as, km")),
    "table_format": Asked(label=_("Layout of the genotype table")),
}
_OWN: Mapping[tuple[str, str], Asked] = {
    ("species.product", "declared"): Asked(
        label=_("Species on the label"),
        help_text=_("Parted by semicolons. Each is answered: found, not found, or not in the set."),
    ),
    ("origin.assign", "alpha"): Asked(label=_("Level of the exclusion test, from 0 to 1")),
    ("origin.assign", "threshold"): Asked(label=_("Score to name a population, from 0 to 1")),
    ("individual.parentage", "alpha"): Asked(
        label=_("Level for the whole pedigree, from 0 to 0.5"),
        help_text=_(
            "A wholly true pedigree is excluded by chance with this probability at most; its tests share the level."
        ),
    ),
}
"""Words of a parameter that mean something else in one method."""

_ASKED: Mapping[str, tuple[str, ...]] = {
    "species.identify": ("declared",),
    "species.product": ("declared", "expected", "denoiser", "least"),
    "origin.assign": ("id_column", "simulations"),
    "origin.map": ("id_column",),
    "origin.mixture": ("id_column", "by_column", "replicates"),
    "origin.isotope": ("id_column", "value_column", "scale_column", "deviation_column"),
    "origin.combined": ("independent", "id_column", "value_column", "scale_column", "deviation_column"),
    "origin.haplotype": ("id_column",),
    "individual.match": ("id_column", "least_match", "least_shared", *_ERRORS),
    "individual.kin": ("id_column", "least_lr", "least_shared", *_ERRORS),
    "individual.parentage": ("id_column", "young", "mother", "father", "alpha", *_ERRORS),
    "individual.consensus": ("id_column", "allele_runs", "homozygote_runs"),
    "age.radiocarbon": ("longest",),
    "captivity.classify": ("id_column", "threshold", "alpha"),
}
"""What the page of each method asks for, in its order; the API takes the rest too."""

METHOD_FORMS: Mapping[str, MethodForm] = {
    method: MethodForm(
        method=method,
        name=NAMES[method],
        asked={name: _OWN.get((method, name), _PARAMETERS[name]) for name in asked},
    )
    for method, asked in _ASKED.items()
}


def method_words(method: str) -> Words:
    """A method in words; its own name where no page asks for it."""
    return NAMES.get(method, method)


def parameter_words(method: str, name: str) -> Words:
    """A parameter in words, with its unit; its own name where no method takes it any more."""
    found = _OWN.get((method, name)) or _PARAMETERS.get(name)
    return found.label if found else name


def value_words(value: Any) -> str:
    """The value of a parameter: yes and no for a flag, pairs for a table."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)

"""Results about origin on the map, individuals, age and keeping, ready to print: facts first, then tables."""

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from lims.web.outcomes import age, individual, origin, pedigree
from lims.web.outcomes.words import Details
from lims.web.parts import Fact
from lims.web.tables import Table

MORE_KINDS = {
    "region": "ok",
    "disagreement": "warn",
    "consensus": "ok",
    "shares": "ok",
    "haplotype_seen": "ok",
    "haplotype_not_seen": "warn",
    "match": "ok",
    "no_match": "idle",
    "kin_screen": "info",
    "pedigree_possible": "info",
    "pedigree_excluded": "bad",
    "parents_possible": "info",
    "parents_excluded": "bad",
    "dated": "ok",
    "keeping": "ok",
    "out_of_domain": "warn",
}


def more_titles() -> dict[str, str]:
    """Titles of these results by the word of the one list."""
    return {
        "region": _("A region on the map"),
        "disagreement": _("Genotype and isotope value disagree"),
        "consensus": _("One genotype from repeated typings"),
        "shares": _("Shares of populations"),
        "haplotype_seen": _("%(name)s: where it was seen"),
        "haplotype_not_seen": _("%(name)s: seen in no region"),
        "match": _("Same profile as %(name)s"),
        "no_match": _("Found in no other profile"),
        "kin_screen": _("Screen for relatives"),
        "pedigree_possible": _("Claimed pedigree: not excluded"),
        "pedigree_excluded": _("Claimed pedigree: excluded"),
        "parents_possible": _("Claimed parents of %(name)s: not excluded"),
        "parents_excluded": _("Claimed parents of %(name)s: excluded"),
        "dated": _("When the tissue was formed"),
        "keeping": _("Like the class «%(name)s»"),
        "out_of_domain": _("Unlike every class of the training set"),
    }


def more_facts(details: Details) -> list[Fact]:
    """The strip under the title, for results that this module knows; empty for every other."""
    for key, made in _FACTS.items():
        if key in details:
            return made(details)
    return []


def more_tables(details: Details) -> tuple[Table, ...]:
    """The tables of a result that this module knows."""
    return tuple(table for key, made in _TABLES.items() if key in details for table in made(details))


_FACTS: Mapping[str, Callable[[Details], list[Fact]]] = {
    "priors": origin.map_facts,
    "overlap": origin.combined_facts,
    "repeat_rates": individual.consensus_facts,
    "element": origin.isotope_facts,
    "untyped": origin.mixture_facts,
    "power": individual.kin_facts,
    "panel": individual.match_facts,
    "pedigree": pedigree.pedigree_facts,
    "tests": pedigree.parentage_facts,
    "intervals": age.dated_facts,
    "confusion": age.keeping_facts,
}
_TABLES: Mapping[str, Callable[[Details], list[Table]]] = {
    "priors": origin.map_tables,
    "overlap": origin.combined_tables,
    "repeat_rates": individual.consensus_tables,
    "element": origin.isotope_tables,
    "untyped": origin.mixture_tables,
    "power": individual.kin_tables,
    "panel": individual.match_tables,
    "pedigree": pedigree.pedigree_tables,
    "tests": pedigree.parentage_tables,
    "intervals": age.dated_tables,
    "confusion": age.keeping_tables,
    "haplotype": origin.haplotype_tables,
}

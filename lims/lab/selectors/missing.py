"""Which species of a list a set of reference sequences lacks: of an approved list of the law, or of a list given."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _

from analysis.errors import InputRefused
from analysis.species.missing import Held, species_held, species_list
from analysis.species.records import species_name
from lims.accounts.actors import Actor, require
from lims.common.errors import BadInput
from lims.lab.enums import NameKind
from lims.lab.models import LegalList, LegalName, LegalTaxon, ReferenceSet
from lims.lab.selectors.curation import table_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Species to look for, other names a list has for each, and how many taxa of it name no species.

    A genus or a family on a list stands for all of its species; which those are, a list does not say.
    """

    species: tuple[str, ...]
    synonyms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    higher: int = 0


def species_given(text: str) -> Wanted:
    """The species of a pasted list.

    Raises:
        BadInput: a line that names no species (naming it), or none at all.
    """
    try:
        return Wanted(species=tuple(species_list(text.splitlines())))
    except InputRefused as error:
        raise BadInput(str(error), code="bad-list", field="species") from error


def species_of_law(*, actor: Actor, law: LegalList, within: str = "") -> Wanted:
    """The species a list of the law names, with its synonyms; `within` keeps one class, order, family or genus.

    Raises:
        BadInput: the list names no species there.
    """
    require(actor, "run.read")
    rows = LegalTaxon.objects.filter(list=law)
    within = " ".join(within.split())
    if within:
        same = (Q(**{f"{rank}__iexact": within}) for rank in ("class_name", "order", "family"))
        chosen = Q(name__iexact=within) | Q(name__istartswith=f"{within} ")
        for one in same:
            chosen |= one
        rows = rows.filter(chosen)
    found: dict[str, None] = {}
    higher = 0
    species_by_taxon: dict[int, str] = {}
    for pk, name in rows.order_by("name").values_list("pk", "name"):
        species, settled = species_name(name)
        if settled:
            found[species] = None
            species_by_taxon[pk] = species
        else:
            higher += 1
    if not found:
        words = _("The list names no species in «%(within)s».") if within else _("The list names no species.")
        raise BadInput(words % {"within": within}, code="no-species", field="within", found=within)
    return Wanted(species=tuple(found), synonyms=_synonyms(law, species_by_taxon), higher=higher)


def _synonyms(law: LegalList, species_by_taxon: Mapping[int, str]) -> dict[str, frozenset[str]]:
    """Two-word names the list has for each of its species beside the accepted one."""
    found: dict[str, set[str]] = defaultdict(set)
    rows = LegalName.objects.filter(list=law).exclude(kind=NameKind.ACCEPTED)
    for taxon, name in rows.values_list("taxon_id", "name"):
        species, settled = species_name(name)
        if settled and taxon in species_by_taxon:
            found[species_by_taxon[taxon]].add(species)
    return {species: frozenset(names) for species, names in found.items()}


def reference_loci(*, actor: Actor, reference: ReferenceSet) -> list[str]:
    """The loci a set has records of.

    Raises:
        NotFound: the set was built without its table of coverage.
    """
    return sorted({row["locus"] for row in table_rows(actor=actor, reference=reference, name="coverage")})


def species_missing(*, actor: Actor, reference: ReferenceSet, wanted: Wanted, locus: str = "") -> list[Held]:
    """The species of a list that have no record in a set, at one locus or at each of its loci.

    Raises:
        NotFound: the set was built without its table of coverage.
        BadInput: the set has no such locus.
    """
    rows = table_rows(actor=actor, reference=reference, name="coverage")
    counted = {(row["species"], row["locus"]): int(row["records"]) for row in rows}
    known = sorted({name for _species, name in counted})
    if locus and locus not in known:
        raise BadInput(
            _("The set has no locus «%(locus)s»; it has %(known)s.") % {"locus": locus, "known": ", ".join(known)},
            code="unknown-locus",
            field="locus",
            found=locus,
        )
    loci: Sequence[str] = [locus] if locus else known
    held = species_held(wanted.species, counted, loci=loci, synonyms=wanted.synonyms)
    return [one for one in held if not one.records]

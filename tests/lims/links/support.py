"""Three seizures of three agencies: two that share an animal, a third with strangers; profiles entered from tables."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.individual.linkrules import DEFAULT, link_rules
from analysis.inputs import no_progress
from chain_of_custody.models import Party, StoredFile
from lims.accounts.actors import Actor
from lims.accounts.roles import Role
from lims.casework.models import Case, Exhibit, Seizure
from lims.casework.services.exhibits import ExhibitFacts, exhibits_register
from lims.casework.services.files import case_file_store
from lims.casework.services.items import Amount
from lims.casework.services.seizures import SeizureFacts, seizure_record
from lims.lab.models import Profile
from lims.lab.services.profiles import ProfileTable, profiles_enter
from lims.links.enums import LinkAct
from lims.links.execution import search_compute
from lims.links.models import Link, LinkSearch
from lims.links.rules import ruling
from lims.links.selectors.states import link_state
from lims.links.services.links import link_review
from lims.links.services.searches import search_finish, search_order, search_start
from tests.lims import builders
from tests.lims.builders import Laboratory
from tests.lims.lab.support import installation

PANEL, TAXON = "E16", "Loxodonta africana"
LOCI = tuple(f"L{number:02}" for number in range(16))
Animal = list[tuple[str, str]]


class Herd:
    """Animals of one population, the same for the same seed."""

    def __init__(self, seed: int = 1) -> None:
        self.random = np.random.default_rng(seed)
        self.frequencies = [self.random.dirichlet(np.full(10, 2.0)) for _ in LOCI]

    def animal(self) -> Animal:
        """A stranger."""
        drawn = [self.random.choice(10, 2, p=p) for p in self.frequencies]
        return [(str(100 + 2 * a), str(100 + 2 * b)) for a, b in drawn]

    def young(self, mother: Animal) -> Animal:
        """Her young, the father a stranger."""
        pairs = zip(mother, self.animal(), strict=True)
        return [(m[self.random.integers(2)], f[self.random.integers(2)]) for m, f in pairs]


@dataclass(slots=True)
class Haul:
    """A case with one seizure and its exhibits."""

    case: Case
    seizure: Seizure
    agency: Party
    exhibits: list[Exhibit]


@dataclass(slots=True)
class Links:
    """The laboratory and its hauls: `first` and `second` share an animal, `third` is of strangers."""

    lab: Laboratory = field(default_factory=Laboratory)
    herd: Herd = field(default_factory=Herd)
    hauls: list[Haul] = field(default_factory=list)

    @property
    def cases(self) -> list[Case]:
        """The cases of the hauls."""
        return [one.case for one in self.hauls]


def haul(lab: Laboratory, pieces: int = 4, *, operation: str = "", kind: str = "casework", days: int = 0) -> Haul:
    """A case of an agency of its own with `pieces` tusks of one seizure."""
    agency = builders.agency()
    case = builders.case(lab.custodian, of=agency, kind=kind)
    facts = SeizureFacts(
        place="Berth 14",
        country="KE",
        seized_at=builders.SEIZED_AT - timedelta(days=days),
        zone="Africa/Nairobi",
        agency=agency,
        operation=operation,
    )
    seizure = seizure_record(actor=lab.custodian, case=case, facts=facts)
    tusk = ExhibitFacts(
        kind="specimen",
        description="Raw tusk",
        declared_taxon=TAXON,
        term="TUS",
        amount=Amount(value=builders.Decimal(500), unit="g", tolerance=builders.Decimal("0.5")),
    )
    exhibits = exhibits_register(
        actor=lab.custodian,
        case=case,
        facts=[tusk] * pieces,
        held_by=builders.party(lab.custodian),
        seizure=seizure,
    )
    return Haul(case=case, seizure=seizure, agency=agency, exhibits=exhibits)


def table_text(
    names: Sequence[str], animals: Sequence[Animal], *, extra: dict[str, Sequence[str]] | None = None
) -> str:
    """A table of genotypes: item, further columns, two columns for each locus."""
    out = io.StringIO()
    more = extra or {}
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(["item", *more, *(f"{locus}_{side}" for locus in LOCI for side in (1, 2))])
    for number, (name, animal) in enumerate(zip(names, animals, strict=True)):
        sheet.writerow([name, *(cells[number] for cells in more.values()), *(cell for pair in animal for cell in pair)])
    return out.getvalue()


def table_store(actor: Actor, case: Case, text: str, name: str = "genotypes.csv") -> StoredFile:
    """The table as a file of the case."""
    return case_file_store(
        actor=actor, case=case, source=io.BytesIO(text.encode()), name=name, media_type="text/csv", role="genotypes"
    )


def enter(
    lab: Laboratory, of: Haul, animals: Sequence[Animal], *, by: Actor | None = None, **words: str
) -> list[Profile]:
    """Profiles of the haul's exhibits, in order, entered by the technician."""
    who = by or lab.technician
    names = [one.item.reference for one in of.exhibits][: len(animals)]
    file = table_store(who, of.case, table_text(names, animals))
    table = ProfileTable(panel=words.pop("panel", PANEL), basis="Consensus of three replicates", taxon=TAXON)
    return profiles_enter(actor=who, case=of.case, file=file, table=table, **words)


def quick_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule with so few draws that a search takes no time; its rates are checked elsewhere."""
    rule = replace(link_rules()[DEFAULT], draws=500)
    monkeypatch.setattr(ruling, "rules_known", lambda: {DEFAULT: rule})


def installed_hauls(settings: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Links:
    """The three hauls in an installation of their own, under the quick rule."""
    installation(settings, folder)
    quick_rule(monkeypatch)
    return hauls()


def hauls() -> Links:
    """The three hauls with profiles."""
    made = Links()
    shared = made.herd.animal()
    for number in range(3):
        one = haul(made.lab, operation="Operation Baobab" if number < 2 else "", days=30 * number)
        animals = [made.herd.animal() for _piece in range(3)]
        enter(made.lab, one, [*animals, shared if number < 2 else made.herd.animal()])
        made.hauls.append(one)
    return made


def searched(made: Links, *, by: Actor | None = None, seizures: Sequence[Seizure] = ()) -> LinkSearch:
    """A search, computed here."""
    search = search_order(actor=by or made.lab.analyst, seizures=seizures)
    taken = search_start(pk=search.pk, worker="test")
    assert taken is not None
    search_finish(search=taken, found=search_compute(taken, no_progress))
    return LinkSearch.objects.get(pk=search.pk)


def the_link() -> Link:
    """The one link there is."""
    return Link.objects.select_related("first__case__agency", "second__case__agency").get()


def reviewed(made: Links, decision: str = LinkAct.CONFIRMED) -> Link:
    """The link found and reviewed."""
    searched(made)
    link = the_link()
    link_review(
        actor=made.lab.reviewer, link=link, seen=link_state(link).last, decision=decision, note="Alleles looked at."
    )
    return link


def officer(of: Haul, role: Role = Role.INVESTIGATOR) -> Actor:
    """Somebody of the haul's agency."""
    return builders.actor(role, agency=of.agency)

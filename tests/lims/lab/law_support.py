"""Invented checklists in the layouts of Species+ and the Checklist of CITES Species, and of a national list."""

from datetime import date
from typing import Protocol

from lims.accounts.actors import Actor
from lims.lab.models import LegalList
from lims.lab.services.law import law_approve, law_propose
from lims.lab.tasks import law_import

HISTORY = """\
ScientificName,Rank,Family,ChangeType,Appendix,EffectiveAt,Populations,FullAnnotationEnglish,Synonyms
Loxodonta africana,SPECIES,Elephantidae,ADDITION,II,04/02/1977,,,"Loxodonta cyclotis (Matschie, 1900)"
Loxodonta africana,SPECIES,Elephantidae,ADDITION,I,18/01/1990,,,
Loxodonta africana,SPECIES,Elephantidae,ADDITION,II,19/07/2000,BW NA ZA ZW,<p>Populations of four countries.,
Fictella,GENUS,Testudinidae,ADDITION,II,01/07/1975,,,
Fictella prima,SPECIES,Testudinidae,ADDITION,I,01/01/2000,,,
Fictella rupta,SPECIES,Testudinidae,ADDITION,IV,01/01/2000,,,
"""
INDEX = """\
taxon_id,scientific_name,rank,current_listing,annotation_en,annotation_symbol,synonyms
1,Loxodonta africana,SPECIES,I/II,"Appendix I:Except the populations of BW. Appendix II:The populations of BW.",,
5,Elephas maximus,SPECIES,I,Appendix I:,,
"""
NATIONAL = """\
scientific_name;national_name;category;effective_on;ended_on;change_type
Loxodonta africana;African elephant;Sixth Schedule;2013-12-24;;ADDITION
"""


class Proposers(Protocol):
    """Who proposes a list and who approves it."""

    @property
    def analyst(self) -> Actor: ...

    @property
    def manager(self) -> Actor: ...


def law(
    lab: Proposers,
    text: str = HISTORY,
    *,
    scheme: str = "cites",
    jurisdiction: str = "",
    name: str = "Synthetic Appendices",
    edition: str = "1",
    as_of: date = date(2026, 10, 30),
    approved: bool = True,
) -> LegalList:
    """A list proposed by the analyst, read, and approved by the manager."""
    row = law_propose(
        actor=lab.analyst,
        scheme=scheme,
        jurisdiction=jurisdiction,
        name=name,
        edition=edition,
        as_of=as_of,
        source=("list.csv", text.encode()),
        provenance="Made for a test; synthetic.",
        synthetic=True,
    )
    law_import(row.pk)
    row.refresh_from_db()
    return law_approve(actor=lab.manager, row=row, note="Read against its source.") if approved else row

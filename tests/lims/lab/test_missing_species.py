"""What a set lacks: of an approved list of the law, of a list given; as page, CSV, API, and as a search."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.models import LegalList, RecordFetch
from lims.lab.selectors.missing import species_given, species_missing, species_of_law
from lims.lab.services.fetches import MOST_SEARCHES, search_ask
from lims.lab.tasks import fetch_execute
from tests.analysis.species.ncbi import Server
from tests.lims.api.client import Caller
from tests.lims.lab.law_support import law
from tests.lims.lab.support import BARCODES, Bench, barcode_set
from tests.lims.web.laboratory import enter

pytestmark = pytest.mark.commits
HELD = BARCODES[0].species
LIST = f"""\
ScientificName,Rank,Family,Class,ChangeType,Appendix,EffectiveAt,Populations,FullAnnotationEnglish,Synonyms
{HELD},SPECIES,Fictidae,Mammalia,ADDITION,I,01/01/2000,,,
Nova fera,SPECIES,Fictidae,Mammalia,ADDITION,I,01/01/2000,,,"{BARCODES[6].species} (Doe, 1900)"
Aus albus,SPECIES,Aidae,Aves,ADDITION,II,01/01/2000,,,
Fictella,GENUS,Fictidae,Mammalia,ADDITION,II,01/07/1975,,,
"""


@pytest.fixture
def listed(bench: Bench) -> LegalList:
    return law(bench.lab, LIST)


def test_a_list_of_the_law_says_which_species_have_no_record(bench: Bench, listed: LegalList) -> None:
    actor, row = bench.lab.analyst, barcode_set(bench.lab)
    wanted = species_of_law(actor=actor, law=listed)
    assert wanted.species == tuple(sorted((HELD, "Nova fera", "Aus albus")))
    assert wanted.higher == 1
    # The set has the records of «Nova fera» under the name that the list calls a synonym of it.
    found = species_missing(actor=actor, reference=row, wanted=wanted)
    assert [(one.species, one.locus) for one in found] == [("Aus albus", "COI")]
    for within, species in (("aves", ("Aus albus",)), ("Aidae", ("Aus albus",)), ("Nova", ("Nova fera",))):
        assert species_of_law(actor=actor, law=listed, within=within).species == species
    with pytest.raises(BadInput, match="names no species in «Nothingidae»"):
        species_of_law(actor=actor, law=listed, within="Nothingidae")
    with pytest.raises(BadInput, match="no locus «cytb»; it has COI"):
        species_missing(actor=actor, reference=row, wanted=wanted, locus="cytb")
    with pytest.raises(BadInput, match=r"row 2.*«Felidae» names no species"):
        species_given("Aus albus\nFelidae\n")


def test_the_page_shows_it_saves_it_and_searches_only_where_the_network_is_allowed(
    client: Client, bench: Bench, listed: LegalList, settings: Any
) -> None:
    row = barcode_set(bench.lab)
    address = reverse("web:reference_missing", args=[row.uuid])
    enter(client, bench.lab.analyst)
    first = client.get(address).content.decode()
    assert "Fetching is switched off." in first
    assert "Search GenBank" not in first
    asked = {"law": str(listed.uuid), "within": "", "species": "", "locus": "COI", "act": "show"}
    shown = client.post(address, asked).content.decode()
    assert "Aus albus" in shown
    assert "1 taxon of the list is a genus" in shown
    saved = client.post(address, asked | {"act": "csv"})
    assert saved["Content-Disposition"].startswith("attachment")
    assert saved.content.decode() == "species,locus\nAus albus,COI\n"
    own = client.post(address, asked | {"law": "", "species": f"{HELD}\nBus niger\n"}).content.decode()
    assert "Bus niger" in own
    assert HELD not in own.partition("<tbody>")[2].partition("</tbody>")[0]
    assert client.post(address, asked | {"species": "Bus niger"}).status_code == 422
    assert client.post(address, asked | {"law": "", "species": "Felidae"}).status_code == 422
    assert client.post(address, asked | {"act": "search"}).status_code == 422
    assert not RecordFetch.objects.exists()


def test_a_search_lists_accessions_that_are_looked_through_before_they_are_fetched(
    client: Client, bench: Bench, listed: LegalList, ncbi: Server
) -> None:
    row = barcode_set(bench.lab)
    enter(client, bench.lab.analyst)
    asked = {"law": "", "within": "", "species": "Aus albus\nPhantasma nullum\n", "locus": "", "act": "search"}
    sent = client.post(reverse("web:reference_missing", args=[row.uuid]), asked)
    assert sent.status_code == 302, sent.content.decode()
    search = RecordFetch.objects.get()
    assert client.get(sent["Location"]).status_code == 202
    fetch_execute(search.pk)
    search.refresh_from_db()
    assert (search.state, search.error, search.file) == ("done", "", None)
    assert [(one["species"], one["state"], one["accessions"]) for one in search.report] == [
        ("Aus albus", "found", ["AB100001.1"]),
        ("Phantasma nullum", "none", []),
    ]
    done = client.get(sent["Location"]).content.decode()
    assert "AB100001.1" in done
    assert f"?from={search.uuid}" in done
    form = client.get(reverse("web:record_fetches"), {"from": str(search.uuid)}).content.decode()
    assert "AB100001.1  # Aus albus, COI" in form
    for strange in ("nothing", "0"):
        assert client.get(reverse("web:record_fetches"), {"from": strange}).status_code == 200


def test_the_api_lists_and_searches_too(bench: Bench, listed: LegalList, ncbi: Server) -> None:
    row, analyst = barcode_set(bench.lab), Caller(bench.lab.analyst)
    address = f"reference-sets/{row.uuid}/missing/"
    assert analyst.get(f"{address}?law={listed.uuid}").json()["results"] == [{"species": "Aus albus", "locus": "COI"}]
    named = analyst.get(f"{address}?species={HELD},Bus niger").json()["results"]
    assert named == [{"species": "Bus niger", "locus": "COI"}]
    assert analyst.get(address).json()["code"] == "bad-list"
    body = {"name": "Invented", "species": "Aus niger\n", "loci": ["COI"], "most": 2}
    made = analyst.post("record-searches/", body)
    assert made.status_code == 202
    fetch_execute(RecordFetch.objects.get().pk)
    told = analyst.get(made["Location"].removeprefix("/api/v1/")).json()
    assert (told["wanted"], told["report"][0]["accessions"]) == ([["Aus niger", "COI"]], ["AB100002.1"])


def test_a_search_is_refused_without_the_right_the_network_or_an_end(bench: Bench, ncbi: Server, settings: Any) -> None:
    lab = bench.lab
    with pytest.raises(NotAllowed):
        search_ask(actor=lab.technician, name="x", wanted=[("Aus albus", "COI")])
    with pytest.raises(BadInput, match="Nothing is missing"):
        search_ask(actor=lab.analyst, name="x", wanted=[])
    many = [(f"Aus {'a' * 2}{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}", str(n)) for n in range(MOST_SEARCHES + 1)]
    with pytest.raises(BadInput, match="Narrow the list"):
        search_ask(actor=lab.analyst, name="x", wanted=many)
    with pytest.raises(BadInput, match="is no locus"):
        search_ask(actor=lab.analyst, name="x", wanted=[("Aus albus", 'COI"[Gene]')])
    with pytest.raises(BadInput, match="Between 1 and 50"):
        search_ask(actor=lab.analyst, name="x", wanted=[("Aus albus", "COI")], most=51)
    settings.SPOOR_NCBI_EMAIL = ""
    with pytest.raises(RuleViolation, match="SPOOR_NCBI_EMAIL"):
        search_ask(actor=lab.analyst, name="x", wanted=[("Aus albus", "COI")])

"""A set of reference sequences as people make it: three kinds of files, each record told, decided on, left out."""

import hashlib
import io
import json
import random
import re
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from analysis.errors import InputRefused
from analysis.species.bases import reverse_complement
from chain_of_custody.models import Entry
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.models import CurationDecision, ReferenceSet
from lims.lab.rules.curation import editions_compare
from lims.lab.selectors.curation import decisions_of, decisions_on, findings_by_record, table_rows
from lims.lab.services.curation import curation_decide, reference_curated
from lims.lab.services.referenceaccess import reference_restrict
from lims.lab.services.references import reference_approve, reference_propose
from lims.lab.speciesbuild import note_facts
from tests.lims import builders
from tests.lims.api.client import Caller, problem
from tests.lims.builders import Laboratory
from tests.lims.lab.support import BARCODES, SEQUENCES, Bench, barcode_set, built, species_run, upload
from tests.lims.web.laboratory import enter

pytestmark = pytest.mark.commits
WRONG = "WRONG-1"
GENBANK = """LOCUS       SYN90001                 {length} bp    DNA     linear   SYN 01-JAN-2026
DEFINITION  SYNTHETIC Novus primus cox1.
ACCESSION   SYN90001
VERSION     SYN90001.1
SOURCE      mitochondrion Novus primus
  ORGANISM  Novus primus
            Eukaryota.
REFERENCE   1  (bases 1 to {length})
  AUTHORS   Nobody,N.
  TITLE     Invented
  JOURNAL   Synth. J. 1 (1), 1-2 (2026)
FEATURES             Location/Qualifiers
     source          1..{length}
                     /organism="Novus primus"
                     /specimen_voucher="SYN:Mam:1"
     gene            1..{length}
                     /gene="COX1"
ORIGIN
{origin}
//
"""


def fasta() -> str:
    """Barcodes, one of them under another species' name, one too short, one without a name."""
    wrong = f">{WRONG}|Vagus primus|voucher=SYN 7\n{SEQUENCES['Pictus primus']}\n"
    spoilt = f">SHORT|Vagus primus\n{SEQUENCES['Vagus primus'][:50]}\n>NAMELESS\n{SEQUENCES['Vagus primus']}\n"
    return "".join(one.fasta for one in BARCODES) + wrong + spoilt


def genbank() -> str:
    bases = SEQUENCES["Novus primus"].lower()
    rows = [
        f"{at + 1:>9} " + " ".join(bases[at + step : at + step + 10] for step in range(0, 60, 10)).rstrip()
        for at in range(0, len(bases), 60)
    ]
    return GENBANK.format(length=len(bases), origin="\n".join(rows))


def bold() -> str:
    head = "processid\tsampleid\tspecies_name\tidentification_provided_by\tcountry\tmarkercode\tnucleotides"
    row = f"SYNB1\tSYN:9\tPictus tertius\tA. Keeper\tKenya\tCOI-5P\t{SEQUENCES['Pictus tertius']}"
    return f"{head}\n{row}\nSYNB2\tSYN:10\t\tA. Keeper\tKenya\tCOI-5P\tACGT\n"


def entry_values(entry: Entry) -> dict[str, Any]:
    """An entry of the ledger as written."""
    return dict(json.loads(bytes(entry.canonical)))


def proposed(bench: Bench) -> ReferenceSet:
    files = [("barcodes.fasta", fasta()), ("one.gb", genbank()), ("bold.tsv", bold())]
    row = reference_propose(
        actor=bench.lab.analyst,
        kind="species",
        name="Three kinds of files",
        edition="1",
        files=[(name, io.BytesIO(text.encode())) for name, text in files],
        parameters={"locus": "COI"},
        provenance="Synthetic.",
        synthetic=True,
    )
    return built(row)


def test_notes_are_taken_apart() -> None:
    told = note_facts("SYNTHETIC|voucher=ABC: 1; published=no;country= Kenya ")
    assert told == {"voucher": "ABC: 1", "published": "no", "country": "Kenya"}


def test_two_editions_are_compared_by_accession() -> None:
    def row(accession: str, **changes: str) -> dict[str, str]:
        return {"accession": accession, "name": "A b", "species": "A b", "locus": "COI", "bases": "00", **changes}

    found = editions_compare(
        [row("1"), row("2"), row("3")], [row("2"), row("3", species="A c", bases="01"), row("4", species="A c")]
    )
    assert [one["accession"] for one in found.added] == ["4"]
    assert [one["accession"] for one in found.removed] == ["1"]
    assert [(one.accession, one.field, one.after) for one in found.changed] == [
        ("3", "species", "A c"),
        ("3", "bases", "01"),
    ]
    assert found.species == (("A b", 3, 1), ("A c", 0, 2))


def test_records_of_one_accession_at_several_loci_are_compared_each_with_its_own() -> None:
    def row(locus: str, bases: str) -> dict[str, str]:
        return {"accession": "1", "name": "A b", "species": "A b", "locus": locus, "bases": bases}

    found = editions_compare([row("COI", "00"), row("cytb", "11")], [row("COI", "01"), row("cytb", "11")])
    assert (found.added, found.removed) == ((), ())
    assert [(one.accession, one.field, one.before, one.after) for one in found.changed] == [("1", "bases", "00", "01")]
    fewer = editions_compare([row("COI", "00"), row("cytb", "11")], [row("COI", "00")])
    assert [one["locus"] for one in fewer.removed] == ["cytb"]
    moved = editions_compare([row("COI", "00")], [row("cytb", "00")])
    assert [(one.field, one.after) for one in moved.changed] == [("locus", "cytb")]


def told_of_every_record(lab: Laboratory, first: ReferenceSet) -> None:
    """What was read of each record, what was left out and why, and what is known of the specimens."""
    report = table_rows(actor=lab.analyst, reference=first, name="report")
    reasons = {one["accession"]: one["reason"] for one in report if one["taken"] == "no"}
    assert len(report) == len(BARCODES) + 3 + 1 + 2
    assert reasons.keys() == {"SHORT", "NAMELESS", "SYNB2"}
    assert "50 bases" in reasons["SHORT"]
    records = {one["accession"]: one for one in table_rows(actor=lab.analyst, reference=first, name="records")}
    assert records["SYN90001.1"]["voucher"] == "SYN:Mam:1"
    assert records["SYN90001.1"]["published"].startswith("Synth. J.")
    assert (records["SYNB1"]["identified_by"], records["SYNB1"]["country"]) == ("A. Keeper", "Kenya")
    assert first.summary["checklist"] == {"voucher": 3, "identified_by": 1, "country": 1, "published": 1}
    coverage = {
        one["species"]: one["records"] for one in table_rows(actor=lab.analyst, reference=first, name="coverage")
    }
    assert coverage["Vagus primus"] == "5"


def test_a_set_is_read_looked_through_decided_on_and_approved(client: Client, bench: Bench) -> None:
    lab, first = bench.lab, proposed(bench)
    told_of_every_record(lab, first)
    found = {one.accession: one for one in findings_by_record(actor=lab.analyst, reference=first)}
    assert found[WRONG].needed
    assert "label-outlier" in dict(found[WRONG].seen)
    assert "shared-sequence" in dict(found[WRONG].seen)
    with pytest.raises(RuleViolation, match="nobody has decided"):
        reference_approve(actor=lab.manager, reference=first, note="Fine.")
    with pytest.raises(NotAllowed):
        curation_decide(actor=lab.technician, reference=first, accession=WRONG, choice="keep", reason="No.")
    with pytest.raises(BadInput):
        curation_decide(actor=lab.analyst, reference=first, accession="NONE", choice="keep", reason="No.")

    enter(client, lab.analyst)
    address = reverse("web:reference_curation", args=[first.uuid])
    assert WRONG in client.get(address).content.decode()
    decide = reverse("web:reference_decide", args=[first.uuid])
    assert client.post(decide, {"record": WRONG, "choice": "exclude", "reason": ""}).status_code == 422
    done = client.post(decide, {"record": WRONG, "choice": "exclude", "reason": "Sequence of another species."})
    assert done.status_code == 302
    with pytest.raises(RuleViolation, match="next edition"):
        reference_approve(actor=lab.manager, reference=first, note="Fine.")
    for name in ("reference_report", "reference_records", "reference_coverage", "reference_curation"):
        shown = client.get(reverse(f"web:{name}", args=[first.uuid]), {"q": "vagus"})
        assert shown.status_code == 200, name

    barcode_set(lab)  # of another name
    alone = client.get(reverse("web:reference_compare", args=[first.uuid])).content.decode()
    assert "It has no earlier edition here." in alone
    assert "Species with another number of records" not in alone, "no other set is taken for an edition of this one"

    reference_restrict(actor=lab.manager, reference=first, restricted=True, coarse_km=20, reason="Places of dens.")
    made = client.post(reverse("web:reference_next", args=[first.uuid]), {"edition": "2"})
    assert made.status_code == 302, made.content.decode()
    second = built(ReferenceSet.objects.get(name=first.name, edition="2"))
    assert (second.restricted, second.coarse_km) == (True, 20), "an edition is no way round a restriction"
    assert second.records == first.records - 1
    told = {one["accession"]: one["reason"] for one in table_rows(actor=lab.analyst, reference=second, name="report")}
    assert told[WRONG] == "excluded: Sequence of another species."
    compared = client.get(reverse("web:reference_compare", args=[second.uuid])).content.decode()
    assert WRONG in compared
    assert "Beside Three kinds of files 1" in compared
    with pytest.raises(NotAllowed):
        reference_approve(actor=lab.analyst, reference=second, note="Mine.")
    assert reference_approve(actor=lab.manager, reference=second, note="Read.").state == "approved"
    with pytest.raises(RuleViolation, match="waiting for approval"):
        curation_decide(actor=lab.analyst, reference=second, accession="SYNB1", choice="exclude", reason="Late.")
    client.cookies["django_language"] = "es"
    read = client.get(reverse("web:reference_report", args=[second.uuid]), {"q": WRONG}).content.decode()
    assert "excluido: Sequence of another species." in read, "the reason as it was written, the rest told"
    seen = client.get(address).content.decode()
    assert "Exactamente las bases de " in seen
    assert 'lang="en"' not in seen


def test_whoever_decided_does_not_approve_and_the_api_tells_the_same(bench: Bench) -> None:
    lab, first = bench.lab, proposed(bench)
    manager, path = Caller(lab.manager), f"reference-sets/{first.uuid}"
    kept = manager.post(f"{path}/curation/", {"accession": WRONG, "choice": "keep", "reason": "A known hybrid."})
    assert kept.status_code == 201, kept.content
    assert kept.json()["choice"] == "keep"
    problem(manager.post(f"{path}/approval/", {"note": "Mine."}), 403, "own-work")
    assert manager.get(f"{path}/rows/?table=report").json()["count"] == len(BARCODES) + 6
    assert manager.get(f"{path}/rows/?table=nothing").status_code == 422
    problem(manager.post(f"{path}/next-edition/", {"edition": "2"}), 422, "nothing-excluded")
    for who in (builders.actor(), lab.technician):
        assert Caller(who).post(
            f"{path}/curation/", {"accession": WRONG, "choice": "keep", "reason": "x"}
        ).status_code in {
            403,
            404,
        }


def test_of_two_curators_at_once_the_second_learns_what_the_first_decided(client: Client, bench: Bench) -> None:
    lab, first = bench.lab, proposed(bench)
    enter(client, lab.manager)
    address = reverse("web:reference_decide", args=[first.uuid]) + f"?record={WRONG}"
    opened = client.get(address).content.decode()
    assert 'name="after" value="0"' in opened
    assert client.get(address, {"record": "\0"}).status_code == 200
    analyst = Caller(lab.analyst)
    row = {"accession": WRONG, "choice": "keep", "reason": "A known hybrid.", "after": 0}
    assert analyst.post(f"reference-sets/{first.uuid}/curation/", row).json()["decisions"] == 1
    sent = {"record": WRONG, "choice": "exclude", "reason": "Mislabelled.", "after": "0"}
    answer = client.post(address, sent)
    assert answer.status_code == 422
    assert f"{lab.analyst.name} decided on this record meanwhile" in answer.content.decode()
    assert analyst.post(f"reference-sets/{first.uuid}/curation/", row).json()["code"] == "decided-meanwhile"
    again = client.get(address).content.decode()
    assert 'name="after" value="1"' in again
    assert "A known hybrid." in again
    assert client.post(address, sent | {"after": "1"}).status_code == 302
    assert [one.choice for one in decisions_on(first, WRONG)] == ["keep", "exclude"]


def test_many_records_are_decided_on_at_once_each_with_its_own_entry(client: Client, bench: Bench) -> None:
    lab, first = bench.lab, proposed(bench)
    enter(client, lab.analyst)
    address = reverse("web:reference_curation", args=[first.uuid])
    kind = "shared-sequence"
    having = {one.accession for one in findings_by_record(actor=lab.analyst, reference=first) if kind in dict(one.seen)}
    assert len(having) > 1
    assert WRONG in having
    alone = client.get(address, {"kind": kind}).content.decode()
    assert alone.count('name="record"') == len(having)
    assert re.findall(r'name="record"[^>]* checked', alone) == []
    every = client.get(address, {"kind": kind, "tick": "all"}).content.decode()
    assert len(re.findall(r'name="record"[^>]* checked', every)) == len(having), "without script the page comes ticked"
    assert "web/tick.js" in every
    told = {"choice": "keep", "reason": "Known to share it."}

    nothing = client.post(address, {"which": "ticked", **told})
    assert nothing.status_code == 422
    assert "Tick at least one record" in nothing.content.decode()
    strange = client.post(address, {"which": "ticked", "record": [WRONG, "NOWHERE"], **told})
    assert strange.status_code == 422
    assert "NOWHERE" in strange.content.decode()
    assert not CurationDecision.objects.exists()

    wrong = {"which": "ticked", "record": [WRONG], "choice": "exclude", "reason": "Sequence of another species."}
    key = {"idempotency_key": str(uuid4())}
    assert [client.post(address, wrong | key).status_code for _click in range(2)] == [302, 302]
    assert CurationDecision.objects.count() == 1
    assert client.post(address, {"which": kind, **told}).status_code == 302
    held = decisions_of(first)
    assert held.keys() == having
    assert {one.choice for name, one in held.items() if name != WRONG} == {"keep"}
    assert held[WRONG].choice == "exclude"
    entries = Entry.objects.filter(stream__uuid=first.uuid).order_by("sequence")
    told_of = [one["values"]["record"] for one in map(entry_values, entries) if one["verb"] == "curated"]
    assert sorted(told_of) == sorted(having)

    enter(client, lab.technician)
    assert 'name="which"' not in client.get(address).content.decode()
    assert client.post(address, {"which": "ticked", "record": [WRONG], **told}).status_code == 403
    assert len(decisions_of(first)) == CurationDecision.objects.count() == len(having)


def test_rows_of_decisions_over_the_api_stand_or_fall_by_themselves(bench: Bench) -> None:
    lab, first = bench.lab, proposed(bench)
    path = f"reference-sets/{first.uuid}/curation/many/"
    rows = [
        {"accession": WRONG, "choice": "exclude", "reason": "Another species."},
        {"accession": "NOWHERE", "choice": "keep", "reason": "A typing error."},
        {"accession": "SYNB1", "choice": "keep", "reason": "Seen."},
    ]
    answer = Caller(lab.analyst).post(path, {"rows": rows})
    assert answer.status_code == 207, answer.content
    told = answer.json()
    assert (told["done"], told["refused"]) == (2, 1)
    assert told["results"][1]["pointer"] == "#/rows/1/accession"
    assert told["results"][1]["code"] == "unknown-record"
    assert decisions_of(first).keys() == {WRONG, "SYNB1"}
    assert Caller(lab.analyst).post(path, {"rows": rows[2:]}).status_code == 200
    assert Caller(lab.technician).post(path, {"rows": rows}).status_code == 403
    assert Caller(lab.analyst).post(path, {"rows": []}).status_code == 422


def test_a_result_tells_what_speaks_against_records_among_its_hits(client: Client, bench: Bench) -> None:
    lab, first = bench.lab, proposed(bench)
    curation_decide(actor=lab.analyst, reference=first, accession=WRONG, choice="keep", reason="A known hybrid.")
    approved = reference_approve(actor=lab.manager, reference=first, note="Read.")
    query = upload(bench, f">q\n{SEQUENCES['Pictus primus']}\n".encode(), "q.fasta", "sequence")
    run = species_run(bench, approved, [("sequence", query)])
    shown = enter(client, lab.analyst).get(reverse("web:run", args=[run.reference])).content.decode()
    assert "Records among the hits to be read with care" in shown
    assert "A known hybrid." in shown
    assert "nearer to another species" in shown


def test_a_record_that_is_not_there_cannot_be_left_out(bench: Bench) -> None:
    row = reference_propose(
        actor=bench.lab.analyst,
        kind="species",
        name="Barcodes",
        edition="1",
        files=[("barcodes.fasta", io.BytesIO("".join(one.fasta for one in BARCODES[:8]).encode()))],
        parameters={"locus": "COI", "exclude": {"NOWHERE": "A typing error."}},
        provenance="Synthetic.",
    )
    with pytest.raises(InputRefused, match="NOWHERE"):
        built(row)


def test_a_file_in_latin_1_is_read_and_its_page_says_so(client: Client, bench: Bench) -> None:
    text = bold().replace("A. Keeper\tKenya", "José Müller\tCôte d'Ivoire")
    row = reference_propose(
        actor=bench.lab.analyst,
        kind="species",
        name="Old letters",
        edition="1",
        files=[("old.tsv", io.BytesIO(text.encode("latin-1"))), ("new.fasta", io.BytesIO(fasta().encode()))],
        parameters={"locus": "COI"},
        provenance="Synthetic.",
        synthetic=True,
    )
    enter(client, bench.lab.analyst)
    shown = client.get(reverse("web:reference", args=[built(row).uuid])).content.decode()
    assert "«old.tsv» was read as Windows-1252 (Latin-1)." in shown
    assert "new.fasta» was read" not in shown
    (record,) = (
        one for one in table_rows(actor=bench.lab.analyst, reference=row, name="records") if one["voucher"] == "SYN:9"
    )
    assert (record["identified_by"], record["country"]) == ("José Müller", "Côte d'Ivoire")


def test_another_set_tells_locus_and_strand_of_new_records(client: Client, bench: Bench) -> None:
    lab, known = bench.lab, barcode_set(bench.lab)
    address = reverse("web:reference_new")
    enter(client, lab.analyst)
    assert str(known.uuid) in client.get(address, {"kind": "species"}).content.decode()
    turned = reverse_complement(SEQUENCES["Novus primus"].encode()).decode()
    strange = "".join(random.Random(3).choices("ACGT", k=600))
    rows = [f">{number}|Novus primus|\n{turned}\n" for number in range(8)]
    text = "".join(rows) + f">STRANGE|Novus primus|\n{strange}\n"
    form = {"kind": "species", "name": "Mixed", "edition": "1", "provenance": "Synthetic.", "synthetic": "on"}
    for against in (str(bench.baseline.uuid), "no set"):
        refused = client.post(address, form | {"against": against, "sources": SimpleUploadedFile("m.fasta", b">a\n")})
        assert refused.status_code == 422
    with pytest.raises(BadInput, match="approved set of sequences"):
        reference_propose(
            actor=lab.analyst,
            kind="species",
            name="Mixed",
            edition="1",
            files=[("mixed.fasta", io.BytesIO(text.encode()))],
            parameters={"against": str(bench.baseline.uuid)},
            provenance="Synthetic.",
        )
    sent = form | {"against": str(known.uuid), "sources": SimpleUploadedFile("mixed.fasta", text.encode())}
    made = client.post(address, sent)
    assert made.status_code == 302, made.content.decode()
    row = built(ReferenceSet.objects.get(name="Mixed"))
    records = table_rows(actor=lab.analyst, reference=row, name="records")
    assert {one["locus"] for one in records} == {"COI"}
    plain = hashlib.sha256(SEQUENCES["Novus primus"].encode()).hexdigest()
    assert {one["bases"] for one in records} == {plain}, "the strand is that of the set"
    told = {one["accession"]: one["taken"] for one in table_rows(actor=lab.analyst, reference=row, name="report")}
    assert told["STRANGE"] == "no"


def test_evidence_does_not_enter_the_next_edition(bench: Bench) -> None:
    first = proposed(bench)
    curation_decide(actor=bench.lab.analyst, reference=first, accession=WRONG, choice="exclude", reason="Wrong.")
    upload(bench, bold().encode(), "query.tsv", "sequence")
    with pytest.raises(RuleViolation, match="evidence may not enter"):
        reference_curated(actor=bench.lab.analyst, reference=first, edition="2")

"""What may become a reference: no evidence, and one set for each name and edition even at the same moment."""

import io
from typing import Any

import pytest

from analysis.errors import InputRefused
from chain_of_custody.vault.services import store_current
from lims.common.errors import BadInput, RuleViolation
from lims.lab.models import ReferenceSet
from lims.lab.services import references
from lims.lab.services.references import reference_propose
from tests.lims.lab.support import BARCODES, Bench, barcode_set, baseline, built, species_run, upload


def test_evidence_may_not_enter_a_reference_whatever_its_name(bench: Bench) -> None:
    content = bench.data.baseline_csv.encode() + b"\n"
    evidence = upload(bench, content, "genotypes.csv", "genotypes")
    with pytest.raises(RuleViolation, match="evidence may not enter a reference") as refused:
        reference_propose(
            actor=bench.lab.analyst,
            kind="origin",
            name="Renamed",
            edition="1",
            files=[("baseline.csv", io.BytesIO(content))],
            parameters={"id_column": "id", "population_column": "population"},
            provenance="Renamed evidence.",
        )
    assert refused.value.found == "baseline.csv"
    assert evidence.name != "baseline.csv"
    assert not ReferenceSet.objects.filter(name="Renamed").exists()


def test_what_came_out_of_a_run_or_is_named_after_an_item_enters_no_set(bench: Bench) -> None:
    def propose(content: bytes, edition: str) -> ReferenceSet:
        return reference_propose(
            actor=bench.lab.analyst,
            kind="species",
            name="With evidence",
            edition=edition,
            files=[("barcodes.fasta", io.BytesIO(content))],
            parameters={"locus": "COI"},
            provenance="Synthetic.",
        )

    query = upload(bench, f">q\n{BARCODES[0].sequence}\n\n".encode(), "q.fasta", "sequence")
    run = species_run(bench, barcode_set(bench.lab), [("sequence", query)])
    consensus = run.outputs.get(name="consensus.fasta").file
    with store_current().open(consensus.digest, version=consensus.store_version) as chunks:
        content = b"".join(chunks)
    assert consensus.digest != query.digest
    with pytest.raises(RuleViolation, match="evidence may not enter a reference"):
        propose(content, "1")
    named = f">{bench.item.reference}_F|{BARCODES[0].species}|\n{BARCODES[0].sequence}\n"
    told = f">X1|{BARCODES[0].species}|COI|from {bench.item.reference}\n{BARCODES[0].sequence}\n"
    as_species = f">X1|{bench.item.reference} {BARCODES[0].species}\n{BARCODES[0].sequence}\n"
    clean = "".join(one.fasta for one in BARCODES[:8])
    for edition, bad in (("2", named), ("3", told), ("4", as_species)):
        with pytest.raises(InputRefused, match=bench.item.reference) as refused:
            built(propose((clean + bad).encode(), edition))
        assert "evidence may not enter a reference" in str(refused.value)


def test_of_two_proposals_at_the_same_moment_the_second_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = references._no_evidence
    rivals: list[ReferenceSet] = []

    def overtaken(files: Any) -> None:
        # Between the first one's checks and its row, somebody else proposes the same edition.
        monkeypatch.setattr(references, "_no_evidence", checks)
        rivals.append(baseline(bench.lab, bench.data, edition="2", approved=False))

    monkeypatch.setattr(references, "_no_evidence", overtaken)
    with pytest.raises(BadInput, match="choose a new edition") as refused:
        baseline(bench.lab, bench.data, edition="2", approved=False)
    assert (refused.value.code, refused.value.field) == ("taken", "edition")
    assert [row.pk for row in ReferenceSet.objects.filter(edition="2")] == [rivals[0].pk]

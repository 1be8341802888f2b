"""A case with everything a run and a report need: an item in hand, a reference set, synthetic genotypes."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from analysis.inputs import no_progress
from analysis.origin.synthetic import Design, SyntheticData, synthetic_data
from analysis.species.abif import abif_bytes, trace_synthesise
from analysis.species.bases import reverse_complement
from analysis.species.synthetic import barcodes
from chain_of_custody.core.note import SignerKey
from chain_of_custody.models import Item, StoredFile
from chain_of_custody.services import sequencer_run_once
from lims.casework.models import Case
from lims.casework.services.files import item_file_store
from lims.config.celery import app as celery_app
from lims.lab.execution import reference_compute
from lims.lab.models import Finding, ReferenceSet, Report, Review, Run, RunOutcome
from lims.lab.services.builds import build_finish, build_start
from lims.lab.services.findings import FindingFacts, finding_record
from lims.lab.services.references import reference_approve, reference_propose
from lims.lab.services.reports import ReportFacts, report_draft, report_submit
from lims.lab.services.reviews import review_decide, review_open, review_point_set
from lims.lab.services.runs import run_queue
from lims.lab.tasks import run_execute
from tests.lims import builders
from tests.lims.builders import Laboratory

DESIGN = Design(
    seed=11,
    groups=2,
    populations_per_group=2,
    animals=30,
    loci=16,
    samples=3,
    outside_samples=1,
    fst_groups=0.15,
    fst_populations=0.10,
    fst_outside=0.5,
)
"""Populations far enough apart that the truth of each sample is not in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of this installation's log and packs."""

    log: SignerKey
    pack: SignerKey


def installation(settings: Any, folder: Path) -> Keys:
    """Give the test an installation of its own: home, keys, reference cache, signing folder."""
    keys = Keys(log=SignerKey.generate("spoor.test/log"), pack=SignerKey.generate("spoor.test/log/packs"))
    for name, key in (("log", keys.log), ("pack", keys.pack)):
        (folder / f"{name}.key").write_text(key.encode())
        (folder / f"{name}.vkey").write_text(str(key.verifier))
    installation_use(settings, folder)
    return keys


def installation_use(settings: Any, folder: Path) -> None:
    """Point the settings to an installation made before."""
    celery_app.set_default()  # as the web does, so that bells reach the broker
    settings.SPOOR_HOME = folder
    settings.SPOOR_LOG_KEY_FILE = folder / "log.key"
    settings.SPOOR_LOG_VKEY_FILE = folder / "log.vkey"
    settings.SPOOR_PACK_KEY_FILE = folder / "pack.key"
    settings.SPOOR_PACK_VKEY_FILE = folder / "pack.vkey"
    settings.SPOOR_REFERENCE_CACHE = folder / "reference-cache"
    settings.SPOOR_SIGNING_FOLDER = folder / "signing"


@dataclass(slots=True)
class Bench:
    """A laboratory with one open case, one item in the technician's hands and a synthetic baseline."""

    lab: Laboratory
    case: Case
    item: Item
    data: SyntheticData
    baseline: ReferenceSet

    def item_files(self) -> list[StoredFile]:
        """Files about the item, oldest first."""
        return list(StoredFile.objects.filter(stream__kind="item", stream__uuid=self.item.uuid).order_by("pk"))


def bench() -> Bench:
    """The bench, made through the services."""
    lab = Laboratory()
    case = builders.case(lab.custodian)
    item = builders.fresh(builders.exhibits(lab.custodian, case)[0].item)
    data = synthetic_data(DESIGN)
    return Bench(lab=lab, case=case, item=item, data=data, baseline=baseline(lab, data))


def baseline(lab: Laboratory, data: SyntheticData, *, edition: str = "1", approved: bool = True) -> ReferenceSet:
    """A synthetic baseline, proposed by the analyst, built, and approved by the manager."""
    reference = reference_propose(
        actor=lab.analyst,
        kind="origin",
        name="Synthetic populations",
        edition=edition,
        files=[("baseline.csv", io.BytesIO(data.baseline_csv.encode()))],
        parameters={"id_column": "id", "population_column": "population", "group_column": "group"},
        provenance="Made by the program's own generator; synthetic.",
        synthetic=True,
    )
    reference = built(reference)
    if approved:
        reference = reference_approve(actor=lab.manager, reference=reference, note="Checked against its source.")
    return reference


def built(reference: ReferenceSet) -> ReferenceSet:
    """The set after its build, done here; without a heart, whose thread does not see this test's transaction.

    Raises what the computation raises.
    """
    build = build_start(pk=reference.builds.get().pk, worker="test")
    assert build is not None
    build_finish(build=build, frozen=reference_compute(reference, no_progress))
    return ReferenceSet.objects.get(pk=reference.pk)


GENERA = ("Fictus", "Ignotus", "Novus", "Pictus", "Probatus", "Simulatus", "Vagus", "Quaesitus")
SPECIES = [f"{genus} {epithet}" for genus in GENERA for epithet in ("primus", "secundus", "tertius")]
BARCODES = barcodes(SPECIES, seed=5)
SEQUENCES = {one.species: one.sequence for one in reversed(BARCODES)}


def barcode_set(lab: Laboratory, *without: str, edition: str = "1", approved: bool = True) -> ReferenceSet:
    """Synthetic barcodes of invented species but those named: proposed by the analyst, built, approved."""
    text = "".join(one.fasta for one in BARCODES if one.species not in without)
    row = reference_propose(
        actor=lab.analyst,
        kind="species",
        name="Synthetic barcodes",
        edition=edition,
        files=[("barcodes.fasta", io.BytesIO(text.encode()))],
        parameters={"locus": "COI"},
        provenance="Synthetic.",
        synthetic=True,
    )
    row = built(row)
    return reference_approve(actor=lab.manager, reference=row, note="Checked.") if approved else row


def species_run(
    bench: Bench, library: ReferenceSet, inputs: Sequence[tuple[str, StoredFile]], method: str = "", **parameters: Any
) -> Run:
    """A species run over files of the item, executed in process."""
    run = run_queue(
        actor=bench.lab.analyst,
        case=bench.case,
        item=bench.item,
        method=method or "species.identify",
        inputs=inputs,
        reference=library,
        parameters=parameters,
    )
    run_execute(run.pk)
    run.refresh_from_db()
    return run


def upload(bench: Bench, content: bytes, name: str, role: str) -> StoredFile:
    """A raw file about the item, handed in by the technician."""
    return item_file_store(
        actor=bench.lab.technician,
        item=bench.item,
        source=io.BytesIO(content),
        name=name,
        media_type="text/csv",
        role=role,
    )


def origin_run(bench: Bench, *, execute: bool = True, content: bytes | None = None) -> Run:
    """An origin run over the synthetic samples, executed in process."""
    body = bench.data.samples_csv.encode() if content is None else content
    run = run_queue(
        actor=bench.lab.analyst,
        case=bench.case,
        item=bench.item,
        method="origin.assign",
        inputs=[("genotypes", upload(bench, body, "genotypes.csv", "genotypes"))],
        reference=bench.baseline,
        parameters={"id_column": "id", "simulations": 1000, "figures": 1},
    )
    if execute:
        run_execute(run.pk)
        run.refresh_from_db()
    return run


def finding(bench: Bench, outcome: RunOutcome | None = None, **facts: str) -> Finding:
    """A finding by the analyst, on an outcome of a run."""
    words: dict[str, str] = {"text": "The profile is assigned to one population.", "identification": "assigned"}
    return finding_record(
        actor=bench.lab.analyst,
        case=bench.case,
        item=bench.item,
        facts=FindingFacts(**(words | facts)),
        outcome=outcome or RunOutcome.objects.filter(run__case=bench.case).order_by("pk")[0],
    )


def report(bench: Bench, *findings: Finding, title: str = "Origin of one tusk") -> Report:
    """A draft by the analyst."""
    facts = ReportFacts(
        title=title, question="From which population?", findings=findings, recipients=["Harbour Customs"]
    )
    return report_draft(actor=bench.lab.analyst, case=bench.case, facts=facts)


def submitted(bench: Bench) -> Report:
    """A report in technical review."""
    origin_run(bench)
    draft = report(bench, finding(bench))
    return report_submit(actor=bench.lab.analyst, report=draft, version=draft.version)


def pass_all(review: Review, by: Any) -> None:
    """Pass every point of a review and agree."""
    for point in review.points.all():
        review_point_set(actor=by, review=review, key=point.key, passed=True)
    review_decide(actor=by, review=review, agree=True)


def reviewed(bench: Bench) -> Report:
    """A report that technical and administrative review agreed to."""
    row = submitted(bench)
    for by in (bench.lab.reviewer, bench.lab.custodian):
        row.refresh_from_db()
        pass_all(review_open(actor=by, report=row), by)
    row.refresh_from_db()
    return row


def log_settle() -> None:
    """Let the sequencer take in everything that waits."""
    while sequencer_run_once():
        pass


def trace_pair(bench: Bench, species: str) -> list[tuple[str, StoredFile]]:
    """Traces of both ways of a barcode, stored: what a run of it takes."""
    forward = SEQUENCES[species]
    ways = {"trace_forward": forward, "trace_reverse": reverse_complement(forward.encode()).decode()}
    return [
        (
            role,
            upload(
                bench,
                abif_bytes(trace_synthesise(text, sample="SYNTHETIC", seed=len(role), run_on=date(2026, 11, 2))),
                f"{role}.ab1",
                role,
            ),
        )
        for role, text in ways.items()
    ]

"""Reference sets: proposed by the analyst, built by the worker, approved by quality."""

import io

from lims.demonstration.synthetic import genotypes, reference_fasta
from lims.demonstration.working import reference_complete
from lims.demonstration.world import Step, World
from lims.lab.services.references import reference_approve, reference_propose

_PROVENANCE = "SYNTHETIC: made by the program's own generator for this demonstration; no animal was sampled."


def _baseline(world: World) -> None:
    row = reference_propose(
        actor=world.actor("analyst"),
        kind="origin",
        name="SYNTHETIC elephant populations, 16 loci",
        edition="2026-1",
        files=[("baseline.csv", io.BytesIO(genotypes().baseline_csv.encode()))],
        parameters={"id_column": "id", "population_column": "population", "group_column": "group"},
        provenance=_PROVENANCE,
        synthetic=True,
    )
    world.keep("reference.origin", row.uuid)


def _barcodes(world: World) -> None:
    row = reference_propose(
        actor=world.actor("analyst"),
        kind="species",
        name="SYNTHETIC barcodes of traded animals",
        edition="2026-1",
        files=[("barcodes.fasta", io.BytesIO(reference_fasta()))],
        parameters={"locus": "COI"},
        provenance=_PROVENANCE,
        synthetic=True,
    )
    world.keep("reference.species", row.uuid)


def _built(world: World) -> None:
    for name in ("reference.origin", "reference.species"):
        reference_complete(world.reference(name))


def _approved(world: World) -> None:
    for name, note in (
        ("reference.origin", "Leave-one-out accuracy and power read; fit for demonstration."),
        ("reference.species", "Calibration read; congeners missing are known."),
    ):
        reference_approve(actor=world.actor("manager"), reference=world.reference(name), note=note)


STEPS = (
    Step(name="reference populations", days=120, do=_baseline),
    Step(name="reference barcodes", days=119, do=_barcodes),
    Step(name="references built", days=119, at="14:00", do=_built, atomic=False),
    Step(name="references approved", days=118, do=_approved),
)

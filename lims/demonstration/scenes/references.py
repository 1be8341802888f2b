"""Reference sets: proposed by the analyst, approved by quality."""

from lims.demonstration.synthetic import genotypes, reference_fasta
from lims.demonstration.world import Step, World
from lims.lab.services.references import reference_approve, reference_propose

_PROVENANCE = "SYNTHETIC: made by the program's own generator for this demonstration; no animal was sampled."


def _baseline(world: World) -> None:
    row = reference_propose(
        actor=world.actor("analyst"),
        kind="origin",
        name="SYNTHETIC elephant populations, 16 loci",
        edition="2026-1",
        files=[("baseline.csv", genotypes().baseline_csv.encode())],
        parameters={"id_column": "id", "population_column": "population", "group_column": "group"},
        provenance=_PROVENANCE,
        synthetic=True,
    )
    world.clock.forward(hours=26)
    note = "Leave-one-out accuracy and power read; fit for demonstration."
    reference_approve(actor=world.actor("manager"), reference=row, note=note)
    world.keep("reference.origin", row.uuid)


def _barcodes(world: World) -> None:
    row = reference_propose(
        actor=world.actor("analyst"),
        kind="species",
        name="SYNTHETIC barcodes of traded animals",
        edition="2026-1",
        files=[("barcodes.fasta", reference_fasta())],
        parameters={"locus": "COI"},
        provenance=_PROVENANCE,
        synthetic=True,
    )
    world.clock.forward(hours=20)
    reference_approve(
        actor=world.actor("manager"), reference=row, note="Calibration read; congeners missing are known."
    )
    world.keep("reference.species", row.uuid)


STEPS = (
    Step(name="reference populations", days=120, do=_baseline),
    Step(name="reference barcodes", days=119, do=_barcodes),
)

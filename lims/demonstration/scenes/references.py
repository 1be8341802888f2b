"""Reference sets: proposed by the analyst, built by the worker, approved by quality."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chain_of_custody.core.canonical import Json
from lims.demonstration.synthetic import (
    curve,
    genotypes,
    isoscape_known,
    isoscape_raster,
    mapped_baseline,
    reference_fasta,
    registered_profiles,
    verbal_scale,
    wild_parrots,
)
from lims.demonstration.working import reference_complete
from lims.demonstration.world import Step, World
from lims.lab.services.referenceaccess import reference_grant
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


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """A further set: its kind, name, file and parameters; `beside`: files beside the first."""

    kind: str
    name: str
    file: str
    content: Callable[[], bytes]
    parameters: Mapping[str, Json]
    restricted: bool = False
    beside: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)


MORE: Mapping[str, More] = {
    "reference.map": More(
        kind="origin",
        name="SYNTHETIC elephants with coordinates, 12 loci",
        file="mapped.csv",
        content=mapped_baseline,
        parameters={
            "id_column": "id",
            "population_column": "population",
            "latitude_column": "latitude",
            "longitude_column": "longitude",
        },
        restricted=True,
    ),
    "reference.isoscape": More(
        kind="isoscape",
        name="SYNTHETIC oxygen in rain, with tusks of known origin",
        file="d18O.tif",
        content=isoscape_raster,
        parameters={"element": "O"},
        beside={"known.csv": isoscape_known},
    ),
    "reference.profiles": More(
        kind="profiles",
        name="SYNTHETIC registered rhinoceroses, 16 loci",
        file="registered.csv",
        content=registered_profiles,
        parameters={"id_column": "id"},
    ),
    "reference.parrots": More(
        kind="origin",
        name="SYNTHETIC wild grey parrots, 16 loci",
        file="parrots.csv",
        content=wild_parrots,
        parameters={"id_column": "id", "population_column": "population", "group_column": "group"},
    ),
    "reference.curve": More(
        kind="curve", name="SYNTHETIC bomb curve", file="curve.csv", content=curve, parameters={"zone": "SH3"}
    ),
    "reference.scale": More(
        kind="scale", name="SYNTHETIC verbal scale", file="scale.csv", content=verbal_scale, parameters={}
    ),
}


def _more(world: World) -> None:
    for key, one in MORE.items():
        row = reference_propose(
            actor=world.actor("analyst"),
            kind=one.kind,
            name=one.name,
            edition="2026-1",
            files=[(name, io.BytesIO(content())) for name, content in {one.file: one.content, **one.beside}.items()],
            parameters=dict(one.parameters),
            provenance=_PROVENANCE,
            synthetic=True,
            restricted=one.restricted,
        )
        world.keep(key, row.uuid)


def _built(world: World) -> None:
    for name in ("reference.origin", "reference.species", *MORE):
        reference_complete(world.reference(name))


def _granted(world: World) -> None:
    """The second analyst may use the restricted set; the reviewer may not."""
    reference_grant(
        actor=world.actor("manager"),
        reference=world.reference("reference.map"),
        party=world.party("person.second_analyst"),
        right="use",
        reason="Second reader of the ivory cases.",
    )


def _approved(world: World) -> None:
    for name, note in (
        ("reference.origin", "Leave-one-out accuracy and power read; fit for demonstration."),
        ("reference.species", "Calibration read; congeners missing are known."),
        ("reference.map", "Places, permits and leave-one-out accuracy read; restricted, for it names places."),
        ("reference.isoscape", "Coverage of left-out sites and the line read; one laboratory's scale."),
        ("reference.profiles", "Typed with the laboratory's own panel."),
        ("reference.parrots", "Read for allele frequencies; two regions, forty animals each."),
        ("reference.curve", "Compared point by point with its source."),
        ("reference.scale", "Bounds and words agreed by the laboratory."),
    ):
        reference_approve(actor=world.actor("manager"), reference=world.reference(name), note=note)


STEPS = (
    Step(name="reference populations", days=120, do=_baseline),
    Step(name="reference barcodes", days=119, do=_barcodes),
    Step(name="further references", days=119, at="10:00", do=_more),
    Step(name="references built", days=119, at="14:00", do=_built, atomic=False),
    Step(name="references approved", days=118, do=_approved),
    Step(name="references granted", days=117, do=_granted),
)

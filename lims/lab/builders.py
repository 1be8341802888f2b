"""How a reference of each kind is built: one function per kind, each checks, freezes and tests what it was given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.age.reference import curve_freeze
from analysis.captivity.classify import cross_validate
from analysis.captivity.reference import training_freeze, training_open
from analysis.errors import InputRefused
from analysis.genotypes.panels import panel_freeze
from analysis.genotypes.reader import format_named
from analysis.genotypes.table import GenotypeTable
from analysis.individual.evidence import evidence_row
from analysis.individual.linkrule_set import LINK_RULES
from analysis.individual.profiles import profiles_freeze
from analysis.inputs import Progress
from analysis.origin.baseline import KEPT_COLUMNS, baseline_freeze, baseline_open
from analysis.origin.haplotype_method import haplotypes_freeze
from analysis.origin.isotope.reference import Isoscape, isoscape_freeze, isoscape_open
from analysis.origin.isotope.scales import comparable
from analysis.origin.isotope.tables import SCALE_COLUMNS
from analysis.origin.population_report import population_report
from analysis.reference import ReferenceSet as FrozenSet
from analysis.verbal_set import VERBAL_SCALES
from lims.lab.enums import ReferenceKind
from lims.lab.speciesbuild import OwnItems, part, species_build


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildAsk:
    """What is to be built: an empty folder, the source files under their own names, the set's name and edition.

    `evidence`: genotypes of evidence by marker panel, none of which may be among the animals of the set; `own_items`:
    which of some names are references of the laboratory's items, none of which may name a record; `against`: the frozen
    set whose records tell new ones their locus and strand.
    """

    folder: Path
    sources: Sequence[Path]
    name: str
    edition: str
    parameters: Mapping[str, Any]
    own_items: OwnItems
    against: Path | None = None
    evidence: Mapping[str, Sequence[Mapping[str, Sequence[str]]]] = field(default_factory=dict)

    def text(self, key: str) -> str | None:
        """A parameter as text, None where it is empty."""
        value = self.parameters.get(key)
        return str(value).strip() or None if value is not None else None

    @property
    def one(self) -> tuple[str, bytes]:
        """The only source file; that there is one was checked when it was handed in."""
        return self.sources[0].name, self.sources[0].read_bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was built.

    `digest` is the hash that methods print with each answer, `checks` what the page shows, `tables` what is kept beside
    the archive in the evidence store.
    """

    records: int
    digest: str
    summary: dict[str, Any]
    checks: dict[str, Any] = field(default_factory=dict)
    tables: tuple[tuple[str, bytes], ...] = ()


Builder = Callable[[BuildAsk, Progress], Built]


def _species(ask: BuildAsk, progress: Progress) -> Built:
    excluded = ask.parameters.get("exclude") or {}
    built = species_build(
        ask.folder,
        list(ask.sources),
        name=ask.name,
        edition=ask.edition,
        locus=ask.text("locus"),
        excluded={str(accession): str(why) for accession, why in excluded.items()},
        own_items=ask.own_items,
        against=ask.against,
        names=ask.text("names") or "",
        progress=progress,
    )
    return Built(records=built.records, digest=built.digest, summary=built.summary, tables=built.tables)


def _populations(ask: BuildAsk, progress: Progress) -> Built:
    progress(0.0, "Reading the table.")
    _name, content = ask.one
    baseline_freeze(
        ask.folder,
        content,
        name=ask.name,
        version=ask.edition,
        id_column=str(ask.parameters["id_column"]),
        population_column=str(ask.parameters["population_column"]),
        group_column=ask.text("group_column"),
        others={key: column for key in KEPT_COLUMNS if (column := ask.text(key))},
        table_format=format_named(ask.text("table_format")),
    )
    progress(0.2, "Opening the frozen set.")
    baseline = baseline_open(ask.folder)
    _no_evidence(baseline.table, ask)
    columns = {key: ask.text(key) for key in KEPT_COLUMNS}
    checks = population_report(
        baseline,
        latitude_column=columns["latitude_column"],
        longitude_column=columns["longitude_column"],
        permit_column=columns["permit_column"],
        progress=part(progress, 0.3, 0.98),
    )
    summary = {"populations": len(baseline.populations), "loci": len(baseline.table.loci)}
    return Built(records=len(baseline.table.ids), digest=baseline.sha256, summary=summary, checks=dict(checks))


def _no_evidence(table: GenotypeTable, ask: BuildAsk) -> None:
    """Refuse a table that holds the genotype of a profile of evidence, under whatever name and in whatever file.

    Raises:
        InputRefused: naming the row; the item is not told, for the proposer may not see its case.
    """
    for panel, genotypes in ask.evidence.items():
        row = evidence_row(table, genotypes, name=panel)
        if row is not None:
            raise InputRefused(
                "The row holds the genotype of a profile of evidence: evidence may not enter a reference.",
                file=ask.one[0],
                row=row,
                remedy="Leave the row out.",
            )


def _isoscape(ask: BuildAsk, progress: Progress) -> Built:
    files = {path.name: path.read_bytes() for path in ask.sources}
    progress(0.1, "Reading the raster and the known animals.")
    frozen = isoscape_freeze(
        ask.folder,
        files,
        element=str(ask.parameters["element"]),
        scale=ask.text("scale"),
        name=ask.name,
        version=ask.edition,
    )
    progress(0.4, "Leaving sites out.")
    iso = isoscape_open(ask.folder)
    summary = {
        "element": iso.element,
        "scale": iso.scale,
        "sites": iso.model.sites,
        "slope": round(iso.model.slope, 4),
        "intercept": round(iso.model.intercept, 3),
        "scatter": round(iso.model.scatter, 3),
    }
    coverage = [
        {"level": one.level, "covered": one.covered, "animals": one.animals, "interval": list(one.interval)}
        for one in iso.coverage
    ]
    return Built(
        records=iso.model.animals,
        digest=frozen.sha256,
        summary=summary,
        checks={"kind": "isoscape", "coverage": coverage, "scale": iso.scale, "scales": _scales(iso)},
    )


def _scales(iso: Isoscape) -> list[dict[str, Any]]:
    """The laboratory scales of an isoscape: what each gives its standards, and whether its values can be compared."""
    known = {one.name: one for one in iso.scales if one.element == iso.element}
    rows = []
    for name, reached in comparable(iso.scales, iso.element, iso.scale).items():
        one = known.get(name)
        given = (
            {} if one is None else {key: getattr(one, key) for key in SCALE_COLUMNS if key not in ("name", "element")}
        )
        rows.append({"name": name, "comparable": reached, **given})
    return rows


def _haplotypes(ask: BuildAsk, _progress: Progress) -> Built:
    file, content = ask.one
    frozen = haplotypes_freeze(ask.folder, content, file=file, name=ask.name, version=ask.edition)
    return _built(frozen, "animals", "regions", "haplotypes")


def _profiles(ask: BuildAsk, _progress: Progress) -> Built:
    file, content = ask.one
    frozen = profiles_freeze(
        ask.folder,
        content,
        file=file,
        name=ask.name,
        version=ask.edition,
        id_column=str(ask.parameters["id_column"]),
        table_format=format_named(ask.text("table_format")),
    )
    return _built(frozen, "profiles", "loci")


def _panel(ask: BuildAsk, _progress: Progress) -> Built:
    file, content = ask.one
    return _built(panel_freeze(ask.folder, content, file=file, name=ask.name, version=ask.edition), "markers")


def _curve(ask: BuildAsk, _progress: Progress) -> Built:
    files = [(path.name, path.read_bytes()) for path in ask.sources]
    frozen = curve_freeze(ask.folder, files, zone=ask.text("zone"), name=ask.name, version=ask.edition)
    return _built(frozen, "points", "from", "to", "zone", "hemisphere")


def _training(ask: BuildAsk, progress: Progress) -> Built:
    file, content = ask.one
    variables = [one.strip() for one in str(ask.parameters["variables"]).split(",") if one.strip()]
    frozen = training_freeze(
        ask.folder,
        content,
        file=file,
        name=ask.name,
        version=ask.edition,
        class_column=str(ask.parameters["class_column"]),
        variables=variables,
    )
    progress(0.6, "Leaving animals out.")
    _reference, training = training_open(ask.folder)
    confusion = cross_validate(training)
    built = _built(frozen, "animals", "classes", "right", "named")
    checks = {"kind": "training", "confusion": {true: dict(said) for true, said in confusion.counts.items()}}
    return Built(records=built.records, digest=built.digest, summary=built.summary, checks=checks)


def _scale(ask: BuildAsk, _progress: Progress) -> Built:
    file, content = ask.one
    frozen = VERBAL_SCALES.freeze(ask.folder, content, file=file, name=ask.name, version=ask.edition)
    facts = frozen.facts
    bands = facts["bands"] if isinstance(facts["bands"], list) else []
    summary = {key: facts[key] for key in ("scale", "scale_version", "source")}
    checks = {"kind": "scale", **summary, "bands": bands, "sha256": facts["content_sha256"]}
    return Built(records=len(bands), digest=frozen.sha256, summary=summary, checks=checks)


def _link_rule(ask: BuildAsk, _progress: Progress) -> Built:
    file, content = ask.one
    frozen = LINK_RULES.freeze(ask.folder, content, file=file, name=ask.name, version=ask.edition)
    facts = frozen.facts
    values = facts["values"] if isinstance(facts["values"], list) else []
    summary = {key: facts[key] for key in ("rule", "rule_version")}
    checks = {"kind": "link_rule", **summary, "values": values, "sha256": facts["content_sha256"]}
    return Built(records=len(values), digest=frozen.sha256, summary=summary, checks=checks)


BUILDERS: Mapping[str, Builder] = {
    ReferenceKind.SPECIES: _species,
    ReferenceKind.ORIGIN: _populations,
    ReferenceKind.ISOSCAPE: _isoscape,
    ReferenceKind.HAPLOTYPES: _haplotypes,
    ReferenceKind.PROFILES: _profiles,
    ReferenceKind.PANEL: _panel,
    ReferenceKind.CURVE: _curve,
    ReferenceKind.TRAINING: _training,
    ReferenceKind.SCALE: _scale,
    ReferenceKind.LINK_RULE: _link_rule,
}
"""One builder per kind."""


def _built(frozen: FrozenSet, records: str, *shown: str) -> Built:
    facts = frozen.facts
    summary = {key: facts[key] for key in shown if facts.get(key) not in (None, "")}
    return Built(records=int(str(facts[records])), digest=frozen.sha256, summary=summary)

"""The method «species.product»: which taxa the amplicon reads of a product come from, beside its controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analysis.canonical import Json, jsonable, readable_json
from analysis.errors import InputRefused
from analysis.inputs import Artefact, InputFile, Progress, RunInputs, RunResult, digest_file
from analysis.outcome import (
    Diagnostic,
    Figure,
    Finding,
    Identification,
    InputDigest,
    Number,
    Outcome,
    Reason,
    ReferenceDigest,
)
from analysis.registry import Method
from analysis.species.amplicon import CONTROL_FACTOR, Line, Product, Variant, product_identify
from analysis.species.amplicon_reads import EXPECTED_ERRORS, Reads
from analysis.species.calibration import Calibration, calibration_read
from analysis.species.denoising import DENOISERS, LEAST_READS
from analysis.species.library import Library, library_open
from analysis.species.productchart import product_svg
from analysis.species.producttables import control_json, controls_csv, line_json, lines_csv, sequences_fasta
from analysis.species.productwords import (
    NAMED,
    blank_check,
    caveats_of,
    positive_check,
    whole_answer,
    whole_reasons,
    whole_statement,
)
from analysis.species.records import species_name
from analysis.species.report import identified_json, statement
from analysis.statistics import binomial_interval

NAME: Final = "species.product"
VERSION: Final = "1.3"
QUESTION: Final = "Which taxa do the amplicon reads of the product come from?"
MOST_TAXA: Final = 200
"""Outcomes of one run; what is beyond stands in product.csv."""

SHARE: Final = (
    "reads of the taxon / reads kept; the interval is of counting alone (Clopper–Pearson, 95 %). Reads say nothing "
    "exact of amounts: primers, copies and decay differ between species."
)


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Filter, denoise and identify the reads of one product and of its controls.

    Roles: `amplicons` (one FASTQ, plain or gzip; merged where read in pairs), `blank` (extraction and no-template
    controls), `positive` (a control of known content). Parameters: `declared` (taxa on the label, parted by
    semicolons), `expected` (taxa of the positive control, likewise), `denoiser` («own» or «vsearch»), `least`
    (fewest reads of a sequence). The reference is the folder of a set of kind «species». Artefacts: product.svg,
    product.csv, controls.csv, sequences.fasta (where one was kept), product.json. Raises `InputRefused`.
    """
    if inputs.reference is None:
        raise InputRefused("No reference set was given.", field="reference", remedy="Choose a reference set.")
    reads, blanks, positives = _files(inputs)
    denoiser, least = _denoiser(inputs), _least(inputs)
    progress(0.0, "opening the reference set")
    library = library_open(inputs.reference)
    calibration = calibration_read(library)
    product = product_identify(
        library,
        calibration,
        _reads(reads),
        [_reads(one) for one in (*blanks, *positives)],
        denoiser=denoiser,
        least=least,
        uncounted=len(positives),
        progress=lambda share, words: progress(0.02 + 0.96 * share, words),
    )
    record = _Record(inputs, library, calibration, product, (reads, *blanks, *positives), len(blanks))
    result = RunResult(outcomes=record.outcomes(), artefacts=record.artefacts())
    progress(1.0, "done")
    return result


def _files(inputs: RunInputs) -> tuple[InputFile, tuple[InputFile, ...], tuple[InputFile, ...]]:
    reads, blanks, positives = inputs.one("amplicons"), inputs.of_role("blank"), inputs.of_role("positive")
    for file in (reads, *blanks, *positives):
        if digest_file(file.path) != file.sha256:
            raise InputRefused(
                "The file is not the one whose digest was recorded.", file=file.name, remedy="Fetch the original again."
            )
    for control in (*blanks, *positives):
        if control.sha256 == reads.sha256:
            raise InputRefused(
                "The control is the very file of the product.", file=control.name, remedy="Give the control's reads."
            )
    if positives and not inputs.text("expected"):
        raise InputRefused(
            "A positive control was given, and nothing that it should hold.",
            field="expected",
            remedy="Name its taxa, parted by semicolons.",
        )
    return reads, blanks, positives


def _reads(file: InputFile) -> Reads:
    return Reads(path=file.path, name=file.name)


def _denoiser(inputs: RunInputs) -> str:
    chosen = inputs.text("denoiser") or "own"
    if chosen not in DENOISERS:
        raise InputRefused(
            f"«{chosen}» is no denoiser.", field="denoiser", remedy=f"Use one of {', '.join(sorted(DENOISERS))}."
        )
    return chosen


def _least(inputs: RunInputs) -> int:
    value = inputs.parameters.get("least", LEAST_READS)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise InputRefused(f"The fewest reads are {value!r}.", field="least", remedy="Give a number from 1.")
    return value


def names_of(text: str | None) -> tuple[str, ...]:
    """Names parted by semicolons, each once, in their order."""
    return tuple(dict.fromkeys(" ".join(part.split()) for part in (text or "").split(";") if part.strip()))


class _Record:
    """What was found, turned into outcomes and files."""

    def __init__(
        self,
        inputs: RunInputs,
        library: Library,
        calibration: Calibration | None,
        product: Product,
        files: Sequence[InputFile],
        blanks: int,
    ) -> None:
        self.inputs, self.library, self.product = inputs, library, product
        self.blanks, self.positives = product.controls[:blanks], product.controls[blanks:]
        self.digests: tuple[InputDigest, ...] = tuple(file.digest for file in files)
        self.present = [line for line in product.lines if line.state == "present"]
        reference = library.reference
        self.reference = ReferenceDigest.of(
            reference, calibration_sha256=None if calibration is None else calibration.sha256
        )

    def outcomes(self) -> tuple[Outcome, ...]:
        """The product as a whole, then each taxon of it, most reads first."""
        return (self._whole(), *(self._taxon(line) for line in self.product.lines[:MOST_TAXA]))

    def _whole(self) -> Outcome:
        outcome, taxon = whole_answer(self.present)
        named = [line.taxon for line in self.present]
        lines: list[Json] = [line_json(line) for line in self.product.lines]
        filtered = self.product.filtered
        return self._outcome(
            outcome,
            taxon,
            whole_statement(self.present),
            among=tuple(named) if len(named) > 1 else (),
            reasons=whole_reasons(self.product),
            numbers=(
                Number(name="reads_kept", value=filtered.kept, unit="reads", definition="reads that passed the filter"),
                Number(name="reads_total", value=filtered.total, unit="reads", definition="reads in the file"),
            ),
            diagnostics=(self._filter_check(), *map(blank_check, self.blanks), *self._positive_checks()),
            caveats=caveats_of(self.product, bool(self.blanks)),
            figures=(
                Figure(
                    name="product",
                    kind="product-lines",
                    title="What is in the product",
                    description=SHARE,
                    data=lines,
                ),
            ),
            details={
                "id": self.digests[0].name,
                "product": lines,
                "label": self._label(),
                "filter": jsonable({"total": filtered.total, "kept": filtered.kept, "left_out": filtered.left_out}),
                "controls": [control_json(one) for one in self.product.controls],
            },
        )

    def _taxon(self, line: Line) -> Outcome:
        best = next(one for one in self.product.variants if _is_of(one, line))
        item = best.identified
        low, high = binomial_interval(line.reads, max(self.product.filtered.kept, line.reads))
        outcome = Identification(line.outcome)
        reasons = item.decision.reasons
        if line.state == "in_control":
            told = (
                f"A control shows {line.control_reads} reads of it, more than one in {CONTROL_FACTOR} of the product's."
            )
            reasons = (Reason(code="in-control", text=told), *reasons)
            outcome = Identification.INCONCLUSIVE
        return self._outcome(
            outcome,
            line.taxon if line.state == "present" and outcome in NAMED else None,
            statement(item) if line.state == "present" else "It is not said that this taxon is in the product.",
            among=item.decision.among,
            reasons=reasons,
            numbers=(
                Number(name="reads", value=line.reads, unit="reads", definition="reads of the taxon"),
                Number(name="share", value=line.share, unit="share", definition=SHARE, interval=(low, high, 0.95)),
            ),
            diagnostics=item.diagnostics,
            caveats=item.caveats,
            details={**identified_json(item), "id": line.taxon or "unidentified", "state": line.state},
        )

    def _outcome(
        self,
        outcome: Identification,
        subject: str | None,
        words: str,
        *,
        among: tuple[str, ...],
        reasons: tuple[Reason, ...],
        numbers: tuple[Number, ...],
        diagnostics: tuple[Diagnostic, ...],
        caveats: tuple[str, ...],
        details: dict[str, Json],
        figures: tuple[Figure, ...] = (),
    ) -> Outcome:
        finding = Finding(outcome=outcome.value, subject=subject, statement=words, reasons=reasons, among=among)
        return Outcome(
            method=NAME,
            version=VERSION,
            question=QUESTION,
            finding=finding,
            numbers=numbers,
            diagnostics=diagnostics,
            caveats=caveats,
            figures=figures,
            inputs=self.digests,
            reference=self.reference,
            parameters=dict(self.inputs.parameters),
            details=details,
            seed=self.inputs.seed,
        )

    def _label(self) -> list[Json]:
        """Each taxon of the label: found among the reads or not."""
        present = {line.taxon for line in self.present}
        genera = {line.taxon for line in self.present if line.outcome == Identification.GENUS}
        told: list[Json] = []
        for name in names_of(self.inputs.text("declared")):
            species = self.library.species.accepted(species_name(name)[0])
            if species in present:
                told.append({"name": name, "answer": "found"})
            elif species.split()[0] in genera:
                told.append({"name": name, "answer": "genus_found"})
            else:
                known = self.library.species_number(species) is not None
                told.append({"name": name, "answer": "not_found" if known else "not_testable"})
        return told

    def _filter_check(self) -> Diagnostic:
        filtered = self.product.filtered
        share = filtered.kept / max(filtered.total, 1)
        left = ", ".join(f"{reason} {count}" for reason, count in sorted(filtered.left_out.items())) or "none"
        return Diagnostic(
            code="read-filter",
            state="passed" if share >= 0.5 else "warning",
            text=f"{filtered.kept} of {filtered.total} reads kept (at most {EXPECTED_ERRORS:g} expected error, "
            f"no unknown base); left out: {left}.",
            value=round(share, 4),
        )

    def _positive_checks(self) -> tuple[Diagnostic, ...]:
        wanted = names_of(self.inputs.text("expected"))
        return tuple(positive_check(one, wanted) for one in self.positives)

    def artefacts(self) -> tuple[Artefact, ...]:
        """Chart, tables, sequences and the whole record."""
        product = self.product
        record = {
            "method": NAME,
            "version": VERSION,
            "denoiser": product.denoiser,
            "lines": [line_json(line) for line in product.lines],
            "controls": [control_json(one) for one in product.controls],
            "sequences": [{**identified_json(one.identified), "reads": one.reads} for one in product.variants],
        }
        svg = product_svg(product.lines, kept=product.filtered.kept, name=self.digests[0].name)
        made = (
            Artefact(name="product.svg", media_type="image/svg+xml", content=svg.encode()),
            Artefact(name="product.csv", media_type="text/csv", content=lines_csv(product)),
            Artefact(name="controls.csv", media_type="text/csv", content=controls_csv(product)),
            Artefact(name="sequences.fasta", media_type="text/x-fasta", content=sequences_fasta(product)),
            Artefact(name="product.json", media_type="application/json", content=readable_json(jsonable(record))),
        )
        return tuple(one for one in made if one.content)  # no sequence kept: no file of sequences


def _is_of(variant: Variant, line: Line) -> bool:
    item = variant.identified
    return (item.outcome.value, item.taxon or ", ".join(item.decision.among)) == (line.outcome, line.taxon)


METHOD: Final = Method(
    name=NAME,
    version=VERSION,
    citation="Expected errors: Edgar & Flyvbjerg 2015, Bioinformatics 31:3476; denoising: Edgar 2016, bioRxiv 081257; "
    "each sequence identified as by «species.identify».",
    assumptions=(
        "One amplicon of one locus that the reference set holds; read pairs were merged before.",
        "Blanks went through the same steps as the product.",
    ),
    limits=(
        "Shares of reads are no shares of material.",
        "A taxon that is not found may be there all the same: primers, decay, too few reads.",
        "Error rates of the naming rule hold for one sequence, not for the list as a whole.",
        "Chimeras of two amplicons may stand as sequences of their own where they are not recognised as such.",
    ),
    validation="docs/species.md; error rates of each set stand in its own calibration.",
    run=run,
)

"""Pure work of the laboratory's jobs: files in, answers and artefacts out. Nothing here writes to the database."""

import hashlib
import io
import shutil
import tempfile
import zipfile
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings

from analysis.errors import AnalysisError, Cancelled
from analysis.inputs import Artefact, InputFile, Progress, RunInputs
from analysis.outcome import Outcome
from analysis.registry import METHODS
from chain_of_custody.errors import CustodyError
from chain_of_custody.models import Item
from chain_of_custody.vault.services import file_content, file_copy
from lims.casework.codelists import CURRENT, code_list
from lims.common.errors import BadInput
from lims.lab.builders import BUILDERS, BuildAsk
from lims.lab.enums import Identification, LegalScheme, ReferenceKind
from lims.lab.models import DriftCheck, LegalList, ReferenceSet, Run, RunOutcome, RunScreen
from lims.lab.rules.drifting import Said, changes
from lims.lab.rules.listing_csv import Codes, ListRefused, Parsed, listings_parse
from lims.lab.rules.methods import squared
from lims.lab.rules.screens import method_list
from lims.lab.selectors.drift import drift_runs
from lims.lab.selectors.profiles import profiles_by_panel
from lims.lab.selectors.screens import screen_bases
from lims.lab.speciesbuild import part

CONSENSUS = "consensus.fasta"
_NAMES_AT_ONCE = 10_000
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)

_WORDS = {
    "population": Identification.ASSIGNED,
    "group": Identification.ASSIGNED,
    "none": Identification.NONE_OF_THESE,
}
"""Words of the origin method, in the application's one list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenReference:
    """A reference as it goes into the vault: a deterministic archive, its content hash, and what it holds.

    `digest` is the hash that the method prints with each answer, so that a result names the set it rests on.
    """

    archive: bytes
    digest: str
    records: int
    summary: dict[str, Any]
    tables: tuple[tuple[str, bytes], ...] = ()
    checks: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One outcome of a run as rows keep it; `bases` and `locus` of the sequence it is about, where there is one."""

    subject: str
    identification: str
    name: str
    summary: dict[str, Any]
    bases: str = ""
    locus: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDrift:
    """A run computed again against another edition: how many answers findings rest on, which would be others."""

    run: Run
    method_version: str
    answers: int = 0
    changed: tuple[tuple[RunOutcome, Said | None], ...] = ()
    error: str = ""


def drift_compute(check: DriftCheck, progress: Progress) -> list[RunDrift]:
    """Compute every reported run again against the edition of the check; one that cannot be is told with its reason.

    Raises:
        Cancelled: what `progress` raises.
    """
    runs = list(drift_runs(check.reference))
    found = []
    for number, run in enumerate(runs):
        told = part(progress, number / len(runs), (number + 1) / len(runs))
        told(0.0, run.reference)
        found.append(_drift(run, check.reference, told))
    progress(1.0, "done")
    return found


def _drift(run: Run, reference: ReferenceSet, progress: Progress) -> RunDrift:
    if run.method not in METHODS:
        return RunDrift(run=run, method_version="", error=f"{run.method} is not a method here any more.")
    version = METHODS[run.method].version
    rows = sorted(run.outcomes.all(), key=lambda one: one.number)
    rest = {one.outcome_id for one in run.findings.all() if one.replaced_by_id is None}
    places = [place for place, row in enumerate(rows) if row.pk in rest]
    try:
        answers, _artefacts = run_compute(run, progress, reference=reference)
    except Cancelled:
        raise
    except (AnalysisError, CustodyError) as error:
        return RunDrift(run=run, method_version=version, answers=len(places), error=str(error))
    before = [Said(subject=row.subject, identification=row.identification, name=row.name) for row in rows]
    now = [
        Said(
            subject=one.subject[:120],
            identification=one.identification,
            name=one.name[:160],
            statement=str(one.summary.get("statement", "")),
        )
        for one in answers
    ]
    changed = tuple((rows[one.place], one.now) for one in changes(before, now, places))
    return RunDrift(run=run, method_version=version, answers=len(places), changed=changed)


def run_compute(
    run: Run, progress: Progress, *, reference: ReferenceSet | None = None
) -> tuple[list[Answer], list[Artefact]]:
    """Run the method over the run's files, against its own references or with another edition of one of them.

    Every file is checked against its digest while it is read. Squares of a set that was restricted since count too.

    Raises:
        AnalysisError: an input cannot be used, naming file, row, field and remedy.
        Cancelled: what `progress` raises.
        DigestMismatch: a stored file is not what was handed in.
    """
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        files = (*_inputs_fetch(run, Path(folder)), *_screen_write(run, Path(folder)))
        first, second = _sets(run, reference)
        inputs = RunInputs(
            files=files,
            parameters=squared(run.method, first.coarse_km if first else 0, run.parameters),
            reference=reference_folder(first) if first else None,
            second_reference=reference_folder(second) if second else None,
            seed=run.seed,
        )
        result = METHODS[run.method].run(inputs, progress)
    outcomes = Artefact(
        name="outcomes.json",
        media_type="application/json",
        content=b"[" + b",".join(outcome.to_json() for outcome in result.outcomes) + b"]",
    )
    sequences = _sequences(result.artefacts)
    answers = [_answer(one, sequences.get(number, "")) for number, one in enumerate(result.outcomes)]
    return answers, [outcomes, *result.artefacts]


def _sets(run: Run, other: ReferenceSet | None) -> tuple[ReferenceSet | None, ReferenceSet | None]:
    """The references of a run; another edition of one of them stands in its place."""
    first, second = run.reference_set, run.second_set
    if other is None:
        return first, second
    return (first, other) if second is not None and second.kind == other.kind else (other, second)


def reference_compute(reference: ReferenceSet, progress: Progress) -> FrozenReference:
    """Build a reference from its source files in the vault, calibrate it and pack it.

    Raises:
        AnalysisError: a file cannot be used, naming file, row and remedy.
        Cancelled: what `progress` raises.
        DigestMismatch: a stored file is not what was handed in.
    """
    with tempfile.TemporaryDirectory(prefix="reference-") as scratch:
        sources = _sources_fetch(reference, Path(scratch))
        folder = Path(scratch) / "set"
        ask = BuildAsk(
            folder=folder,
            sources=sources,
            name=reference.name,
            edition=reference.edition,
            parameters=reference.parameters,
            own_items=_own_items,
            against=_against(reference),
            evidence=_evidence() if reference.kind == ReferenceKind.ORIGIN else {},
        )
        built = BUILDERS[reference.kind](ask, progress)
        return FrozenReference(
            archive=_pack(folder),
            digest=built.digest,
            records=built.records,
            summary=built.summary,
            checks=built.checks,
            tables=built.tables,
        )


def _against(reference: ReferenceSet) -> Path | None:
    named = reference.parameters.get("against")
    return reference_folder(ReferenceSet.objects.get(uuid=str(named))) if named else None


def _own_items(names: Collection[str]) -> list[str]:
    """Which names are references of items."""
    every = sorted(names)
    pieces = (every[start : start + _NAMES_AT_ONCE] for start in range(0, len(every), _NAMES_AT_ONCE))
    return [
        one for piece in pieces for one in Item.objects.filter(reference__in=piece).values_list("reference", flat=True)
    ]


def _evidence() -> dict[str, list[dict[str, list[str]]]]:
    """Genotypes of every profile of evidence, by marker panel: they may not enter reference population data."""
    return {panel: [one.loci for one in rows] for panel, rows in profiles_by_panel().items()}


def reference_folder(reference: ReferenceSet) -> Path:
    """The unpacked reference, from this host's cache by its archive's digest, or fetched from the vault.

    Unpacking happens beside and is renamed into place, so that two workers never see half a set. The method
    checks every byte of the set against its manifest before use.
    """
    place = Path(settings.SPOOR_REFERENCE_CACHE) / reference.archive.digest
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="unpack-", dir=place.parent))
    try:
        archive = scratch / "set.zip"
        file_copy(reference.archive, archive)
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(scratch / "set")
        try:
            (scratch / "set").rename(place)
        except OSError:
            if not place.is_dir():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return place


def law_read(row: LegalList, progress: Progress) -> Parsed:
    """Read a checklist's file from the vault, checked against its digest.

    Raises:
        BadInput: the file as a whole cannot be used, naming what to do.
    """
    content = file_content(row.file)
    codes = Codes(
        countries=frozenset(code_list(CURRENT["country"])),
        terms=frozenset(code_list(CURRENT["term"])),
        cites=row.scheme == LegalScheme.CITES,
    )
    try:
        parsed = listings_parse(content, codes, lambda share: progress(share * 0.6, "reading rows"))
    except ListRefused as error:
        raise BadInput(str(error), code="unreadable-list", field="file") from error
    progress(0.7, "writing rows")
    return parsed


def _inputs_fetch(run: Run, folder: Path) -> tuple[InputFile, ...]:
    files = []
    for number, row in enumerate(run.inputs.select_related("file").order_by("pk")):
        path = folder / f"{number:03d}-{Path(row.file.name).name}"
        file_copy(row.file, path)
        files.append(InputFile(role=row.role, name=row.file.name, path=path, sha256=row.file.digest))
    return tuple(files)


def _screen_write(run: Run, folder: Path) -> tuple[InputFile, ...]:
    """The list the run is screened against, with the bases its rows hold now; none for a run without a list."""
    frozen = RunScreen.objects.filter(run=run).first()
    if frozen is None:
        return ()
    content = method_list(frozen.content, screen_bases(frozen.content))
    path = folder / "screen.json"
    path.write_bytes(content)
    return (InputFile(role="laboratory", name=path.name, path=path, sha256=hashlib.sha256(content).hexdigest()),)


def _sequences(artefacts: Collection[Artefact]) -> dict[int, str]:
    """The consensus of each outcome by its place, of a method that writes them."""
    written = next((one.content for one in artefacts if one.name == CONSENSUS), b"")
    lines = written.decode().splitlines()
    return dict(enumerate(bases for head, bases in pairwise(lines) if head.startswith(">") and bases[:1] != ">"))


def _sources_fetch(reference: ReferenceSet, folder: Path) -> list[Path]:
    """The source files under their own names, each in a folder of its own, so that messages name them."""
    paths = []
    for number, row in enumerate(reference.sources.select_related("file").order_by("pk")):
        path = folder / f"{number:03d}" / Path(row.file.name).name
        path.parent.mkdir()
        file_copy(row.file, path)
        paths.append(path)
    return paths


def _answer(outcome: Outcome, bases: str = "") -> Answer:
    finding = outcome.finding
    identification = _WORDS.get(finding.outcome, finding.outcome)
    summary = {
        "statement": finding.statement,
        "outcome": finding.outcome,
        "reasons": [{"code": reason.code, "text": reason.text} for reason in finding.reasons],
        "among": list(finding.among)[:50],
        "numbers": [
            {
                "name": n.name,
                "value": n.value,
                "unit": n.unit,
                "definition": n.definition,
                "interval": list(n.interval) if n.interval else None,
            }
            for n in outcome.numbers
        ],
        "caveats": list(outcome.caveats),
        "propositions": list(outcome.propositions)[:50],
        "likelihood_ratio": _ratio(outcome),
    }
    return Answer(
        subject=_subject(outcome),
        identification=identification,
        name=finding.subject or "",
        summary=summary,
        bases=bases,
        locus=_locus(outcome),
    )


def _ratio(outcome: Outcome) -> dict[str, Any] | None:
    one = outcome.likelihood_ratio
    if one is None:
        return None
    return {
        "log10": one.log10,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "definition": one.definition,
    }


def _locus(outcome: Outcome) -> str:
    details = outcome.details if isinstance(outcome.details, dict) else {}
    return str(details.get("locus") or "")


def _subject(outcome: Outcome) -> str:
    details = outcome.details if isinstance(outcome.details, dict) else {}
    return str(details.get("id") or details.get("query") or (outcome.inputs[0].name if outcome.inputs else ""))


def _pack(folder: Path) -> bytes:
    """A ZIP whose bytes depend on names and contents alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=_FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, path.read_bytes())
    return out.getvalue()

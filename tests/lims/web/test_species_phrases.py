"""Sentences of the species methods in the reader's language: found in the source, all of them, and told."""

import ast
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
from django.utils import translation

from analysis.inputs import InputFile, RunInputs, RunResult, no_progress
from analysis.outcome import Outcome
from analysis.registry import METHODS
from analysis.species.abif import abif_bytes, trace_synthesise
from analysis.species.calibrate import library_calibrate
from analysis.species.library import library_build
from analysis.species.records import records_read
from analysis.species.synthetic import Barcode, Design, barcodes
from lims.web.figures import svg_words
from lims.web.phrases import known, said
from lims.web.recordwords import SUMMARY_WORDS
from lims.web.views.references import TOLD_APART
from tests.analysis.species.test_products import fastq
from tests.conftest import ROOT
from tests.lims.web.spoken import sentences_of

FOLDER = ROOT / "analysis" / "species"
LAW = ROOT / "lims" / "lab" / "rules" / "listing_csv.py"
SILENT = {
    "abif": "writes made traces",
    "bases": "refuses",
    "calibrate": "says where it is",
    "denoising": "writes for the denoiser",
    "edits": "refuses",
    "entrez": "asks a server",
    "producttables": "writes files",
    "records": "refuses",
    "synthetic": "writes made sequences",
    "traces": "refuses",
}
"""Modules whose words stand in files, on a terminal or in errors; every other one is read, a new one too."""

IN_FILES = (
    *("matches / columns of the alignment", "as the records give them", "accepted names of the tables", "identity: 7"),
    *("nearest record", "absent species named", "Phred; equal calls", "equal calls / columns", "overlap positions"),
)
"""Beginnings of texts of files: the decision record, the table of a terminal, the consensus as JSON."""
NO_SENTENCE = (
    "scientific name",
    "<",
    "M7",
    "system-ui",
    "share of 7",
    "7 of 7",
    "7 at 7",
    "Homo ",
    "Bos ",
    "Sus ",
    "Gallus ",
    "Canis ",
    "Felis ",
)
"""Drawings, units that a page prints as per cent, names of species and of a column."""
ENGLISH = re.compile(r"\b(the|of|is|are|and|which|were|not|with|more|from|has|than)\b")
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.endswith("cli") and path.stem not in SILENT)


def _said_by(path: Path) -> list[str]:
    citations = {METHODS[name].citation for name in METHODS if name.startswith("species.")}
    found = sentences_of(path, errors=path == LAW)
    return [text for text in found if text not in citations and not text.startswith((*IN_FILES, *NO_SENTENCE))]


def _forms(text: str) -> tuple[str, ...]:
    """A text, and with the number it is written beside: «of the staff», «too short»."""
    return text, f"7 {text}", f"{text} 7"


@pytest.mark.parametrize("module", MODULES)
def test_every_sentence_of_a_species_method_is_told_in_every_language(module: str) -> None:
    texts = _said_by(FOLDER / f"{module}.py")
    assert [text for text in texts if not any(map(known, _forms(text)))] == []
    for language in ("fr", "es"):
        with translation.override(language):
            told = [next(said(one).text for one in _forms(text) if not said(one).lang) for text in texts]
        assert [text for text in told if ENGLISH.search(text)] == []


def test_what_is_read_out_of_the_source_is_what_it_says() -> None:
    """The reader of sentences against a module written for it, and against sentences known to be there."""
    assert len(MODULES) > 30
    assert "7 is excluded. The species was not resolved among 7." not in _said_by(FOLDER / "report.py")
    assert "The nearest record of 7 lies at 7, within the limit of 7; no other species is near." in _said_by(
        FOLDER / "decide.py"
    )
    assert "Reads of 7 taxa were found: 7 (7 of the reads)." in _said_by(FOLDER / "productwords.py")
    assert sum(len(_said_by(FOLDER / f"{module}.py")) for module in MODULES) > 150


def test_a_new_sentence_is_found(tmp_path: Path) -> None:
    source = tmp_path / "made.py"
    source.write_text(
        '"""Words of no sentence."""\n'
        '_KIND = "a kind of"\n'
        "def _who(name): return f'the bird {name}' if name else 'no bird at all'\n"
        "def check(n, name):\n"
        '    """Nor is this one."""\n'
        "    end = ' Look again.' if n else ''\n"
        "    told = 'One came.'\n"
        "    told += f' Then {n} more.'\n"
        "    if n < 0:\n        raise ValueError('this is an error')\n"
        "    return Reason(code='x', text=f'{_KIND} {n} saw {_who(name)}.{end}')\n",
        encoding="utf-8",
    )
    assert sentences_of(source) == [
        "One came.",
        "One came. Then 7 more.",
        "a kind of 7 saw the bird 7. Look again.",
        "a kind of 7 saw the bird 7.",
        "a kind of 7 saw no bird at all. Look again.",
        "a kind of 7 saw no bird at all.",
    ]
    assert "this is an error" in sentences_of(source, errors=True)


def test_a_sentence_that_goes_on_is_not_taken_for_the_short_one() -> None:
    short = "The sequence was identified as Aus bus"
    assert known(f"{short}.")
    assert not known(f"{short}; and the moon was full.")


def test_what_is_said_of_rows_of_the_law_is_known() -> None:
    """All but names of columns, and what is added to an annotation, which is printed as the list has it."""
    columns = re.compile(r"[a-z ]+|Appendix \(.*|Row 7, 7: 7|current_listing or Appendix|7 \[The list calls.*")
    texts = [text for text in _said_by(LAW) if not columns.fullmatch(text) or text.startswith("is ")]
    assert len(texts) > 10
    assert [text for text in texts if not known(text)] == []


@pytest.mark.parametrize("name", [name for name in sorted(METHODS) if name.startswith("species.")])
def test_assumptions_and_limits_of_species_methods_are_known(name: str) -> None:
    method = METHODS[name]
    assert [text for text in (*method.assumptions, *method.limits, method.validation) if not known(text)] == []


SAMPLED = ("Aus albus", "Aus niger", "Bus albus", "Bus niger")


@pytest.fixture(scope="module")
def made() -> list[Barcode]:
    return barcodes(list(SAMPLED), seed=11, design=Design(each=4))


@pytest.fixture(scope="module")
def reference(made: list[Barcode], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calibrated set of four species, three records each, the fourth of each kept as the sample."""
    folder = tmp_path_factory.mktemp("set")
    fasta = folder / "COI.fasta"
    fasta.write_text("".join(one.fasta for place, one in enumerate(made) if place % 4 != 3))
    library_build(folder / "set", records_read([fasta], locus=None, taxonomy=None), name="made", version="1")
    library_calibrate(folder / "set")
    return folder / "set"


def _outcomes(method: str, reference: Path, files: Sequence[tuple[str, Path]], **parameters: str) -> RunResult:
    given = tuple(InputFile.from_path(role, path) for role, path in files)
    return METHODS[method].run(RunInputs(files=given, parameters=parameters, reference=reference), no_progress)


def _sentences(outcome: Outcome) -> Iterator[str]:
    yield from (outcome.finding.statement, *(one.text for one in outcome.finding.reasons), *outcome.propositions)
    yield from (*outcome.caveats, *(one.text for one in outcome.diagnostics))
    yield from (one.definition for one in outcome.numbers)
    yield from (words for one in outcome.figures for words in (one.title, one.description))
    declared = outcome.details.get("declared")
    yield from [str(declared["text"])] if isinstance(declared, dict) else []


def _drawn(result: RunResult) -> Iterator[str]:
    for one in result.artefacts:
        if one.name.endswith(".svg"):
            yield from svg_words(one.content)


def test_results_of_identification_and_of_a_product_are_told_whole(
    made: list[Barcode], reference: Path, tmp_path: Path
) -> None:
    sample, other = made[3], made[11]
    trace = tmp_path / "E01_F.ab1"
    trace.write_bytes(abif_bytes(trace_synthesise(sample.sequence, sample="E01", seed=1, run_on=date(2026, 1, 2))))
    mixed = tmp_path / "mixed.fasta"
    mixed.write_text(f">two\n{sample.sequence[:330]}{other.sequence[330:]}\n>short\n{'ACGT' * 12}\n")
    reads = fastq(tmp_path / "p.fastq", [(sample.sequence, 60), (other.sequence, 30)])
    blank = fastq(tmp_path / "blank.fastq", [(other.sequence, 20)], seed=2)
    results = [
        _outcomes("species.identify", reference, [("trace_forward", trace)], declared="Bus niger"),
        _outcomes("species.identify", reference, [("sequence", mixed), ("screen", mixed)]),
        _outcomes("species.product", reference, [("amplicons", reads), ("blank", blank), ("positive", blank)],
                  expected="Aus albus"),
    ]  # fmt: skip
    texts = {text for result in results for one in result.outcomes for text in _sentences(one)}
    texts |= {text for result in results for text in _drawn(result)}
    assert len(texts) > 40
    names = re.compile(r"\b(?:Aus|Bus) \w+|\b\d+(?:\.\d+)?%?")
    for language in ("fr", "es"):
        with translation.override(language):
            told = {text: said(text) for text in texts}
        assert [text for text, one in told.items() if one.lang or ENGLISH.search(one.text)] == []
        kept = {text: (sorted(names.findall(text)), sorted(names.findall(one.text))) for text, one in told.items()}
        assert [text for text, (before, after) in kept.items() if before != after] == []


def _summary_keys(name: str) -> set[str]:
    """What the builds write into summaries: keys of dictionaries called so, and names handed to `_built`."""
    tree = ast.parse((ROOT / "lims" / "lab" / name).read_text(encoding="utf-8"))
    given = [key for node in ast.walk(tree) for key in _keys(node)]
    return {str(one.value) for one in given if isinstance(one, ast.Constant)}


def _keys(node: ast.AST) -> Sequence[ast.expr | None]:
    if isinstance(node, ast.Call):
        return node.args[1:] if isinstance(node.func, ast.Name) and node.func.id == "_built" else ()
    called = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else getattr(node, "arg", "")
    if called != "summary" or not isinstance(node, ast.Assign | ast.keyword):
        return ()
    if isinstance(node.value, ast.DictComp) and isinstance(node.value.generators[0].iter, ast.Tuple):
        return node.value.generators[0].iter.elts
    return node.value.keys if isinstance(node.value, ast.Dict) else ()


def test_every_part_of_a_summary_of_a_set_has_a_name() -> None:
    keys = {*_summary_keys("builders.py"), *_summary_keys("speciesbuild.py")} - TOLD_APART
    assert {"populations", "slope", "rule_version", "zone", "species"} <= keys
    assert keys - SUMMARY_WORDS.keys() == set()

"""Documents are read back from the PDF bytes by an independent reader (pypdf), as a court would read them."""

import dataclasses
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from lims.documents.data.parts import Attachment, Language, Marks, SignatureSlot
from lims.documents.data.report import Finding, ReportData, ReportLink
from lims.documents.engine import data_json
from lims.documents.errors import DocumentRefused
from lims.documents.printable import KNOWN, printable
from lims.documents.render import (
    certificate_render,
    custody_history_render,
    pack_index_render,
    receipt_render,
    report_render,
    submission_form_render,
)
from lims.documents.words import LANGUAGES, time_words, words
from tests.lims.documents import samples

Render = Callable[[Language], bytes]
ALL: dict[str, Render] = {
    "report": lambda language: report_render(samples.report_data(language=language)),
    "submission_form": lambda language: submission_form_render(samples.submission_data(language)),
    "receipt": lambda language: receipt_render(samples.receipt_data(language)),
    "history": lambda language: custody_history_render(samples.history_data(language)),
    "pack_index": lambda language: pack_index_render(samples.index_data(language)),
    "certificate": lambda language: certificate_render(samples.certificate_data("bsa-2023-63-a", language)),
}
# Signs that mean something in the typesetter's language, in JSON, in HTML and in the formatting of strings.
HOSTILE = (
    '#read("/etc/passwd") #panic("x") *bold* _it_ $x^2$ `raw` <label> @ref ~ -- --- ... '
    "[c] {0} {number} %s \\u{41} // comment /* c */ = Heading '\"; </svg>"
)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


def xmp(pdf: bytes) -> str:
    metadata = PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/Metadata"].get_object()
    return str(metadata.get_data().decode())


def fonts(pdf: bytes) -> list[dict[str, object]]:
    """Font descriptors of every font of every page."""
    found = []
    for page in PdfReader(io.BytesIO(pdf)).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            for descendant in font.get_object().get("/DescendantFonts", [font]):
                found.append(descendant.get_object()["/FontDescriptor"].get_object())
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ALL)
def test_every_document_in_every_language_is_pdf_a(name: str, language: Language) -> None:
    pdf = ALL[name](language)
    metadata = xmp(pdf)
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    reader = PdfReader(io.BytesIO(pdf))
    root = reader.trailer["/Root"]
    (intent,) = root["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1"
    assert root["/Lang"] == language
    assert not reader.is_encrypted
    assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(font) for font in fonts(pdf))
    assert b"/JavaScript" not in pdf


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ALL)
def test_every_page_is_part_of_a_whole_with_a_clear_end(name: str, language: Language) -> None:
    pages = PdfReader(io.BytesIO(ALL[name](language))).pages
    catalogue = words(language)
    for number, page in enumerate(pages, start=1):
        shown = catalogue["page_of"].replace("{number}", str(number)).replace("{count}", str(len(pages)))
        assert flat(shown) in flat(page.extract_text())
        assert flat(catalogue["synthetic"]) in flat(page.extract_text())
    ending = flat("— " + catalogue["end_of"].split("{")[0])
    assert [ending in flat(page.extract_text()) for page in pages] == [False] * (len(pages) - 1) + [True]


@pytest.mark.parametrize("name", ALL)
def test_same_data_same_bytes(name: str) -> None:
    assert ALL[name]("en") == ALL[name]("en")


def test_time_stamp_of_the_file_is_the_time_in_the_data() -> None:
    info = PdfReader(io.BytesIO(report_render(samples.report_data()))).metadata
    assert info is not None
    assert info.creation_date == datetime(2026, 11, 21, 11, 2, tzinfo=UTC)
    assert info.modification_date == info.creation_date


def test_fields_of_iso_17025_are_on_the_report() -> None:
    """ISO/IEC 17025:2017 7.8.2.1 a–p, each by a value that only the field can have brought there."""
    text = flat(text_of(report_render(samples.report_data())))
    expected = {
        "a title": "Species and origin of ivory and scales",
        "b laboratory": "12 Harbour Road",
        "c place": "Port Meridian, bench 2 (pre-PCR) and sequencing room",
        "d identification": "WF-R-2026-000041",
        "e customer": "Lerato Dube",
        "f method": "Species identification by mitochondrial sequence",
        "g item": samples.E2,
        "g condition": "dry, sealed",
        "h received": "17 Oct 2026",
        "h sampled": "3 Nov 2026",
        "i performed": "4 Nov 2026 – 19 Nov 2026",
        "j issued": "21 Nov 2026 14:02 (UTC+03:00)",
        "k sampling": "simple random sample of 2",
        "l only the items": words("en")["only_items"],
        "m result": "99.8",
        "m interval": "99.2–100.0 (95 %)",
        "n deviations": words("en")["h_deviations"],
        "o authorising": "Mei Tan",
        "p external": "Isotope Unit (invented)",
    }
    assert [name for name, value in expected.items() if flat(value) not in text] == []


def test_fields_of_iso_21043_are_on_the_report() -> None:
    text = flat(text_of(report_render(samples.report_data())))
    expected = (
        "From which region do the tusks come?",
        "Rifle",
        "Outside the question asked.",
        "CITES standard nomenclature",
        "9f" * 32,
        "A mitochondrial sequence shows the maternal line only.",
        "The item comes from another species of the reference set.",
        "very strong support for the first proposition over the second",
        "3 wrong species names in 2 140",
        "Equal haplotypes; no nuclear genotypes were made.",
        "Extraction, sequencing, report",
        "In the laboratory's custody, freezer F2",
        "I understand my duty to the court",
        "spoor.meridian.example/log",
        "WF-2026-000123-E07-X",
    )
    text = text.replace("-", "")  # words may be hyphenated at the end of a line
    assert [value for value in expected if flat(value).replace("-", "") not in text] == []


def test_findings_and_opinions_stand_apart() -> None:
    text = text_of(report_render(samples.report_data()))
    assert text.index("2 Findings") < text.index("closest to reference sequences") < text.index("3 Opinions")
    assert text.index("3 Opinions") < text.index("may come from one animal")


def test_missing_optional_fields_are_not_stated() -> None:
    bare = ReportData(
        language="en",
        title="Bare",
        number="WF-R-2026-000042",
        issued_at=samples.AT,
        laboratory=dataclasses.replace(samples.LABORATORY, accreditation="", place_of_performance=""),
        customer=dataclasses.replace(samples.CUSTOMER, reference=""),
        marks=Marks(),
    )
    text = text_of(report_render(bare))
    for name in ("Case", "Examination request", "Place of performance", "Accreditation", "Customer’s reference"):
        assert re.search(rf"^{name}\s*not stated", text, re.MULTILINE), name
    assert text.count("None stated.") >= 8
    assert "No checkpoint of the custody log was published" in text
    assert "SYNTHETIC" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_not_stated_is_translated(language: Language) -> None:
    text = text_of(report_render(samples.report_data(language=language, case_reference="")))
    assert words(language)["not_stated"] in text
    assert words(language)["h_findings"] in text


def test_markup_in_data_prints_literally() -> None:
    finding = Finding(items=(HOSTILE,), text=HOSTILE, taxon=HOSTILE, outcome=HOSTILE)
    pdf = report_render(samples.report_data(title=HOSTILE, findings=(finding,), limits=(HOSTILE,)))
    text = flat(text_of(pdf))
    assert text.count(flat(HOSTILE)) == 6  # title, item, text, taxon, outcome, limit
    assert "root:x:" not in text


@pytest.mark.parametrize("name", ["submission_form", "receipt", "history", "pack_index", "certificate"])
def test_markup_prints_literally_everywhere(name: str) -> None:
    data = {
        "submission_form": lambda: submission_form_render(
            dataclasses.replace(samples.submission_data(), return_instructions=HOSTILE)
        ),
        "receipt": lambda: receipt_render(dataclasses.replace(samples.receipt_data(), transport=HOSTILE)),
        "history": lambda: custody_history_render(
            dataclasses.replace(samples.history_data(rows=2), description=HOSTILE)
        ),
        "pack_index": lambda: pack_index_render(dataclasses.replace(samples.index_data(), scope=HOSTILE)),
        "certificate": lambda: certificate_render(dataclasses.replace(samples.certificate_data(), process=HOSTILE)),
    }[name]()
    assert flat(HOSTILE) in flat(text_of(data))


def test_signs_that_cannot_be_shown_are_printed_as_numbers() -> None:
    """A name in a script without font, a control sign and a sign that turns the reading direction."""
    finding = Finding(items=("E01",), text="猫 \u202edrawrof\u202c a\u0007b \U0001f600 Ångström Жук ≥ 5")
    text = flat(text_of(report_render(samples.report_data(findings=(finding,)))))
    assert "[U+732B][U+202E]drawrof[U+202C]a[U+0007]b[U+1F600]ÅngströmЖук≥5" in text


def test_known_signs_need_no_number() -> None:
    everything = "".join(sorted(KNOWN))
    assert printable(everything) == everything
    pdf = report_render(samples.report_data(limits=(everything,)))
    assert flat(everything.replace("\u00a0", "")) in flat(text_of(pdf))


def test_very_long_words_are_broken_and_whole() -> None:
    item = dataclasses.replace(samples.report_data().items[0], reference="Ł" * 400, description="Ŧ" * 400)
    pdf = report_render(samples.report_data(items=(item,)))
    assert text_of(pdf).count("Ł") == text_of(pdf).count("Ŧ") == 400
    heights: dict[str, set[float]] = {"Ł": set(), "Ŧ": set()}

    def visit(text: str, cm: list[float], tm: list[float], *_: object) -> None:
        for sign in heights.keys() & set(text):
            heights[sign].add(round(tm[5] * cm[3] + cm[5]))

    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=visit)
    assert all(len(lines) >= 12 for lines in heights.values()), "set on many lines, not across the next column"


@pytest.mark.parametrize("rows", [0, 1, 150])
def test_histories_of_any_length(rows: int) -> None:
    text = text_of(custody_history_render(samples.history_data(rows=rows)))
    assert text.count("(UTC+03:00)") == 2 * rows + 1  # two times of every act, and the time of printing
    assert text.count("stated, not witnessed") == (1 if rows else 0)


def test_discrepancies_are_shown_first() -> None:
    data = dataclasses.replace(samples.history_data(), gaps=("Nobody is recorded for 2 h on 4 Nov 2026.",))
    text = text_of(custody_history_render(data))
    assert "Nobody is recorded" in text
    assert text.index("Nobody is recorded") < text.index("Acts, oldest first")
    assert "None recorded." not in text


@pytest.mark.parametrize(("kind", "words_key"), [("interim", "interim_note"), ("draft", "draft_note")])
def test_interim_and_draft_are_marked_on_every_page(kind: str, words_key: str) -> None:
    for page in PdfReader(io.BytesIO(report_render(samples.report_data(kind=kind)))).pages:
        assert words("en")[words_key] in page.extract_text()


def test_worm_not_enforced_is_on_every_page() -> None:
    pdf = report_render(samples.report_data(marks=dataclasses.replace(samples.MARKS, worm_enforced=False)))
    assert all("WORM not enforced" in page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert "WORM not enforced" not in text_of(report_render(samples.report_data()))


def test_replaced_reports_point_both_ways() -> None:
    links = {
        "replaces": ReportLink(number="WF-R-2026-000040", reason="wrong exhibit number on page 2"),
        "replaced_by": ReportLink(number="WF-R-2026-000044", issued_on=samples.AT.date()),
    }
    text = text_of(report_render(samples.report_data(**links, notify=("Office of the Prosecutor",))))
    assert "This report replaces WF-R-2026-000040" in text
    assert "wrong exhibit number on page 2" in text
    assert "has been replaced by WF-R-2026-000044" in text
    assert "To be told of the replacement" in text


def test_attached_data_make_pdf_a_3_and_come_back_unchanged() -> None:
    data = samples.report_data(
        attach_data=True,
        attachments=(Attachment(name="hits.csv", media_type="text/csv", content="näme,1\r\n".encode()),),
    )
    pdf = report_render(data)
    assert "<pdfaid:part>3</pdfaid:part>" in xmp(pdf)
    attached = PdfReader(io.BytesIO(pdf)).attachments
    assert attached["hits.csv"] == ["näme,1\r\n".encode()]
    assert attached["report.json"] == [data_json(data)]
    read = json.loads(attached["report.json"][0])
    assert read["number"] == "WF-R-2026-000041"
    assert read["issued_at"] == "2026-11-21T14:02:00+03:00"
    assert read["findings"][0]["taxon"] == "Loxodonta cyclotis"
    root = PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    assert {file.get_object()["/AFRelationship"] for file in root["/AF"]} == {"/Data"}


@pytest.mark.parametrize(
    "changes",
    [
        {"issued_at": datetime(2026, 11, 21, 14, 2)},  # noqa: DTZ001 - a time without zone is the case under test
        {"slots": (SignatureSlot(name="A", role="B", meaning="C"),) * 5},
        {"attachments": (Attachment(name="trace.ab1", media_type="application/octet-stream", content=b"\xff\xfe"),)},
        {"language": "de"},
    ],
    ids=["no-zone", "too-many-signatures", "binary-attachment", "unknown-language"],
)
def test_data_that_cannot_be_printed_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DocumentRefused) as caught:
        report_render(samples.report_data(**changes))
    assert caught.value.message


def test_catalogues_have_the_same_words_and_places() -> None:
    english = words("en")
    for language in LANGUAGES:
        catalogue = words(language)
        assert list(catalogue) == list(english)
        assert all(value.strip() for value in catalogue.values())
        assert len(catalogue["months"].split()) == 12
        for key, value in catalogue.items():
            assert set(re.findall(r"\{\w+\}", value)) == set(re.findall(r"\{\w+\}", english[key])), key


def test_templates_use_no_word_that_is_missing_and_no_word_is_unused() -> None:
    folder = Path(__file__).parents[3] / "lims" / "documents" / "templates"
    text = "".join(file.read_text() for file in folder.glob("*.typ"))
    used = set(re.findall(r"\bw\.([a-z_0-9]+)", text)) - {"at"}
    defined = set(words("en"))
    assert used <= defined
    built = {key for key in defined if key.startswith("outcome_")} | {"months"}
    assert defined - used - built == set()


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "2 Aug 2026 05:07 (UTC)"),
        ("fr", "2 août 2026 05:07 (UTC)"),
        ("es", "2 ago. 2026 05:07 (UTC)"),
    ],
)
def test_times_in_words(language: Language, shown: str) -> None:
    assert time_words(datetime(2026, 8, 2, 5, 7, tzinfo=UTC), language) == shown


@pytest.mark.parametrize("kind", ["fre-902-13", "fre-902-14", "bsa-2023-63-a", "bsa-2023-63-b"])
def test_certificates_carry_source_and_warning_until_reviewed(kind: str) -> None:
    data = samples.certificate_data(kind)  # type: ignore[arg-type]  # the parameters are the four kinds
    text = flat(text_of(certificate_render(data)))
    assert flat("Wording not yet checked by the laboratory") in text
    assert flat("Source of this form") in text
    assert "Mei Tan".replace(" ", "") in text
    assert "ab" * 32 in text
    assert "{" not in text
    reviewed = flat(text_of(certificate_render(dataclasses.replace(data, reviewed=True))))
    assert flat("Wording not yet checked") not in reviewed


def test_no_page_reaches_outside() -> None:
    """No link, no script, no outside file: every annotation would have to be declared here."""
    for page in PdfReader(io.BytesIO(report_render(samples.report_data()))).pages:
        for annotation in page.get("/Annots", []):
            target = annotation.get_object() if isinstance(annotation, IndirectObject) else annotation
            assert "/URI" not in str(target)

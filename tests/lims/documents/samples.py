"""Invented documents for the tests of this folder. Nothing in them is evidence."""

from datetime import UTC, date, datetime, timedelta, timezone

from lims.documents.data.custody import (
    CustodyHistoryData,
    CustodyRow,
    ReceiptData,
    ReceivedContainer,
    SubmissionFormData,
    SubmittedExhibit,
)
from lims.documents.data.disclosure import (
    CertificateData,
    CertificateKind,
    DigestedFile,
    PackFile,
    PackIndexData,
    WithheldMaterial,
)
from lims.documents.data.parts import Checkpoint, Contact, Laboratory, Language, Marks, NamedValue, SignatureSlot
from lims.documents.data.report import (
    Disposition,
    ErrorRate,
    ExternalProvider,
    Figure,
    Finding,
    ItemExamined,
    ItemNotExamined,
    MethodUsed,
    Opinion,
    PersonInvolved,
    QuestionAsked,
    ReferenceDataUsed,
    ReportData,
    Result,
    SamplingPlan,
)

NAIROBI = timezone(timedelta(hours=3))
AT = datetime(2026, 11, 21, 14, 2, tzinfo=NAIROBI)
E2, E3, E5 = "WF-2026-000123-E02-S01-R", "WF-2026-000123-E03-S01-F", "WF-2026-000123-E05-S01-K"

LABORATORY = Laboratory(
    name="Meridian Wildlife Forensic Laboratory",
    address=("12 Harbour Road", "Port Meridian"),
    place_of_performance="Port Meridian, bench 2 (pre-PCR) and sequencing room",
    accreditation="Invented accreditation T-0042 (ISO/IEC 17025:2017)",
    contact="lab@meridian.example",
)
CUSTOMER = Contact(
    name="Lerato Dube",
    role="State prosecutor",
    organisation="Office of the Prosecutor, Wildlife Crime Unit",
    address=("1 Court Square", "Port Meridian"),
    reference="OP-WCU-2026-511",
)
CHECKPOINT = Checkpoint(
    origin="spoor.meridian.example/log",
    size=48_207,
    root="qkwYw1s9Oe8mJ2J1cQm7Y2t0b1o4Zk1vVq0mF0c2m5k=",
    signed_at=datetime(2026, 11, 21, 7, 15, tzinfo=UTC),
    vkey="spoor.meridian.example/log+1a2b3c4d+AZ7xP8f6oK0m3kq8bFhOqS0bq1m0bq2w8mYF5mQ1u0xk",
)
MARKS = Marks(synthetic=True, worm_enforced=True, checkpoint=CHECKPOINT)
SLOTS = (
    SignatureSlot(name="Ana Reyes", role="Analyst", meaning="Author of this report"),
    SignatureSlot(name="Ibrahim Sow", role="Reviewer", meaning="Technical review"),
    SignatureSlot(name="Mei Tan", role="Laboratory manager", meaning="Authorises issue"),
)
FIGURE = Figure(
    svg='<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 90"><rect width="400" height="90" fill="#f1efe9"/>'
    '<polyline points="10,80 60,20 110,70 160,30 210,75 260,15 310,60 390,40" fill="none" stroke="#0e5a4c"'
    ' stroke-width="2"/></svg>',
    caption="Log likelihood by reporting unit, item E02.",
    alternative="Line with eight points; highest at the sixth.",
)


def report_data(**changes: object) -> ReportData:
    values: dict[str, object] = {**_report_head(), **_report_results(), **_report_rest(), **changes}
    return ReportData(**values)  # type: ignore[arg-type]  # changes are named by the tests


def _report_head() -> dict[str, object]:
    return {
        "language": "en",
        "title": "Species and origin of ivory and scales",
        "number": "WF-R-2026-000041",
        "issued_at": AT,
        "laboratory": LABORATORY,
        "customer": CUSTOMER,
        "marks": MARKS,
        "case_reference": "WF-2026-000123",
        "request_reference": "WF-2026-000123-Q02",
        "external_references": (NamedValue(name="Harbour Customs", value="HCS-2026-77120"),),
        "performed_from": date(2026, 11, 4),
        "performed_to": date(2026, 11, 19),
        "questions": (
            QuestionAsked(text="From which species do the tusks and the scales come?", items=(E2, E3, E5)),
            QuestionAsked(text="From which region do the tusks come?", items=(E2, E3)),
        ),
        "slots": SLOTS,
    }


def _report_results() -> dict[str, object]:
    return {
        "findings": (
            Finding(
                items=(E2, E3),
                text="The mitochondrial sequences of both items are closest to reference sequences of one species.",
                taxon="Loxodonta cyclotis",
                outcome="species",
                name_in_cites="Loxodonta africana (incl. L. cyclotis)",
                name_in_law="African elephant, First Schedule",
                propositions=(
                    "The item comes from this species.",
                    "The item comes from another species of the reference set.",
                ),
                likelihood_ratio="> 10 000",
                verbal="very strong support for the first proposition over the second",
            ),
            Finding(
                items=(E5,),
                text="The sequence cannot be assigned to one species; all near references belong to one genus.",
                taxon="Manis",
                outcome="genus",
            ),
        ),
        "opinions": (
            Opinion(
                text="The two tusks may come from one animal; the present results do not decide this.",
                basis="Equal haplotypes; no nuclear genotypes were made.",
                author="Ana Reyes",
            ),
        ),
        "items": (
            ItemExamined(
                reference=E2,
                description="Ivory powder, drilled at the base of a raw tusk",
                quantity="500.0 mg",
                condition="dry, sealed",
                packaging="tamper-evident bag, seal S-88213",
                external_reference="HCS-2026-77120-2",
                received_on=date(2026, 10, 17),
                sampled_on=date(2026, 11, 3),
            ),
            ItemExamined(reference=E3, description="Ivory powder", quantity="480.5 mg", received_on=date(2026, 10, 17)),
            ItemExamined(reference=E5, description="One scale", quantity="3.1 g"),
        ),
        "items_not_examined": (
            ItemNotExamined(
                reference="WF-2026-000123-E06-M", description="Rifle", reason="Outside the question asked."
            ),
        ),
        "methods": (
            MethodUsed(
                name="Species identification by mitochondrial sequence",
                version="species.identify 1.0",
                citation="Laboratory method SP-02, after published barcoding practice",
                validation="VAL-2026-003",
                accredited=True,
            ),
        ),
        "results": (
            Result(
                items=(E2,),
                name="Identity to the nearest reference",
                value="99.8",
                unit="%",
                interval="99.2–100.0 (95 %)",
                method="species.identify 1.0",
                definition="matching bases over aligned bases",
            ),
            Result(items=(E5,), name="Identity to the nearest reference", value="96.1", unit="%"),
        ),
        "figures": (FIGURE,),
    }


def _report_rest() -> dict[str, object]:
    return {
        "error_rates": (
            ErrorRate(
                method="species.identify",
                statement="3 wrong species names in 2 140 leave-one-out trials (0.14 %; 95 % interval 0.03–0.41 %).",
                source="VAL-2026-003",
            ),
        ),
        "reference_data": (ReferenceDataUsed(name="vert-cytb", version="2026.2", digest="9f" * 32, records="41 210"),),
        "taxonomic_authority": "CITES standard nomenclature, as adopted at CoP19",
        "limits": ("A mitochondrial sequence shows the maternal line only.", "No statement on age is made."),
        "sampling_plan": SamplingPlan(
            reference="SP-7",
            population="511 tusks",
            rule="simple random sample of 2",
            seed="20261103",
            sampled=(E2, E3),
            unsampled=("WF-2026-000123-E07-X",),
        ),
        "external_providers": (
            ExternalProvider(name="Isotope Unit (invented)", part="Carbon dating of E02", reference="IU-88"),
        ),
        "people": (
            PersonInvolved(
                name="Ana Reyes", role="Analyst", part="Extraction, sequencing, report", availability="available"
            ),
            PersonInvolved(name="Tomás Ferreira", role="Custodian", part="Receipt and storage"),
        ),
        "dispositions": (
            Disposition(items=(E2, E3), text="In the laboratory's custody, freezer F2", on=date(2026, 11, 20)),
        ),
        "declarations": ("I understand my duty to the court and have complied with it.",),
    }


def submission_data(language: Language = "en") -> SubmissionFormData:
    exhibits = tuple(
        SubmittedExhibit(
            number=f"{number}",
            description="Raw tusk, cut in two",
            quantity="2 pieces, 6.4 kg",
            agency_mark=f"HC/{number}",
            packaging="bag",
            seal=f"S-{number:05}",
            hazards="pesticide dust",
            examination="species, origin",
            scan_code="7K3M 9Q2P",
        )
        for number in range(1, 4)
    )
    return SubmissionFormData(
        language=language,
        number="SUB-2026-0017",
        prepared_at=AT,
        laboratory=LABORATORY,
        submitter=CUSTOMER,
        marks=MARKS,
        qr="HTTPS://SPOOR.EXAMPLE/X/7K3M9Q2P",
        agency_case="HCS-2026-77120",
        seizure=(
            NamedValue(name="Place", value="Container terminal 4"),
            NamedValue(name="Seized", value="16 Oct 2026 03:40 (UTC+03:00)"),
        ),
        exhibits=exhibits,
        questions=("Which species?", "Which region?"),
        return_instructions="Return to the evidence store of Harbour Customs.",
        packing_instructions=("Seal each item on its own.", "Leave the outer container unmarked.", "No dry ice."),
    )


def receipt_data(language: Language = "en") -> ReceiptData:
    containers = (
        ReceivedContainer(
            reference="WF-2026-000123-B01-7",
            description="Wooden crate, tusks",
            scan_code="4T8W 0XVD",
            seal_stated="S-00411",
            seal_found="S-00411",
            seal_state="broken",
            count_stated="512",
            count_found="511",
            weight_stated="1 804 kg",
            weight_found="1 801 kg",
            condition="one board loose",
            differs=True,
        ),
        ReceivedContainer(reference="WF-2026-000123-B02-C", description="Sacks, scales", weight_stated="38 kg"),
    )
    return ReceiptData(
        language=language,
        number="WF-RC-2026-0008",
        received_at=AT,
        laboratory=LABORATORY,
        released_by=CUSTOMER,
        received_by="Tomás Ferreira",
        marks=MARKS,
        case_reference="WF-2026-000123",
        place="Receiving bay",
        transport="Customs lorry",
        waybill="WB-7781",
        temperature="21 °C",
        witnesses=("Mei Tan",),
        containers=containers,
        differences=("Crate B01: 512 tusks stated, 511 found.", "Crate B01: seal S-00411 broken."),
        photographs=14,
        slots=SLOTS[:2],
    )


def history_data(language: Language = "en", rows: int = 24) -> CustodyHistoryData:
    return CustodyHistoryData(
        language=language,
        item_reference=E2,
        description="Ivory powder, drilled at the base",
        printed_at=AT,
        printed_by="Ana Reyes",
        laboratory=LABORATORY,
        marks=MARKS,
        scan_code="7K3M 9Q2P",
        case_reference="WF-2026-000123",
        custodian="Ana Reyes, bench 2",
        quantity="300.0 mg of 500.0 mg",
        seal="S-88213 opened",
        rows=tuple(
            CustodyRow(
                sequence=number,
                happened_at=AT - timedelta(days=rows - number, minutes=7),
                recorded_at=AT - timedelta(days=rows - number),
                act="Received" if number % 2 else "Released",
                actor="Ana Reyes" if number % 2 else "Tomás Ferreira",
                role="Technician",
                place="Bench 2",
                reason="extraction for request Q-2" if number % 3 == 0 else "",
                custodian="Ana Reyes" if number % 2 else "Freezer F2",
                seal="S-88213 intact",
                entry_hash=f"{number:02x}" * 32,
                stated=number == 1,
            )
            for number in range(1, rows + 1)
        ),
        verification=f"{rows} of {rows} acts follow each other; included in checkpoint 48 207.",
    )


def index_data(language: Language = "en", files: int = 12) -> PackIndexData:
    return PackIndexData(
        language=language,
        number="WF-DP-2026-0003",
        released_at=AT,
        released_by="Mei Tan",
        laboratory=LABORATORY,
        recipient=CUSTOMER,
        marks=MARKS,
        case_reference="WF-2026-000123",
        request_reference="WF-DR-2026-0005",
        legal_basis="Disclosure order of 18 Nov 2026",
        scope="Items E02, E03, E05",
        files=tuple(
            PackFile(
                path=f"data/raw/trace-{number:03}.ab1",
                size=210_000 + number,
                sha256=f"{number:02x}" * 32,
                description="sequencer trace",
            )
            for number in range(1, files + 1)
        ),
        withheld=(
            WithheldMaterial(
                reference="WF-2026-000123-E06-M",
                description="Exact place of the rescue",
                ground="protection of the site",
                decided_by="court, 19 Nov 2026",
            ),
        ),
        earlier_packs=("WF-DP-2026-0001",),
        tagmanifest_sha256="3c" * 32,
        verification=("Unpack the file.", "Run: python -m chain_of_custody.core verify WF-DP-2026-0003.zip"),
    )


def certificate_data(kind: CertificateKind = "fre-902-14", language: Language = "en") -> CertificateData:
    return CertificateData(
        kind=kind,
        language=language,
        number="WF-C-2026-0002",
        certified_at=AT,
        laboratory=LABORATORY,
        declarant=Contact(name="Mei Tan", role="Laboratory manager"),
        marks=MARKS,
        qualifications="laboratory manager since 2019",
        case_reference="WF-2026-000123",
        records="two sequencer traces of item E02",
        process="receipt into a content-addressed store under SHA-256",
        system=(NamedValue(name="Spoor", value="1.0"), NamedValue(name="Validation record", value="IQ/OQ 2026-01")),
        devices=((NamedValue(name="Make", value="Invented"), NamedValue(name="Serial number", value="SN-1")),),
        files=(DigestedFile(name="trace-001.ab1", algorithm="SHA-256", digest="ab" * 32, size=210_001),),
        slots=SLOTS[2:],
    )

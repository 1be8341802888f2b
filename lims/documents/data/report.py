"""The laboratory report: fields of ISO/IEC 17025:2017 7.8.2.1 a–p and of ISO 21043-5.

Optional fields left empty are printed as «not stated», so that a reader sees that nothing was said. Numbers
are strings, already rounded; every result carries its unit and, where there is one, its interval.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from lims.documents.data.parts import (
    Attachment,
    Contact,
    Laboratory,
    Language,
    Marks,
    NamedValue,
    SignatureSlot,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsked:
    """A question of the examination request, as asked; `items` are references."""

    text: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemExamined:
    """An item received and examined (7.8.2.1 g, h)."""

    reference: str
    description: str
    quantity: str = ""
    condition: str = ""
    packaging: str = ""
    external_reference: str = ""
    received_on: date | None = None
    sampled_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemNotExamined:
    """An item received and not examined, with the reason."""

    reference: str
    description: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodUsed:
    """A method (7.8.2.1 f); `accredited` None means not stated."""

    name: str
    version: str
    citation: str = ""
    validation: str = ""
    accredited: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One measured or computed value (7.8.2.1 m)."""

    items: tuple[str, ...]
    name: str
    value: str
    unit: str = ""
    interval: str = ""
    method: str = ""
    definition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found. `outcome` is a word of the identification list; `taxon` is set in italics.

    `propositions` are the competing propositions considered; `likelihood_ratio` and `verbal` go together.
    """

    items: tuple[str, ...]
    text: str
    taxon: str = ""
    outcome: str = ""
    propositions: tuple[str, ...] = ()
    likelihood_ratio: str = ""
    verbal: str = ""
    name_in_cites: str = ""
    name_in_law: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalStatus:
    """What a list of the law says of a name on a day, kept apart from what was found.

    `asked_on` is the day whose law was asked, `asked_because` why that day; `source` is the list with its edition,
    `digest` that of its file. A listing that is unknown on that day is stated as unknown.
    """

    items: tuple[str, ...]
    law: str
    name_found: str
    statement: str
    asked_on: date | None
    asked_because: str
    source: str
    digest: str
    name_in_list: str = ""
    name_in_law: str = ""
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """An opinion or interpretation, kept apart from findings (7.8.7), with its basis and author."""

    text: str
    basis: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """How often a method errs, and where that is known from."""

    method: str
    statement: str
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceDataUsed:
    """A reference set, named, versioned and content-hashed."""

    name: str
    version: str
    digest: str
    records: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbalScaleUsed:
    """The table of words beside likelihood ratios, as signed off; `bands` are (from, to or empty, words)."""

    name: str
    version: str
    source: str
    digest: str
    bands: tuple[tuple[str, str, str], ...]
    signed_off: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingPlan:
    """Which part of a lot was examined, and by which rule it was drawn (7.3, 7.8.2.1 k)."""

    reference: str
    population: str
    rule: str
    seed: str = ""
    confidence: str = ""
    sampled: tuple[str, ...] = ()
    unsampled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalProvider:
    """Work done elsewhere (7.8.2.1 p)."""

    name: str
    part: str
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonInvolved:
    """A person whose work or statement the report rests on, and whether they can be called."""

    name: str
    role: str
    part: str
    availability: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """Where items are now, or went, and on whose authority."""

    items: tuple[str, ...]
    text: str
    on: date | None = None
    authority: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLink:
    """Another report that this one replaces, or that replaces it."""

    number: str
    issued_on: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure as SVG with a caption and a text for people who do not see it."""

    svg: str
    caption: str
    alternative: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """One report. `issued_at` (with zone) is also the document's only time stamp.

    Args:
        number: unique; a re-issue has a new one and names the old in `replaces`.
        kind: "interim" and "draft" are marked on every page.
        slots: at most four signatures.
        attach_data: carry this data as JSON inside the file (PDF/A-3b instead of PDF/A-2b).
    """

    language: Language
    title: str
    number: str
    kind: Literal["final", "interim", "draft"] = "final"
    issued_at: datetime
    laboratory: Laboratory
    customer: Contact
    marks: Marks
    case_reference: str = ""
    request_reference: str = ""
    external_references: tuple[NamedValue, ...] = ()
    performed_from: date | None = None
    performed_to: date | None = None
    questions: tuple[QuestionAsked, ...] = ()
    findings: tuple[Finding, ...] = ()
    law: tuple[LegalStatus, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    items: tuple[ItemExamined, ...] = ()
    items_not_examined: tuple[ItemNotExamined, ...] = ()
    methods: tuple[MethodUsed, ...] = ()
    results: tuple[Result, ...] = ()
    error_rates: tuple[ErrorRate, ...] = ()
    reference_data: tuple[ReferenceDataUsed, ...] = ()
    verbal_scales: tuple[VerbalScaleUsed, ...] = ()
    taxonomic_authority: str = ""
    limits: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    sampling_plan: SamplingPlan | None = None
    external_providers: tuple[ExternalProvider, ...] = ()
    people: tuple[PersonInvolved, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    replaces: ReportLink | None = None
    replaced_by: ReportLink | None = None
    notify: tuple[str, ...] = ()
    declarations: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    attach_data: bool = False
    slots: tuple[SignatureSlot, ...] = ()

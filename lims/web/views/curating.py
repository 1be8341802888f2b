"""Records of a proposed set that somebody should look at, and the decisions on them, one by one or many at once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lims.lab.enums import CurationChoice, ReferenceState
from lims.lab.models import CurationDecision, ReferenceSet
from lims.lab.selectors.curation import RecordFindings, decisions_on, findings_by_record
from lims.lab.selectors.work import reference_get
from lims.lab.services.curation import curation_decide, curation_decide_many, reference_curated
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.parts import Fact
from lims.web.recordwords import code_words
from lims.web.views.curation import set_crumbs, set_places

MOST_SHOWN = 500
TICKED = "ticked"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A record to look at, in words."""

    row: RecordFindings
    seen: tuple[tuple[str, str], ...]
    state: Badge
    decide: str
    ticked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KindView:
    """A kind of finding: how many records have it, how many of them nobody decided on, where they are listed alone."""

    code: str
    words: str
    records: int
    undecided: int
    href: str
    here: bool


class TickedField(forms.MultipleChoiceField):
    """The records ticked in the table; whether the set has them is the service's to say."""

    def valid_value(self, value: Any) -> bool:
        """Any text."""
        return True


class CurationForm(PageForm):
    """Keep a record or leave it out, and why."""

    field_of = {"accession": "record"}
    record = forms.CharField(label=gettext_lazy("Record"), max_length=120)
    choice = forms.ChoiceField(
        label=gettext_lazy("What becomes of it"), choices=CurationChoice.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=300)
    after = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)


class ManyForm(PageForm):
    """The records ticked, or all of a kind that nobody decided on: one choice, one reason."""

    field_of = {"accession": "which"}
    record = TickedField(required=False, widget=forms.CheckboxSelectMultiple)
    which = forms.ChoiceField(label=gettext_lazy("Which records"))
    choice = forms.ChoiceField(
        label=gettext_lazy("What becomes of them"), choices=CurationChoice.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=300)

    def __init__(self, data: Any, kinds: Sequence[KindView]) -> None:
        super().__init__(data)
        of_kind = _("all without a decision: %(kind)s (%(n)s)")
        self.fields["which"].choices = [  # type: ignore[attr-defined]
            (TICKED, _("the records ticked above")),
            *((one.code, of_kind % {"kind": one.words, "n": one.undecided}) for one in kinds if one.undecided),
        ]

    def clean(self) -> dict[str, Any]:
        """Something is ticked, or a kind is chosen."""
        data = super().clean() or {}
        if data.get("which") == TICKED and not data.get("record"):
            self.add_error("which", _("Tick at least one record in the table, or choose a kind."))
        return data

    def wanted(self, found: Iterable[RecordFindings]) -> list[str]:
        """The records the form is about."""
        which = self.cleaned_data["which"]
        if which == TICKED:
            return list(self.cleaned_data["record"])
        return [one.accession for one in found if one.decision is None and which in dict(one.seen)]


def _kinds(row: ReferenceSet, found: Sequence[RecordFindings], here: str) -> list[KindView]:
    records = Counter(code for one in found for code in dict(one.seen))
    undecided = Counter(code for one in found if one.decision is None for code in dict(one.seen))
    address = reverse("web:reference_curation", args=[row.uuid])
    return [
        KindView(
            code=code,
            words=code_words(code),
            records=number,
            undecided=undecided[code],
            href=f"{address}?{urlencode({'kind': code})}",
            here=code == here,
        )
        for code, number in sorted(records.items())
    ]


def _finding(row: ReferenceSet, one: RecordFindings, *, may: bool, ticked: frozenset[str]) -> FindingView:
    if one.decision is not None:
        excluded = one.decision.choice == CurationChoice.EXCLUDE
        state = Badge(kind="bad" if excluded else "ok", text=str(one.decision.get_choice_display()))
    else:
        state = Badge(kind="warn", text=_("to decide")) if one.needed else Badge(kind="idle", text=_("told"))
    address = reverse("web:reference_decide", args=[row.uuid]) + f"?{urlencode({'record': one.accession})}"
    return FindingView(
        row=one,
        seen=tuple((code_words(code), text) for code, text in one.seen),
        state=state,
        decide=address if may else "",
        ticked=one.accession in ticked,
    )


def _chosen(found: Sequence[RecordFindings], word: str, kind: str) -> list[RecordFindings]:
    """The records that hold a word and have a finding of a kind."""
    return [
        one
        for one in found
        if word in f"{one.accession} {one.taxon} {one.seen}".lower() and (not kind or kind in dict(one.seen))
    ]


@page_for("run.read")
def reference_curation(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Which records contradict the others, what was decided on them, and deciding on many at once."""
    row = reference_get(actor=request.actor, uuid=uuid)
    found = findings_by_record(actor=request.actor, reference=row)
    word, kind = request.GET.get("q", "").strip().lower(), request.GET.get("kind", "")
    kinds = _kinds(row, found, kind)
    may = request.actor.may("reference.manage") and row.state == ReferenceState.PROPOSED
    form = ManyForm(request.POST or None, kinds)

    def do() -> str:
        data = form.cleaned_data
        curation_decide_many(
            actor=request.actor,
            reference=row,
            accessions=form.wanted(found),
            choice=data["choice"],
            reason=data["reason"],
        )
        return _address(row, word, kind)

    if done := submit(request, form, do):
        return done
    shown = _chosen(found, word, kind)
    out = sum(one.decision is not None and one.decision.choice == CurationChoice.EXCLUDE for one in found)
    context = {
        "row": row,
        "records": _views(request, row, shown, may=may),
        "more": max(0, len(shown) - MOST_SHOWN),
        "word": word,
        "kind": kind,
        "kinds": kinds,
        "form": form if (may and found) or form.errors else None,
        "tick": [f"{_address(row, word, kind, tick=wanted)}#list" for wanted in ("all", "")],
        "can_build": may and out > 0,
        "can_decide": may,
        "tabs": set_places(row, "reference_curation"),
        "facts": _facts(found, out),
        "crumbs": set_crumbs(row, _("To look at")),
    }
    return page(request, "web/lab/reference_curation.html", context, form=form)


def _views(request: PageRequest, row: ReferenceSet, shown: Sequence[RecordFindings], *, may: bool) -> list[FindingView]:
    """The records in words, with the boxes that come ticked."""
    ticked = _ticked(request, shown)
    return [_finding(row, one, may=may, ticked=ticked) for one in shown[:MOST_SHOWN]]


def _ticked(request: PageRequest, shown: Sequence[RecordFindings]) -> frozenset[str]:
    """The records whose boxes come ticked: all that are shown where the page is asked so, else those that were sent."""
    if request.method == "GET" and request.GET.get("tick") == "all":
        return frozenset(one.accession for one in shown[:MOST_SHOWN])
    return frozenset(request.POST.getlist("record"))


def _address(row: ReferenceSet, word: str, kind: str, **more: str) -> str:
    """The list with its filter; `tick` of «all» has every record that is shown ticked."""
    asked = {"q": word, "kind": kind, **more}
    query = urlencode({key: value for key, value in asked.items() if value})
    address = reverse("web:reference_curation", args=[row.uuid])
    return f"{address}?{query}" if query else address


def _facts(found: Sequence[RecordFindings], out: int) -> list[Fact]:
    open_ones = sum(one.needed and one.decision is None for one in found)
    return [
        Fact(
            label=_("To decide before approval"),
            value=str(open_ones) if open_ones else _("none"),
            tone="warn" if open_ones else "ok",
            lead=True,
        ),
        Fact(label=_("To be left out"), value=str(out) if out else _("none")),
        Fact(label=_("Records with something to tell"), value=str(len(found))),
    ]


@page_for("reference.manage")
def reference_decide(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Decide on one record of a proposed set."""
    row = reference_get(actor=request.actor, uuid=uuid)
    asked = request.GET.get("record", "").replace("\0", "")  # which the database takes in no text
    before = decisions_on(row, asked) if asked else []
    form = CurationForm(request.POST or None, initial={"record": asked, "after": len(before)})
    back = reverse("web:reference_curation", args=[row.uuid])

    def do() -> str:
        data = form.cleaned_data
        curation_decide(
            actor=request.actor,
            reference=row,
            accession=data["record"],
            choice=data["choice"],
            reason=data["reason"],
            after=data["after"],
        )
        return back

    view = FormPage(
        title=_("Decide on a record"),
        button=_("Record it"),
        cancel=back,
        eyebrow=str(row),
        note=_standing(before) or _("The set stays as it is. What is left out is missing from the next edition."),
        icon="review",
        crumbs=set_crumbs(row, _("Decide on a record")),
    )
    return submit(request, form, do) or form_page(request, form, view)


def _standing(before: Sequence[CurationDecision]) -> str:
    """The decision that a new one replaces, in words."""
    if not before:
        return ""
    last = before[-1]
    return _("%(who)s decided: %(choice)s, «%(why)s». A new decision takes its place; both are kept.") % {
        "who": last.decided_by.name,
        "choice": last.get_choice_display(),
        "why": last.reason,
    }


class EditionForm(PageForm):
    """The name of the next edition."""

    edition = forms.CharField(label=gettext_lazy("Edition"), max_length=40)


@page_for("reference.manage")
def reference_next(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Build the next edition without the records that were left out."""
    row = reference_get(actor=request.actor, uuid=uuid)
    form = EditionForm(request.POST or None)

    def do() -> str:
        made = reference_curated(actor=request.actor, reference=row, edition=form.cleaned_data["edition"])
        return reverse("web:reference", args=[made.uuid])

    view = FormPage(
        title=_("Build the next edition"),
        button=_("Build and propose"),
        cancel=reverse("web:reference_curation", args=[row.uuid]),
        eyebrow=str(row),
        note=_("From the same files, without the records that are to be left out, each with its reason."),
        icon="map",
        crumbs=set_crumbs(row, _("Build the next edition")),
    )
    return submit(request, form, do) or form_page(request, form, view)


urlpatterns = [
    path("references/<uuid:uuid>/curation/", reference_curation, name="reference_curation"),
    path("references/<uuid:uuid>/curation/decide/", reference_decide, name="reference_decide"),
    path("references/<uuid:uuid>/curation/next/", reference_next, name="reference_next"),
]

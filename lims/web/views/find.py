"""Find anything: a scan code, a label's address, a reference, a case number, a foreign barcode; Enter leads there."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from lims.casework.selectors.resolve import Resolved, resolve
from lims.common.errors import BadInput, NotFound
from lims.web.access import PageRequest, page_for
from lims.web.forms import CodeField, PageForm, page
from lims.web.parts import Fact


class FindForm(PageForm):
    """The field of the top bar, large."""

    keyed = False
    code = CodeField(label=gettext_lazy("Code, reference or case number"), max_length=300)


@page_for()
@require_GET
def find(request: PageRequest) -> HttpResponse:
    """To the page of what was scanned or typed; laboratory staff are told why not, everyone else gets the one 404."""
    return _answer(request, request.GET.get("code", ""))


@page_for()
@require_GET
def code(request: PageRequest, code: str) -> HttpResponse:
    """`/X/CODE`, the address in our QR codes; written in capitals there, in either case by people."""
    return _answer(request, code)


def _answer(request: PageRequest, text: str) -> HttpResponse:
    form = FindForm({"code": text}) if text else FindForm()
    try:
        found = resolve(actor=request.actor, text=text) if text else None
    except (BadInput, NotFound) as error:
        if not request.actor.in_laboratory:
            raise
        form.full_clean()
        form.refuse(error)
        return _page(request, form, status=404 if isinstance(error, NotFound) else 422)
    if found is None:
        return _page(request, form)
    href = address_of(found)
    return (
        redirect(href)
        if href
        else page(request, "web/bench/found.html", {"title": _title(found), "facts": _facts(found)})
    )


def _page(request: HttpRequest, form: FindForm, *, status: int = 200) -> HttpResponse:
    response = page(request, "web/bench/find.html", {"form": form}, form=form)
    response.status_code = status
    return response


def address_of(found: Resolved) -> str:
    """The page of the thing; empty when it has none, such as a colleague's badge."""
    pages = (
        ("item", found.item.reference if found.item else ""),
        ("case", found.case.reference if found.case else ""),
        ("submission", str(found.announced.submission.reference) if found.announced else ""),
    )
    for name, reference in pages:
        if reference:
            try:
                return reverse(f"web:{name}", args=[reference])
            except NoReverseMatch:
                return ""
    return ""


def _title(found: Resolved) -> str:
    if found.party is not None:
        return found.party.name
    if found.item is not None:
        return found.item.reference
    return found.case.reference if found.case else found.code


def _facts(found: Resolved) -> list[Fact]:
    facts: list[Fact] = []
    if found.party is not None:
        facts.append(Fact(label=_("This is"), value=_("a person or place that can hold items"), lead=True))
    if found.item is not None:
        facts.append(Fact(label=_("Held by"), value=found.item.custodian.name, lead=True))
    if found.announced is not None:
        facts.append(Fact(label=_("Announced, not received"), value=found.announced.submission.reference, lead=True))
    if found.code:
        facts.append(Fact(label=_("Scan code"), value=found.code))
    return facts


urlpatterns = [
    path("find/", find, name="find"),
    path("x/<str:code>", code, name="code"),
    path("X/<str:code>", code),
]

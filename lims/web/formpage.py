"""A page that is one form: title, fields in groups, rows, one button. Most acts look like this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.forms import BoundField
from django.http import HttpRequest, HttpResponse

from lims.web.forms import PageForm, page
from lims.web.parts import Crumb, Fact
from lims.web.rows import RowsForm

Layout = Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One field of a form as laid out, with its unit beside it."""

    field: BoundField
    unit: BoundField | None = None
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields under a heading."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """What the page around a form says.

    Attributes:
        title: the heading.
        button: verb and object.
        cancel: where «Cancel» leads.
        layout: headings with field names; `amount+unit` puts two fields into one line. All fields when empty.
        note: a sentence below the title.
        warning: what the person should know before they press the button.
        rows_title: the heading above the rows of a `RowsForm`.
        figure: what the form is about, drawn above its fields, with `figure_title` as its name.
        danger: whether the act cannot be taken back.
    """

    title: str
    button: str
    cancel: str
    layout: Layout = ()
    eyebrow: str = ""
    note: str = ""
    warning: str = ""
    rows_title: str = ""
    figure: str = ""
    figure_title: str = ""
    icon: str = ""
    danger: bool = False
    bench: bool = False
    facts: Sequence[Fact] = ()
    crumbs: Sequence[Crumb] = ()
    context: Mapping[str, Any] = field(default_factory=dict)


def groups(form: PageForm, layout: Layout) -> list[Group]:
    """The form's fields in the groups of a layout; fields the form does not have are left out."""
    if not layout:
        layout = (("", [bound.name for bound in form.visible_fields()]),)
    made = [Group(title=str(title), lines=_lines(form, names)) for title, names in layout]
    return [group for group in made if group.lines]


def _lines(form: PageForm, names: Sequence[str]) -> tuple[Line, ...]:
    lines: list[Line] = []
    for name in names:
        first, _plus, second = name.partition("+")
        if first in form.fields:
            bound = form[first]
            unit = form[second] if second in form.fields else None
            lines.append(Line(field=bound, unit=unit, wide=bound.widget_type == "textarea"))
    return tuple(lines)


def form_page(request: HttpRequest, form: PageForm, view: FormPage) -> HttpResponse:
    """Render the page: 422 when something in the form is wrong."""
    has_rows = isinstance(form, RowsForm)
    context = {
        "crumbs": view.crumbs,
        **view.context,
        "form": form,
        "view": view,
        "groups": groups(form, view.layout),
        "has_rows": has_rows,
        "has_files": form.is_multipart(),
        "base": "web/base_bench.html" if view.bench else "web/base.html",
    }
    wrong = form.has_errors if isinstance(form, RowsForm) else form.is_bound and bool(form.errors)
    return page(request, "web/casework/form.html", context, status=422 if wrong else 200)

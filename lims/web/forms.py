"""Forms of the pages: Django's parsing, the domain's rules, one way of telling what is wrong.

A page's view is short:

    form = SealForm(request.POST or None)
    if done := submit(request, form, lambda: seal_and_address(request.actor, item, form.cleaned_data)):
        return done
    return page(request, "web/casework/seal.html", {"form": form, "item": item}, form=form)

`submit` calls the service once per form (see `once`) and turns a refusal of the domain into an error summary with links
to the fields; the page then answers 422 with everything the person typed still there.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from lims.common.errors import NotAllowed, NotFound
from lims.web.access import actor_of
from lims.web.once import once
from lims.web.problems import REFUSALS, Problem, Refusal, parts_of, words_of

_UNSTYLED = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple, forms.HiddenInput)


class PageForm(forms.Form):
    """Base of every form: our controls, a key that is honoured once, refusals of the domain beside their fields.

    Attributes:
        field_of: names of the domain's fields that the form calls otherwise, such as `{"grant.role": "role"}`.
        keyed: False for forms that record nothing (search, sign-in).
    """

    field_of: Mapping[str, str] = {}
    keyed = True
    use_required_attribute = True

    idempotency_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.keyed:
            self.fields["idempotency_key"].initial = uuid4
        else:
            del self.fields["idempotency_key"]
        for field in self.fields.values():
            if not isinstance(field.widget, _UNSTYLED):
                _class_add(field.widget, "input")
            if isinstance(field, CodeField):
                _class_add(field.widget, "code")

    @property
    def key(self) -> UUID | None:
        """The key this form was sent with."""
        value = self.cleaned_data.get("idempotency_key")
        return value if isinstance(value, UUID) else None

    def refuse(self, error: Refusal) -> None:
        """Put each error of the domain beside its field, or above the form when it is about the whole."""
        for part in parts_of(error):
            name = self.field_of.get(part.field or "", part.field or "")
            shown = name in self.fields and not self.fields[name].widget.is_hidden
            self.add_error(name if shown else None, words_of(part))

    def renew_key(self) -> None:
        """Give the form a new key, so that sending it again is a new act."""
        self.data = {**self.data, self.add_prefix("idempotency_key"): str(uuid4())}

    def summary(self) -> list[Problem]:
        """Everything that is wrong, in the order of the page: first the whole form, then field by field."""
        problems = [Problem(message=str(text)) for text in self.non_field_errors()]
        for bound in self.visible_fields():
            anchor = bound.auto_id if bound.use_fieldset else bound.id_for_label
            problems += [Problem(message=str(text), label=str(bound.label), anchor=anchor) for text in bound.errors]
        return problems


class KeyForm(PageForm):
    """Nothing but its key: a button that acts once, however often it is pressed (see `press`)."""


class CodeField(forms.CharField):
    """A scan code, reference or seal number: monospaced, upper case, no spelling help, and scans go into it."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Attributes that keep keyboards from correcting a code."""
        return super().widget_attrs(widget) | {
            "autocomplete": "off",
            "autocapitalize": "characters",
            "spellcheck": "false",
            "data-takes-scan": "",
        }


def _class_add(widget: forms.Widget, name: str) -> None:
    widget.attrs["class"] = f"{widget.attrs.get('class', '')} {name}".strip()


def marks_optional(bound: forms.BoundField) -> bool:
    """Whether the label says «(may stay empty)»: most fields are needed, so the others are marked."""
    return not bound.field.required and not bound.is_hidden and not isinstance(bound.field, forms.BooleanField)


def submit(
    request: HttpRequest, form: PageForm, do: Callable[[], str], *, before: Callable[[], None] | None = None
) -> HttpResponseRedirect | None:
    """Carry out a valid form once and lead to the address `do` returns; None when the form must be shown (again).

    Args:
        request: the request; anything but POST only shows the form.
        form: bound to the request's data.
        do: calls the service with `form.cleaned_data` and returns the address of the result; runs in one transaction.
        before: what must happen outside that transaction: a password asked again (a wrong one stays recorded), a file
            streamed to the vault.

    Raises:
        NotFound, NotAllowed: unless the refusal is about a field (a wrong password); the frame answers 404 or 403 and
            records the attempt.
    """
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        if before is not None:
            before()
        return redirect(_carried_out(request, form, do))
    except REFUSALS as error:
        _show(form, error)
    return None


def press(request: HttpRequest, do: Callable[[], str]) -> HttpResponseRedirect:
    """Carry out the act of a button that has a form with a key (`KeyForm`) and nothing to fill in.

    Raises:
        what `do` raises; the frame answers.
    """
    form = KeyForm(request.POST)
    form.is_valid()
    return redirect(_carried_out(request, form, do))


def _carried_out(request: HttpRequest, form: PageForm, do: Callable[[], str]) -> str:
    actor = actor_of(request)
    if form.key is None or actor is None or actor.user_id is None:
        return do()
    return once(request, user_id=actor.user_id, key=str(form.key), do=do)


def _show(form: PageForm, error: Refusal) -> None:
    if isinstance(error, NotFound) or (isinstance(error, NotAllowed) and not error.field):
        raise error
    if error.code == "idempotency-key-reused":
        form.renew_key()
        form.add_error(
            None, _("This form was sent before, with another content. To record this as well, send it again.")
        )
    else:
        form.refuse(error)


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    form: PageForm | None = None,
    partial: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render a page; 422 when its form holds errors; the partial alone when htmx asked for it.

    Args:
        request: the request.
        template: the page, extending one of the bases.
        context: its values.
        form: the form whose errors decide the status.
        partial: the template of the part that htmx swaps, if this page has one.
        status: the status when nothing is wrong.
    """
    if form is not None and form.is_bound and form.errors:
        status = 422
    name = partial if partial and request.headers.get("HX-Request") == "true" else template
    return render(request, name, dict(context or {}), status=status)

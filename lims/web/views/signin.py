"""Sign in, sign out, and the first account of an empty system."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from lims.accounts.enums import AccessKind
from lims.accounts.selectors import sign_in_blocked, user_exists
from lims.accounts.services import access_record, first_run
from lims.common.errors import DomainError
from lims.web.access import actor_of
from lims.web.forms import PageForm, page
from lims.web.views.frame import language_keep, local_address

PAUSE_MINUTES = 10


class SignInForm(PageForm):
    """User name and password."""

    keyed = False
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class FirstRunForm(PageForm):
    """The administrator of an empty system."""

    keyed = False
    token = forms.CharField(
        label=gettext_lazy("Set-up code"),
        help_text=gettext_lazy(
            "Printed where Spoor was started; also in the file secrets/first-run-token of its folder."
        ),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Your name"),
        help_text=gettext_lazy("As it shall stand in the record."),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        help_text=gettext_lazy("At least 12 signs. A sentence is good."),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    repeated = forms.CharField(
        label=gettext_lazy("The same password again"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Both passwords are the same."""
        values = super().clean() or self.cleaned_data
        if values.get("password") != values.get("repeated") and "password" in values:
            self.add_error("repeated", _("The two passwords differ. Type both again."))
        return values


@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Can I get in?"""
    if not user_exists():
        return redirect("web:first_run")
    wanted = request.POST.get("next", request.GET.get("next", ""))
    if actor_of(request) is not None:
        return redirect(local_address(request, wanted))
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _signed_in(request, form):
        response = redirect(local_address(request, wanted))
        actor = actor_of(request)
        if actor is not None:
            language_keep(response, actor.language)
        return response
    context = {"form": form, "next": wanted, "signed_out": "signed-out" in request.GET and not form.is_bound}
    return page(request, "web/accounts/sign_in.html", context, form=form)


def _signed_in(request: HttpRequest, form: SignInForm) -> bool:
    name = form.cleaned_data["username"].strip()
    address = request.META.get("REMOTE_ADDR")
    if sign_in_blocked(name, address):
        form.add_error(None, _paused())
        return False
    user = authenticate(request, username=name, password=form.cleaned_data["password"])
    if user is None:
        access_record(kind=AccessKind.SIGN_IN_FAILED, reference=name, path=request.path, address=address)
        form.add_error(None, _("The user name or password is wrong. The attempt was recorded."))
        form.add_error("password", _paused() if sign_in_blocked(name, address) else _("Type the password again."))
        return False
    login(request, user)
    _record_entry(request)
    return True


def _paused() -> str:
    return ngettext(
        "Too many attempts failed. Wait %(minutes)s minute, then try again; or ask the administrator.",
        "Too many attempts failed. Wait %(minutes)s minutes, then try again; or ask the administrator.",
        PAUSE_MINUTES,
    ) % {"minutes": PAUSE_MINUTES}


def _record_entry(request: HttpRequest) -> None:
    request.__dict__.pop("actor", None)
    access_record(
        kind=AccessKind.SIGN_IN,
        actor=actor_of(request),
        path=request.path,
        address=request.META.get("REMOTE_ADDR"),
    )


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Leave; what was scanned stays on the server."""
    logout(request)
    return redirect("/sign-in/?signed-out")


@sensitive_post_parameters("password", "repeated", "token")
def first_account(request: HttpRequest) -> HttpResponse:
    """The administrator's account of an empty system, against the code printed when it was started."""
    if user_exists():
        return redirect("web:sign_in")
    form = FirstRunForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            user = first_run(
                token=values["token"],
                username=values["username"],
                name=values["name"],
                password=values["password"],
            )
        except DomainError as error:
            form.refuse(error)
        else:
            login(request, user)
            _record_entry(request)
            return redirect("web:today")
    return page(request, "web/accounts/first_run.html", {"form": form}, form=form)


urlpatterns = [
    path("sign-in/", sign_in, name="sign_in"),
    path("sign-out/", sign_out, name="sign_out"),
    path("set-up/", first_account, name="first_run"),
]

"""What a person sets for themselves: password, PIN, tokens for scripts and instruments."""

from datetime import timedelta
from uuid import UUID

from django import forms
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from lims.accounts.selectors import token_get, token_list, user_of_actor
from lims.accounts.services import password_change, pin_set, reauthenticate, token_create, token_revoke
from lims.common.errors import BadInput
from lims.web.access import PageRequest, page_for
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.problems import REFUSALS


def _secret(label: str, autocomplete: str) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}))


class PasswordForm(PageForm):
    """A new password."""

    field_of = {"password": "new"}
    old = _secret(gettext_lazy("Present password"), "current-password")  # type: ignore[arg-type]
    new = _secret(gettext_lazy("New password"), "new-password")  # type: ignore[arg-type]
    again = _secret(gettext_lazy("New password, again"), "new-password")  # type: ignore[arg-type]

    def clean(self) -> dict[str, str]:
        """Typed twice the same."""
        data = super().clean() or {}
        if data.get("new") and data.get("new") != data.get("again"):
            self.add_error("again", _("The two passwords differ. Type the new one twice."))
        return data


@page_for()
def password(request: PageRequest) -> HttpResponse:
    """Change one's own password; this session goes on, others end."""
    form = PasswordForm(request.POST or None)
    user = user_of_actor(actor=request.actor)

    def do() -> str:
        data = form.cleaned_data
        password_change(actor=request.actor, user=user, old=data["old"], new=data["new"])
        update_session_auth_hash(request, user)
        return reverse("web:me")

    view = FormPage(title=_("Change your password"), button=_("Change the password"), cancel=reverse("web:me"))
    return submit(request, form, do) or form_page(request, form, view)


class PinForm(PageForm):
    """A PIN for shared tablets."""

    pin = forms.CharField(
        label=gettext_lazy("New PIN"),
        max_length=8,
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=gettext_lazy("4 to 8 digits; not a birthday."),
    )
    password = _secret(gettext_lazy("Your password"), "current-password")  # type: ignore[arg-type]


@page_for()
def pin(request: PageRequest) -> HttpResponse:
    """Set the PIN that confirms a receipt on a shared tablet."""
    form = PinForm(request.POST or None)

    def before() -> None:
        reauthenticate(actor=request.actor, password=form.cleaned_data["password"])

    def do() -> str:
        pin_set(actor=request.actor, pin=form.cleaned_data["pin"])
        return reverse("web:me")

    view = FormPage(
        title=_("Set your PIN"),
        button=_("Set the PIN"),
        cancel=reverse("web:me"),
        note=_("It confirms on a shared tablet that you are the one who receives."),
    )
    return submit(request, form, do, before=before) or form_page(request, form, view)


class TokenForm(PageForm):
    """A token to create. Its secret is shown once, so the form is never repeated."""

    keyed = False
    name = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=80, help_text=gettext_lazy("Such as «sequencer upload».")
    )
    days = forms.ChoiceField(
        label=gettext_lazy("Ends after"),
        choices=[("30", gettext_lazy("30 days")), ("90", gettext_lazy("90 days")), ("365", gettext_lazy("a year"))],
    )
    password = _secret(gettext_lazy("Your password"), "current-password")  # type: ignore[arg-type]


@page_for()
def tokens(request: PageRequest) -> HttpResponse:
    """Tokens of one's own account: what a script does with one is recorded as done by this person."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            secret = _token(request, form)
            form = TokenForm()
        except REFUSALS as error:
            form.refuse(error)
    context = {"form": form, "secret": secret, "tokens": list(token_list(user_id=request.actor.user_id))}
    return page(request, "web/accounts/tokens.html", context, form=form)


def _token(request: PageRequest, form: TokenForm) -> str:
    data = form.cleaned_data
    reauthenticate(actor=request.actor, password=data["password"])
    if not data["name"].strip():
        raise BadInput(_("Say what it is for."), field="name")
    _row, secret = token_create(
        actor=request.actor,
        user=user_of_actor(actor=request.actor),
        name=data["name"],
        expires_at=timezone.now() + timedelta(days=int(data["days"])),
    )
    return secret


@page_for()
@require_POST
def token_end(request: PageRequest, uuid: UUID) -> HttpResponse:
    """End a token now: one's own, or for the administrator anybody's."""
    row = token_get(actor=request.actor, uuid=uuid)
    token_revoke(actor=request.actor, token=row)
    if row.user_id == request.actor.user_id:
        return redirect("web:tokens")
    return redirect("web:account", row.user.uuid)


urlpatterns = [
    path("me/password/", password, name="my_password"),
    path("me/pin/", pin, name="my_pin"),
    path("me/tokens/", tokens, name="tokens"),
    path("me/tokens/<uuid:uuid>/end/", token_end, name="token_end"),
]

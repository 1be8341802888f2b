"""Accounts and roles for the administrator; who looked at what for the auditor."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from chain_of_custody.models import Party
from lims.accounts.actors import Actor
from lims.accounts.enums import AccessKind, RoleName
from lims.accounts.models import RoleGrant, User
from lims.accounts.roles import GRANTS, Role
from lims.accounts.selectors import access_search, grants_of, token_list, user_get, user_search
from lims.accounts.services import (
    GrantSpec,
    agency_create,
    role_grant,
    role_revoke,
    user_create,
    user_deactivate,
)
from lims.casework.selectors.stores import agency_list
from lims.common.errors import NotFound
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.fields import LongField, PartyField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.listing import Column, ListRequest
from lims.web.parts import Crumb, Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """An account as the list prints it."""

    user: User
    href: str
    roles: str
    state: Badge


def _columns() -> tuple[Column, ...]:
    return (
        Column(key="name", label=_("Name"), order="party__name"),
        Column(key="username", label=_("Sign-in name"), order="username"),
        Column(key="roles", label=_("Roles")),
        Column(key="since", label=_("Since"), order="created_at"),
        Column(key="state", label=_("State"), order="is_active"),
    )


@page_for("account.manage")
@require_GET
def accounts(request: PageRequest) -> HttpResponse:
    """Who has an account, in which roles?"""
    ask = ListRequest.of(request, columns=_columns(), filters=("role", "state"), sort="name")
    rows = user_search(actor=request.actor, words=ask.words, role=ask.one("role") or "", state=ask.one("state") or "")
    listing = ask.listing(rows.order_by(*ask.order_by, "pk"))
    lines = [_line(user) for user in listing]
    return page(request, "web/accounts/account_list.html", {"accounts": listing, "lines": lines})


def _line(user: User) -> AccountLine:
    held = [grant for grant in user.role_grants.all() if grant.until is None]
    return AccountLine(
        user=user,
        href=reverse("web:account", args=[user.uuid]),
        roles=", ".join(_grant_words(grant) for grant in held) or _("none"),
        state=active_badge(user),
    )


def active_badge(user: User) -> Badge:
    """Active or closed."""
    return Badge(kind="ok", text=_("active")) if user.is_active else Badge(kind="idle", text=_("closed"))


def _grant_words(grant: RoleGrant) -> str:
    name = str(grant.get_role_display())
    return f"{name} ({grant.agency.name})" if grant.agency else name


class GrantForm(PageForm):
    """A role, for the laboratory or for one agency's cases."""

    field_of = {"grant.role": "role"}
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=RoleName.choices)
    agency = PartyField(
        label=gettext_lazy("Only for cases of"),
        required=False,
        help_text=gettext_lazy("Empty: for the whole laboratory. Investigators are usually granted for one agency."),
    )

    def spec(self) -> GrantSpec:
        """What the service grants."""
        return GrantSpec(role=Role(self.cleaned_data["role"]), agency=self.cleaned_data["agency"])


class AccountForm(GrantForm):
    """A new account with its first role."""

    field_order = ("name", "username", "email", "language", "password", "role", "agency", "organisation", "new_agency")
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    username = forms.CharField(
        label=gettext_lazy("Sign-in name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=[("en", "English"), ("fr", "Français"), ("es", "Español")]
    )
    password = forms.CharField(
        label=gettext_lazy("First password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Tell it in person; they change it on their own page."),
    )
    organisation = PartyField(label=gettext_lazy("Belongs to"), required=False)
    new_agency = forms.CharField(label=gettext_lazy("Or to a new organisation"), max_length=200, required=False)


@page_for("account.manage")
def account_new(request: PageRequest) -> HttpResponse:
    """Create an account."""
    form = AccountForm(request.POST or None)
    _offer_agencies(request.actor, form)
    if done := submit(request, form, lambda: _created(request.actor, form)):
        return done
    view = FormPage(
        title=_("Create an account"),
        button=_("Create the account"),
        cancel=reverse("web:account_list"),
        layout=(
            (_("Person"), ("name", "username", "email", "language", "password")),
            (_("Organisation"), ("organisation", "new_agency")),
            (_("First role"), ("role", "agency")),
        ),
        icon="person",
        crumbs=_crumbs(Crumb(label=_("new"))),
    )
    return form_page(request, form, view)


def _offer_agencies(actor: Actor, form: PageForm) -> None:
    agencies = list(agency_list(actor=actor))
    for name in ("agency", "organisation"):
        if name in form.fields:
            form.fields[name].offer(agencies, empty="–")  # type: ignore[attr-defined]


def _created(actor: Actor, form: AccountForm) -> str:
    data = form.cleaned_data
    organisation: Party | None = data["organisation"]
    if organisation is None and data["new_agency"]:
        organisation = agency_create(actor=actor, name=data["new_agency"])
    spec = form.spec()
    if spec.agency is None and spec.role is Role.INVESTIGATOR and organisation is not None:
        spec = GrantSpec(role=spec.role, agency=organisation)
    user = user_create(
        actor=actor,
        username=data["username"],
        name=data["name"],
        password=data["password"],
        grants=(spec,),
        organisation=organisation,
        email=data["email"],
        language=data["language"],
    )
    return reverse("web:account", args=[user.uuid])


@page_for("account.manage")
@require_GET
def account(request: PageRequest, uuid: UUID) -> HttpResponse:
    """One account: roles held now and before, tokens."""
    user = user_get(actor=request.actor, uuid=uuid)
    grants = list(grants_of(actor=request.actor, user=user))
    held = [grant for grant in grants if grant.until is None]
    tokens = list(token_list(user_id=user.pk))
    context = {
        "account": user,
        "badge": active_badge(user),
        "grants": grants,
        "tokens": tokens,
        "own": user.pk == request.actor.user_id,
        "crumbs": _crumbs(Crumb(label=user.party.name)),
        "facts": [
            Fact(
                label=_("Roles now"),
                value=", ".join(_grant_words(grant) for grant in held) or _("none"),
                lead=True,
            ),
            Fact(label=_("Sign-in name"), value=user.username),
            Fact(label=_("Tokens"), value=str(len(tokens))),
        ],
    }
    return page(request, "web/accounts/account.html", context)


@page_for("account.manage")
def account_grant(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Give a role from now on."""
    user = user_get(actor=request.actor, uuid=uuid)
    form = GrantForm(request.POST or None)
    _offer_agencies(request.actor, form)

    def do() -> str:
        role_grant(actor=request.actor, user=user, grant=form.spec())
        return _home(user)

    view = _view(user, _("Give %(name)s a role") % {"name": user.party.name}, _("Give the role"))
    return submit(request, form, do) or form_page(request, form, view)


class ReasonForm(PageForm):
    """An act that needs a reason."""

    reason = LongField(label=gettext_lazy("Reason"), max_length=500)


@page_for("account.manage")
def account_revoke(request: PageRequest, uuid: UUID, grant: int) -> HttpResponse:
    """End a role now."""
    user = user_get(actor=request.actor, uuid=uuid)
    row = grants_of(actor=request.actor, user=user).filter(pk=grant).first()
    if row is None:
        raise NotFound(_("There is no such role."))
    form = ReasonForm(request.POST or None)

    def do() -> str:
        role_revoke(actor=request.actor, grant=row, reason=form.cleaned_data["reason"])
        return _home(user)

    title = _("End the role %(role)s of %(name)s") % {"role": _grant_words(row), "name": user.party.name}
    return submit(request, form, do) or form_page(request, form, _view(user, title, _("End the role")))


@page_for("account.manage")
def account_close(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Close an account; what the person holds is then reassigned by order."""
    user = user_get(actor=request.actor, uuid=uuid)
    form = ReasonForm(request.POST or None)

    def do() -> str:
        user_deactivate(actor=request.actor, user=user, reason=form.cleaned_data["reason"])
        return _home(user)

    title = _("Close the account of %(name)s") % {"name": user.party.name}
    note = _("All roles end now. Items in their hands stay recorded with them until they are reassigned by order.")
    view = _view(user, title, _("Close the account"), note=note, danger=True)
    return submit(request, form, do) or form_page(request, form, view)


def _view(user: User, title: str, button: str, *, note: str = "", danger: bool = False) -> FormPage:
    return FormPage(
        title=title,
        button=button,
        cancel=_home(user),
        note=note,
        danger=danger,
        crumbs=_crumbs(Crumb(label=user.party.name, href=_home(user))),
    )


def _home(user: User) -> str:
    return reverse("web:account", args=[user.uuid])


def _crumbs(*steps: Crumb) -> list[Crumb]:
    return [Crumb(label=_("Accounts"), href=reverse("web:account_list")), *steps]


@page_for("account.manage", "access.read")
@require_GET
def roles(request: PageRequest) -> HttpResponse:
    """What each role may do: the whole matrix."""
    names = dict(RoleName.choices)
    rows = [
        {"capability": capability, "marks": [role in allowed for role in Role]}
        for capability, allowed in GRANTS.items()
    ]
    return page(request, "web/accounts/roles.html", {"roles": [names[role] for role in Role], "rows": rows})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLine:
    """One line of the access log."""

    row: Any
    badge: Badge


_ACCESS_KINDS = {
    AccessKind.VIEW: "plain",
    AccessKind.REASON: "info",
    AccessKind.REFUSED: "bad",
    AccessKind.SIGN_IN: "ok",
    AccessKind.SIGN_IN_FAILED: "warn",
    AccessKind.DOWNLOAD: "running",
}


@page_for("access.read")
@require_GET
def access(request: PageRequest) -> HttpResponse:
    """Who looked at what, who was refused, who stated which reason?"""
    columns = (
        Column(key="at", label=_("When"), order="id"),
        Column(key="who", label=_("Who"), order="shown_as"),
        Column(key="what", label=_("What happened")),
        Column(key="subject", label=_("About"), order="reference"),
        Column(key="reason", label=_("Reason")),
        Column(key="address", label=_("From")),
    )
    ask = ListRequest.of(request, columns=columns, filters=("who", "kind", "about"), sort="-at")
    rows = access_search(
        actor=request.actor,
        words=ask.words,
        who=ask.one("who") or "",
        kind=ask.one("kind") or "",
        about=ask.one("about") or "",
    )
    listing = ask.listing(rows.order_by(*ask.order_by, "-id"))
    lines = [
        AccessLine(row=row, badge=Badge(kind=_ACCESS_KINDS[AccessKind(row.kind)], text=str(row.get_kind_display())))
        for row in listing
    ]
    note = ngettext("%(n)s line", "%(n)s lines", listing.total) % {"n": listing.total}
    return page(request, "web/accounts/access.html", {"log": listing, "lines": lines, "note": note})


urlpatterns = [
    path("accounts/", accounts, name="account_list"),
    path("accounts/new/", account_new, name="account_new"),
    path("accounts/<uuid:uuid>/", account, name="account"),
    path("accounts/<uuid:uuid>/grant/", account_grant, name="account_grant"),
    path("accounts/<uuid:uuid>/revoke/<int:grant>/", account_revoke, name="account_revoke"),
    path("accounts/<uuid:uuid>/close/", account_close, name="account_close"),
    path("roles/", roles, name="role_list"),
    path("views/", access, name="access_list"),
]

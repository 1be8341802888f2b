"""Today, the camera, what a person sets for themselves, the component sheet."""

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lims.accounts.enums import GrantScope, RoleName
from lims.accounts.services import preferences_set
from lims.common.errors import BadInput
from lims.web.access import PageRequest, actor_of, page_for
from lims.web.camera import codes_in
from lims.web.forms import PageForm, page
from lims.web.navigation import address, start_page
from lims.web.today import today_of


@page_for()
@require_GET
def today(request: PageRequest) -> HttpResponse:
    """What waits for me, what stops others? Roles without a Today begin on their own first page."""
    start = start_page(request.actor)
    if start and start != request.path and "today" not in request.GET:
        return redirect(start)
    now = timezone.localtime()
    context = {
        "today": today_of(request.actor),
        "greeting": _greeting(now.hour, request.actor.name),
        "now": now,
        "can_scan": request.actor.may_somewhere("scan.session"),
    }
    return page(request, "web/today/today.html", context)


def _greeting(hour: int, name: str) -> str:
    if hour < 12:
        return _("Good morning, %(name)s") % {"name": name}
    if hour < 18:
        return _("Good afternoon, %(name)s") % {"name": name}
    return _("Good evening, %(name)s") % {"name": name}


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantLine:
    """A role and how far it reaches, in words."""

    role: str
    scope: str


@page_for()
@require_GET
def me(request: PageRequest) -> HttpResponse:
    """Who am I here: roles, language, keyboard, sign out."""
    roles, scopes = dict(RoleName.choices), {**dict(GrantScope.choices), "case": _("one case")}
    grants = [
        GrantLine(role=str(roles.get(grant.role, grant.role)), scope=str(scopes.get(grant.scope, grant.scope)))
        for grant in request.actor.grants
    ]
    return page(request, "web/accounts/me.html", {"grants": grants})


@page_for()
@require_POST
def single_keys(request: PageRequest) -> HttpResponse:
    """Switch single-key commands on or off (WCAG 2.2, 2.1.4)."""
    preferences_set(actor=request.actor, single_keys=request.POST.get("single_keys") == "on")
    return redirect("web:me")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Read the pages in another language: a cookie, and the account's own setting when signed in."""
    wanted = request.POST.get("language", "")
    if wanted not in dict(settings.LANGUAGES):
        raise BadInput(
            _("«%(found)s» is not one of the languages here.") % {"found": wanted},
            field="language",
            found=wanted,
        )
    response = redirect(local_address(request, request.POST.get("next", "")))
    language_keep(response, wanted)
    actor = actor_of(request)
    if actor is not None:
        preferences_set(actor=actor, language=wanted)
    translation.activate(wanted)
    return response


def language_keep(response: HttpResponse, wanted: str) -> None:
    """The cookie that says in which language this browser reads."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def local_address(request: HttpRequest, wanted: str) -> str:
    """The address when it is one of ours, else the start page: nobody is sent elsewhere by a link."""
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return "/"


class PhotoForm(PageForm):
    """A photograph of a label."""

    keyed = False
    photo = forms.FileField(
        label=gettext_lazy("Photograph of the label"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp", "capture": "environment"}),
    )


@page_for()
def camera(request: PageRequest) -> HttpResponse:
    """Scan with the camera of a phone or tablet, live or from a photograph."""
    form = PhotoForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _code_of_photo(form)
        except BadInput as error:
            form.refuse(error)
    return page(request, "web/bench/camera.html", {"form": form}, form=form)


def _code_of_photo(form: PhotoForm) -> HttpResponse:
    photo = form.cleaned_data["photo"]
    found = codes_in(photo, size=photo.size)
    if not found:
        raise BadInput(_("No code can be read in this picture. Go nearer, hold still, avoid glare."), field="photo")
    find = address("find")
    if not find:
        raise BadInput(_("The picture holds the code %(code)s.") % {"code": found[0].text}, field="photo")
    return redirect(f"{find}?{urlencode({'code': found[0].text})}")


@page_for()
@require_POST
def decode(request: PageRequest) -> HttpResponse:
    """The codes in one frame of the camera, for browsers that cannot read codes themselves."""
    photo = request.FILES.get("photo")
    if photo is None:
        raise BadInput(_("There is no picture in this request."), field="photo")
    found = codes_in(photo, size=photo.size or 0)
    return JsonResponse({"codes": [{"text": code.text, "format": code.kind} for code in found]})


def demo_only(request: HttpRequest) -> None:
    """Hide a page from a laboratory's own system.

    Raises:
        Http404: neither the demonstration laboratory nor a test nor debugging.
    """
    if not (settings.DEBUG or settings.SPOOR_MODE in {"demo", "test"}):
        raise Http404


urlpatterns = [
    path("", today, name="today"),
    path("language/", language, name="language"),
    path("me/", me, name="me"),
    path("me/keys/", single_keys, name="single_keys"),
    path("bench/camera/", camera, name="camera"),
    path("bench/camera/decode/", decode, name="decode"),
]

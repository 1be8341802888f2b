"""Links as those outside see them: that one exists, and more only after both sides have released it."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from lims.links.selectors.outside import FollowedLink, link_followed_get, link_side_get, links_followed
from lims.links.services.links import link_release, link_release_withdraw
from lims.web.access import PageRequest, page_for
from lims.web.casefile import seen
from lims.web.describing import Badge
from lims.web.fields import LongField
from lims.web.forms import PageForm, page, submit
from lims.web.linkwords import basis_words, numbers, seizure_day
from lims.web.parts import Crumb, Event, Fact


class ReleaseForm(PageForm):
    """A word for one's own side."""

    note = LongField(label=gettext_lazy("Note"), max_length=500, required=False)


@page_for("link.release")
@require_GET
def our_links(request: PageRequest) -> HttpResponse:
    """Are our seizures linked to others, and what must happen before we may know to which?"""
    rows = links_followed(actor=request.actor)
    for case in {one.own.case_id: one.own.case for one in rows}.values():
        seen(request, case, kind="link", subject=case)
    waiting = sum(not one.released for one in rows)
    context = {
        "rows": [_line(one) for one in rows],
        "facts": [
            Fact(label=_("Links of our seizures"), value=str(len(rows)) if rows else _("none"), lead=True),
            Fact(label=_("Not released by us"), value=str(waiting) if waiting else _("none")),
            Fact(label=_("Open to both sides"), value=str(sum(one.disclosed for one in rows))),
        ],
        "crumbs": [Crumb(label=_("Links of our seizures"))],
    }
    return page(request, "web/links/our_links.html", context)


@page_for("link.release")
def our_link(request: PageRequest, uuid: UUID, side: UUID) -> HttpResponse:
    """What may we know of this link, and do we let the other side know of ours?"""
    one = link_followed_get(actor=request.actor, uuid=uuid, side=side)
    seen(request, one.own.case, kind="link", subject=one)
    form = ReleaseForm(request.POST or None)

    def do() -> str:
        link, own = link_side_get(actor=request.actor, uuid=uuid, side=side)
        act = link_release_withdraw if request.POST.get("act") == "withdraw" else link_release
        act(actor=request.actor, link=link, side=own, note=form.cleaned_data["note"])
        return reverse("web:our_link", args=[uuid, side])

    if done := submit(request, form, do):
        return done
    view = one.view
    context = _line(one) | {
        "form": form,
        "basis": basis_words(view.basis) if view else "",
        "numbers": numbers(view) if view else [],
        "events": [Event(title=word.act, at=word.at, detail=word.by) for word in reversed(one.words)],
        "synthetic": one.own.case.synthetic,
        "crumbs": [
            Crumb(label=_("Links of our seizures"), href=reverse("web:our_links")),
            Crumb(label=one.own.case.reference),
        ],
    }
    return page(request, "web/links/our_link.html", context, form=form)


def _line(one: FollowedLink) -> dict[str, object]:
    ours = _("released by us") if one.released else _("not released")
    return {
        "one": one,
        "href": reverse("web:our_link", args=[one.uuid, one.own.uuid]),
        "own": f"{one.own.case.reference} / {one.own.number}",
        "own_day": seizure_day(one.own),
        "other": f"{one.other.agency.name}, {seizure_day(one.other)}" if one.other else "",
        "badge": Badge(kind="ok" if one.released else "idle", text=ours),
        "open": Badge(kind="ok", text=_("open to both sides")) if one.disclosed else None,
    }


urlpatterns = [
    path("our-links/", our_links, name="our_links"),
    path("our-links/<uuid:uuid>/<uuid:side>/", our_link, name="our_link"),
]

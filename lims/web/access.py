"""Who may open a page. Services ask again: a page that forgets is ugly, not open."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.accounts.middleware import actor_of_request
from lims.common.errors import NotAllowed, NotFound

P = ParamSpec("P")


class PageRequest(HttpRequest):
    """A request of a signed-in person."""

    actor: Actor
    htmx: Any


View = Callable[Concatenate[PageRequest, P], HttpResponseBase]
OpenView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def actor_of(request: HttpRequest) -> Actor | None:
    """The signed-in person's actor, None for everyone else; from here on `request.actor` is the actor itself.

    The middleware leaves a lazy stand-in on the request, which is no dataclass (`dataclasses.replace` refuses it).
    """
    known = request.__dict__.get("actor")
    if type(known) is Actor:
        return known
    actor = actor_of_request(request)
    request.__dict__["actor"] = actor
    return actor


def outsider(actor: Actor) -> bool:
    """Whether the person is from outside the laboratory (agency or case roles only): told nothing about what exists."""
    return not any(grant.scope == "lab" for grant in actor.grants)


def page_for(*capabilities: str) -> Callable[[View[P]], OpenView[P]]:
    """Let a page be opened by those who hold one of the capabilities in any scope; without one, by all signed in.

    Nobody signed in: to the sign-in page and back. Without the capability: 403 for the laboratory's own people, the one
    404 for everyone else.

    Raises:
        NotAllowed, NotFound: as above; the frame prints the page and records the attempt.
    """

    def wrap(view: View[P]) -> OpenView[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            actor = actor_of(request)
            if actor is None:
                return redirect_to_login(request.get_full_path())
            if capabilities and not any(actor.may_somewhere(name) for name in capabilities):
                _refuse(actor, capabilities)
            return view(request, *args, **kwargs)  # type: ignore[arg-type]  # it carries an actor now

        return guarded

    return wrap


def _refuse(actor: Actor, capabilities: tuple[str, ...]) -> None:
    if outsider(actor):
        raise NotFound(_("There is no such page."))
    raise NotAllowed(
        _("Your role does not include this page (%(capability)s). Ask the laboratory manager.")
        % {"capability": ", ".join(capabilities)},
        found=", ".join(capabilities),
    )

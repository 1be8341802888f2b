"""Puts the frozen actor on the request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from lims.accounts.actors import Actor
from lims.accounts.selectors import actor_of_user


class ActorMiddleware:
    """`request.actor`: the signed-in person's actor, or None. Read from the database once, at first use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Attach the actor lazily, so that a static page costs no query."""
        request.actor = SimpleLazyObject(lambda: actor_of_request(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def actor_of_request(request: HttpRequest) -> Actor | None:
    """The actor of a session request, None where nobody is signed in."""
    user = request.user
    if not user.is_authenticated:
        return None
    return actor_of_user(user, via="web")

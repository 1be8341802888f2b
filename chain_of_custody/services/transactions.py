"""How a service stands in a transaction: alone it opens one, inside another it joins it without a savepoint."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

P = ParamSpec("P")
R = TypeVar("R")


def one_transaction(service: Callable[P, R]) -> Callable[P, R]:
    """Run a service in the caller's transaction, or in one of its own.

    A rule that refuses before anything was written leaves the caller's transaction usable; a failure while `writing`
    does not.
    """

    @wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return service(*args, **kwargs)
        with transaction.atomic():
            return service(*args, **kwargs)

    return run


def writing() -> AbstractContextManager[None]:
    """Around what a service writes: when it fails, the whole transaction has to be rolled back."""
    return transaction.atomic(savepoint=False)

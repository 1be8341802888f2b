"""Addresses: no page stands in front of another one."""

import uuid

import pytest
from django.urls import URLPattern, resolve, reverse

from lims.web import urls
from lims.web.itemacts import ACTS

_EXAMPLES = {"str": "abc", "int": "7", "uuid": str(uuid.UUID(int=7)), "act": next(iter(ACTS))}


def _address(pattern: URLPattern) -> str:
    route = str(pattern.pattern)
    for name in pattern.pattern.converters:
        kind = route.split(f":{name}>", maxsplit=1)[0].rsplit("<", 1)[1]
        route = route.replace(f"<{kind}:{name}>", _EXAMPLES[kind])
    return f"/{route}"


@pytest.mark.parametrize("pattern", urls.urlpatterns, ids=lambda pattern: str(pattern.pattern))
def test_address_leads_to_its_own_page(pattern: URLPattern) -> None:
    assert resolve(_address(pattern)).func is pattern.callback


def test_names_are_given_once() -> None:
    names = [pattern.name for pattern in urls.urlpatterns if pattern.name]

    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_no_act_takes_the_address_of_raw_files() -> None:
    assert resolve(reverse("web:raw_files", args=["WF-2026-000001-E01"])).view_name == "web:raw_files"

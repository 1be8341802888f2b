"""Refusals of the domain stand beside their fields; a form is carried out once."""

import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest
from django.test import RequestFactory

from chain_of_custody.errors import ItemSealed
from chain_of_custody.models import Party
from lims.accounts.actors import Actor
from lims.accounts.enums import AccessKind
from lims.accounts.models import AccessEntry
from lims.accounts.roles import Role
from lims.accounts.services import agency_create, reauthenticate
from lims.common.errors import BadInput, Conflict, ManyErrors, NotAllowed, NotFound, RuleViolation
from lims.web.forms import PageForm, marks_optional, submit
from lims.web.problems import status_of
from tests.lims import builders


class WeighForm(PageForm):
    field_of = {"amount.value": "mass"}

    mass = forms.CharField(label="Amount taken")
    note = forms.CharField(label="Note", required=False)
    seal = forms.ChoiceField(label="Seal", choices=[("intact", "Intact")], widget=forms.RadioSelect, required=False)


def posted(actor: Actor | None = None, **values: str) -> HttpRequest:
    request = RequestFactory().post("/weigh/", {"mass": "600.0", "idempotency_key": str(uuid4()), **values})
    request.user = AnonymousUser()
    request.__dict__["actor"] = actor
    return request


def refused_with(error: Exception) -> WeighForm:
    request = posted()
    form = WeighForm(request.POST)

    def do() -> str:
        raise error

    assert submit(request, form, do) is None
    return form


def test_refusal_stands_beside_its_field_with_the_remedy() -> None:
    form = refused_with(RuleViolation("600.0 mg is more than 300.0 mg.", field="amount.value", remedy="Weigh again."))
    assert form.errors["mass"] == ["600.0 mg is more than 300.0 mg. Weigh again."]
    [problem] = form.summary()
    assert (problem.label, problem.anchor) == ("Amount taken", "id_mass")


def test_refusal_about_no_field_of_the_form_stands_above_it() -> None:
    form = refused_with(ItemSealed("E03 is under seal S-1.", field="items"))
    assert form.non_field_errors() == ["E03 is under seal S-1."]


def test_all_errors_of_one_input_are_shown() -> None:
    errors = ManyErrors([BadInput("A.", field="mass"), BadInput("B.", field="seal"), BadInput("it fails as a whole")])
    assert [(problem.message, problem.anchor) for problem in refused_with(errors).summary()] == [
        ("It fails as a whole.", ""),
        ("A.", "id_mass"),
        ("B.", "id_seal"),
    ]


@pytest.mark.parametrize("error", [NotFound("gone"), NotAllowed("no")])
def test_refusals_about_the_person_leave_the_form(error: Exception) -> None:
    with pytest.raises(type(error)):
        refused_with(error)


def test_refused_password_stays_in_the_form() -> None:
    form = refused_with(NotAllowed("Enter your password again.", field="password"))
    assert form.non_field_errors() == ["Enter your password again."]


def test_invalid_form_calls_nothing() -> None:
    request = posted(mass="")
    assert submit(request, WeighForm(request.POST), lambda: pytest.fail("called")) is None


def test_other_methods_only_show_the_form() -> None:
    request = RequestFactory().get("/weigh/")
    assert submit(request, WeighForm(), lambda: pytest.fail("called")) is None


def test_statuses_follow_the_kind_of_refusal() -> None:
    assert [
        status_of(error) for error in (NotFound(""), NotAllowed(""), Conflict(""), BadInput(""), ItemSealed(""))
    ] == [
        404,
        403,
        409,
        422,
        422,
    ]


def test_only_fields_that_may_stay_empty_are_marked() -> None:
    form = WeighForm()
    assert not marks_optional(form["mass"])
    assert marks_optional(form["note"])
    assert not marks_optional(form["idempotency_key"])


def test_each_form_shown_has_a_key_of_its_own() -> None:
    assert WeighForm()["idempotency_key"].value() != WeighForm()["idempotency_key"].value()


@pytest.mark.django_db
def test_form_sent_twice_is_carried_out_once() -> None:
    actor = builders.actor(Role.CUSTODIAN)
    key = str(uuid4())
    addresses = iter(["/result/1", "/result/2"])
    results = []
    for _ in range(2):
        request = posted(actor, idempotency_key=key)
        results.append(submit(request, WeighForm(request.POST), lambda: next(addresses)))
    assert [result.url for result in results if result] == ["/result/1", "/result/1"]
    assert next(addresses) == "/result/2"


@pytest.mark.django_db
def test_form_changed_after_it_was_sent_is_not_silently_swallowed() -> None:
    actor = builders.actor(Role.CUSTODIAN)
    key = str(uuid4())
    first = posted(actor, idempotency_key=key)
    assert submit(first, WeighForm(first.POST), lambda: "/result/1")
    second = posted(actor, idempotency_key=key, mass="5")
    form = WeighForm(second.POST)
    assert submit(second, form, lambda: pytest.fail("carried out")) is None
    assert "sent before, with another content" in form.non_field_errors()[0]
    renewed = form["idempotency_key"].value()
    assert renewed not in {key, None}
    again = posted(actor, idempotency_key=renewed, mass="5")
    done = submit(again, WeighForm(again.POST), lambda: "/result/2")
    assert done is not None
    assert done.url == "/result/2"


@pytest.mark.django_db
def test_refused_form_can_be_sent_again() -> None:
    actor = builders.actor(Role.CUSTODIAN)
    request = posted(actor)
    answers: list[Callable[[], str]] = [_refuse, lambda: "/result/1"]
    results = [submit(request, WeighForm(request.POST), do) for do in answers]
    assert results[0] is None
    assert results[1] is not None


def _refuse() -> str:
    raise RuleViolation("no")


@pytest.mark.django_db
def test_what_happens_before_the_act_stays_when_it_is_refused() -> None:
    actor = builders.actor(Role.CUSTODIAN)
    request = posted(actor)
    form = WeighForm(request.POST)

    def before() -> None:
        reauthenticate(actor=actor, password="wrong")

    assert submit(request, form, lambda: pytest.fail("carried out"), before=before) is None
    assert AccessEntry.objects.filter(kind=AccessKind.SIGN_IN_FAILED).count() == 1


@pytest.mark.commits
def test_double_click_writes_one_act() -> None:
    actor = builders.actor(Role.CUSTODIAN)
    key, start, urls = str(uuid4()), threading.Barrier(2), []

    def click() -> None:
        request = posted(actor, idempotency_key=key)
        start.wait(timeout=120)
        done = submit(
            request, WeighForm(request.POST), lambda: f"/agency/{agency_create(actor=actor, name='Harbour').pk}"
        )
        urls.append(done.url if done else "")
        connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join(timeout=120)
    assert len(set(urls)) == 1
    assert Party.objects.filter(name="Harbour").count() == 1

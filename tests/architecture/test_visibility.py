"""Every list of case content × every role: it returns what the role's grants cover, and nothing else."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from lims.accounts.actors import Actor
from lims.accounts.roles import Role, role_allows
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import (
    case_list,
    discrepancy_list,
    exhibit_list,
    intake_list,
    sample_list,
    seizure_list,
)
from lims.casework.selectors.naming import item_list
from lims.casework.selectors.places import container_list
from lims.casework.selectors.submissions import submission_list
from lims.casework.services.cases import case_assign
from lims.casework.services.discrepancies import discrepancy_record
from lims.casework.services.intake import ContainerFacts, Delivery, intake_receive
from lims.casework.services.samples import Taking, sample_take
from lims.casework.services.submissions import LineFacts, submission_create
from tests.lims import builders
from tests.lims.builders import Laboratory

pytestmark = pytest.mark.django_db
LISTS: dict[str, Callable[[Actor], Any]] = {
    "cases": lambda actor: case_list(actor=actor),
    "exhibits": lambda actor: exhibit_list(actor=actor),
    "samples": lambda actor: sample_list(actor=actor),
    "items": lambda actor: item_list(actor=actor),
    "discrepancies": lambda actor: discrepancy_list(actor=actor),
    "intakes": lambda actor: intake_list(actor=actor),
    "containers": lambda actor: container_list(actor=actor),
}


@pytest.fixture
def two_cases() -> tuple[Laboratory, Case, Case]:
    """Two cases of two agencies, each with something of everything."""
    lab = Laboratory()
    cases = [builders.case(lab.custodian), builders.case(lab.custodian)]
    for case in cases:
        builders.seizure(lab.custodian, case)
        exhibit = builders.exhibits(lab.custodian, case)[0]
        taking = Taking(parent=builders.fresh(exhibit.item), amount=Decimal(1), unit="g")
        sample_take(actor=lab.custodian, takings=[taking], kind="powder")
        discrepancy_record(actor=lab.custodian, case=case, kind="other", stated="two", found="one")
        delivery = Delivery(delivered_by=builders.driver(), containers_stated=1)
        intake_receive(
            actor=lab.custodian, case=case, delivery=delivery, containers=[ContainerFacts(description="bag")]
        )
    return lab, cases[0], cases[1]


def cases_of(name: str, rows: Any) -> set[int]:
    """The cases a list shows something of."""
    if name == "cases":
        return {row.pk for row in rows}
    if name == "items":
        owners = [getattr(row, part, None) for row in rows for part in ("exhibit", "sample", "container_of")]
        return {owner.case_id for owner in owners if owner is not None}
    return {row.case_id for row in rows}


@pytest.mark.parametrize("role", list(Role))
def test_a_laboratory_wide_role_sees_all_or_nothing(role: Role, two_cases: tuple[Laboratory, Case, Case]) -> None:
    _lab, first, second = two_cases
    actor = builders.actor(role)
    expected = {first.pk, second.pk} if role_allows(role, "case.read") else set()
    for name, rows in LISTS.items():
        assert cases_of(name, rows(actor)) == expected, (role, name)
    for case in (first, second):
        assert seizure_list(actor=actor, case=case).exists() is (case.pk in expected)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_for_one_agency_sees_that_agencys_cases_at_most(
    role: Role, two_cases: tuple[Laboratory, Case, Case]
) -> None:
    _lab, first, _second = two_cases
    actor = builders.actor(role, agency=first.agency)
    expected = {first.pk} if role_allows(role, "case.read") else set()
    for name, rows in LISTS.items():
        assert cases_of(name, rows(actor)) == expected, (role, name)


@pytest.mark.parametrize("role", ["investigator", "prosecutor"])
def test_an_assignment_shows_the_status_of_one_case_and_no_content(
    role: str, two_cases: tuple[Laboratory, Case, Case]
) -> None:
    lab, first, second = two_cases
    user = builders.person()
    case_assign(actor=lab.custodian, case=first, user=user, role=role)
    actor = builders.actor_of(user)
    assert [grant.case for grant in actor.scopes_of("status.read")] == [first.uuid]
    for name, rows in LISTS.items():
        assert cases_of(name, rows(actor)) == set(), name
    assert not actor.may("status.read", case_scope(second))


@pytest.mark.parametrize("role", list(Role))
def test_submission_forms_are_shown_to_their_agency_and_to_staff(role: Role) -> None:
    first, second = builders.agency(), builders.agency()
    for agency in (first, second):
        author = builders.actor(Role.INVESTIGATOR, agency=agency)
        submission_create(
            actor=author,
            agency=agency,
            place="Port",
            seized_at=builders.SEIZED_AT.replace(year=2025),
            lines=[LineFacts(description="bag")],
        )
    seen = {row.agency_id for row in submission_list(actor=builders.actor(role, agency=first))}
    assert second.pk not in seen
    if role_allows(role, "submission.create"):
        assert seen == {first.pk}


def test_an_account_without_grants_sees_nothing(two_cases: tuple[Laboratory, Case, Case]) -> None:
    actor = builders.actor()
    for name, rows in LISTS.items():
        assert not list(rows(actor)), name

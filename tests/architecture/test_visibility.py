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
from lims.common.errors import NotAllowed, NotFound
from lims.lab.selectors.profiles import profile_list
from lims.links.models import LinkSearch
from lims.links.selectors.links import link_get, link_list, links_of_search, links_to_review, network, taxa_known
from lims.links.selectors.outside import links_followed
from lims.links.selectors.searches import search_get, search_list, search_result, seizures_searchable
from tests.lims import builders
from tests.lims.builders import Laboratory
from tests.lims.lab.support import installation
from tests.lims.links import support

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


# Links between seizures reach over cases: both sides must be within a role's grants


@pytest.fixture
def linked(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> support.Links:
    """Three seizures of three agencies, two of them linked, the link confirmed."""
    installation(settings, tmp_path)
    support.quick_rule(monkeypatch)
    made = support.hauls()
    support.reviewed(made)
    return made


def refused(read: Callable[[], Any]) -> bool:
    """Whether a read is refused."""
    try:
        read()
    except (NotAllowed, NotFound):
        return True
    return False


def test_links_and_profiles_are_shown_to_the_roles_of_the_matrix(linked: support.Links) -> None:
    link, cases = support.the_link(), {case.pk for case in linked.cases}
    search = LinkSearch.objects.get()
    for role in Role:
        actor, reads = builders.actor(role), role_allows(role, "link.read")
        expected = {link.pk} if reads else set()
        assert {row.case_id for row in profile_list(actor=actor)} == (cases if role_allows(role, "run.read") else set())
        assert {view.link.pk for view in link_list(actor=actor)} == expected, role
        assert {view.link.pk for view in links_of_search(actor=actor, search=search)} == expected, role
        assert taxa_known(actor=actor) == ([support.TAXON] if reads else [])
        assert {seizure.case_id for seizure, _number in seizures_searchable(actor=actor)} == (cases if reads else set())
        assert links_to_review(actor=actor) == []  # it is reviewed
        assert refused(lambda actor=actor: network(actor=actor)) is not reads, role
        assert refused(lambda actor=actor: link_get(actor=actor, key=link.uuid)) is not reads, role
        assert refused(lambda actor=actor: search_list(actor=actor)) is not reads, role
        assert refused(lambda actor=actor: search_get(actor=actor, uuid=search.uuid)) is not reads, role
        assert refused(lambda actor=actor: search_result(actor=actor, uuid=search.uuid)) is not reads, role
        assert {one.uuid for one in links_followed(actor=actor)} == (
            {link.uuid} if role_allows(role, "link.release") else set()
        ), role


def test_a_role_for_one_agency_sees_no_link_to_another_agencys_seizure(linked: support.Links) -> None:
    link, first = support.the_link(), linked.hauls[0]
    search = LinkSearch.objects.get()
    for role in Role:
        actor = builders.actor(role, agency=first.agency)
        expected = {first.case.pk} if role_allows(role, "run.read") else set()
        assert {row.case_id for row in profile_list(actor=actor)} == expected, role
        assert link_list(actor=actor) == [], role
        assert links_of_search(actor=actor, search=search) == [], role
        assert taxa_known(actor=actor) == [], role
        assert refused(lambda actor=actor: link_get(actor=actor, key=link.uuid)), role
        assert refused(lambda actor=actor: search_list(actor=actor)), role
        assert refused(lambda actor=actor: search_result(actor=actor, uuid=search.uuid)), role
        followed = links_followed(actor=actor)
        assert [one.own for one in followed] == ([first.seizure] if role_allows(role, "link.release") else []), role
        assert not any(one.disclosed or one.view for one in followed), role

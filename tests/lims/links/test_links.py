"""Links as history: found, reviewed by a second person, merged and separated, released and withdrawn."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from chain_of_custody.models import Commitment, Entry
from lims.accounts.roles import Role
from lims.casework.services.cases import case_assign
from lims.common.errors import BadInput, NotAllowed, NotFound, RuleViolation, StaleVersion
from lims.links.enums import LinkAct, LinkStanding
from lims.links.models import Link, LinkEntry, LinkSearch
from lims.links.selectors.links import LinkFilter, link_get, link_list, links_to_review, network
from lims.links.selectors.outside import link_followed_get, link_side_get, links_followed
from lims.links.selectors.searches import search_result
from lims.links.selectors.states import link_state
from lims.links.services.links import link_merge, link_release, link_release_withdraw, link_review, link_separate
from lims.links.services.searches import search_order
from tests.lims import builders
from tests.lims.links import support
from tests.lims.links.support import Links, enter, officer, reviewed, searched, the_link

pytestmark = pytest.mark.django_db


def acts(link: Link) -> list[str]:
    return list(link.entries.order_by("number").values_list("act", flat=True))


def payloads(kind: str) -> list[tuple[str, dict]]:
    """Verb and values of every entry in streams of a kind, as verified bytes say it."""
    rows = Entry.objects.filter(stream__kind=kind).order_by("id")
    return [(told["verb"], told) for told in (json.loads(bytes(row.canonical)) for row in rows)]


# Found


def test_a_search_proposes_the_pair_of_seizures_that_share_an_animal(made: Links) -> None:
    search = searched(made)
    assert (search.state, search.summary["links"], search.summary["seizure_pairs"]) == ("done", 1, 3)
    view = link_get(actor=made.lab.analyst, key=the_link().uuid)
    assert {view.link.first_id, view.link.second_id} == {one.seizure.pk for one in made.hauls[:2]}
    assert (view.basis, view.state.standing, view.state.waiting) == ("direct", "unreviewed", True)
    (match,) = view.evidence["matches"]
    assert (match["shared_loci"], match["matching_loci"]) == (16, 16)
    assert match["log10_lr"] > 10
    for name in (
        "method",
        "method_version",
        "rule",
        "rule_version",
        "rule_sha256",
        "loci",
        "direct_expected",
        "expected",
    ):
        assert view.evidence[name] is not None, name
    assert view.evidence["direct_expected"] < 1e-6
    (group,) = search.summary["groups"]
    assert (group["profiles"], group["animals"]) == (12, 12)
    assert group["published"][0] == 6.59e-4


def test_a_search_says_nothing_of_pairs_of_relatives(made: Links) -> None:
    """A mother in one haul and her young in the other: counted, and nowhere named."""
    mother = made.herd.animal()
    first, second = support.haul(made.lab, 1), support.haul(made.lab, 1)
    (dam,) = enter(made.lab, first, [mother])
    (calf,) = enter(made.lab, second, [made.herd.young(mother)])
    search = searched(made)
    assert sum(search.summary["groups"][0]["observed"]) >= 1
    assert Link.objects.count() == 1
    text = search_result(actor=made.lab.analyst, uuid=search.uuid)[2].decode()
    assert str(dam.uuid) not in text
    assert str(calf.uuid) not in text


def test_the_same_find_is_entered_once_and_a_lost_one_is_told(made: Links) -> None:
    searched(made)
    searched(made)
    link = the_link()
    assert acts(link) == ["proposed"]
    enter(made.lab, made.hauls[1], [made.herd.animal() for _ in range(4)], reason="Typed again: tubes were swapped.")
    searched(made)
    assert acts(link) == ["proposed", "not_found"]
    with pytest.raises(RuleViolation, match="did not find"):
        link_review(actor=made.lab.reviewer, link=link, seen=2, decision="confirmed", note="x")
    link_review(actor=made.lab.reviewer, link=link, seen=2, decision="rejected", note="Swapped tubes.")
    assert link_state(link).standing == LinkStanding.REJECTED


def test_tests_and_training_never_meet_casework(made: Links) -> None:
    test = support.haul(made.lab, 4, kind="proficiency")
    enter(made.lab, test, [made.herd.animal() for _ in range(4)])
    search = searched(made)
    assert search.summary["seizure_pairs"] == 3
    with pytest.raises(BadInput, match="never compared"):
        search_order(actor=made.lab.analyst, seizures=[made.hauls[0].seizure, test.seizure])


def test_searches_that_are_refused(made: Links) -> None:
    with pytest.raises(BadInput, match="Fewer than two"):
        search_order(actor=made.lab.analyst, seizures=[made.hauls[0].seizure])
    with pytest.raises(BadInput, match="theta"):
        search_order(actor=made.lab.analyst, theta=1.5)
    with pytest.raises(BadInput, match="no rule"):
        search_order(actor=made.lab.analyst, rule="nothing")
    for who in (made.lab.reviewer, made.lab.manager, made.lab.technician, builders.actor(Role.AUDITOR)):
        with pytest.raises(NotAllowed):
            search_order(actor=who)
    assert not LinkSearch.objects.exists()


# Reviewed


def test_neither_the_analyst_nor_who_entered_the_profiles_reviews(made: Links) -> None:
    both = builders.actor(Role.ANALYST, Role.REVIEWER)
    searched(made, by=both)
    link = the_link()
    with pytest.raises(NotAllowed, match="second person"):
        link_review(actor=both, link=link, seen=1, decision="confirmed", note="mine")
    typist = builders.actor(Role.TECHNICIAN, Role.REVIEWER)
    third = support.haul(made.lab, 4)
    animals = [made.herd.animal() for _ in range(4)]
    enter(made.lab, third, animals, by=typist)
    link_review(actor=typist, link=link, seen=1, decision="confirmed", note="Not my profiles.")
    enter(made.lab, made.hauls[0], animals[:1], by=typist, reason="Typed again.")
    searched(made, by=both)
    mine = next(
        view.link for view in link_list(actor=both) if third.seizure.pk in {view.link.first_id, view.link.second_id}
    )
    with pytest.raises(NotAllowed, match="second person"):
        link_review(actor=typist, link=mine, seen=1, decision="confirmed", note="x")
    for role in (Role.MANAGER, Role.CUSTODIAN, Role.AUDITOR, Role.INVESTIGATOR):
        with pytest.raises(NotAllowed):
            link_review(actor=builders.actor(role), link=link, seen=2, decision="confirmed", note="x")


def test_of_two_reviewers_at_once_the_second_must_look_again(made: Links) -> None:
    searched(made)
    link, other = the_link(), builders.actor(Role.REVIEWER)
    link_review(actor=made.lab.reviewer, link=link, seen=1, decision="rejected", note="A sample was mixed up.")
    with pytest.raises(StaleVersion, match="meanwhile"):
        link_review(actor=other, link=link, seen=1, decision="confirmed", note="Good.")
    with pytest.raises(RuleViolation, match="decided so already"):
        link_review(actor=other, link=link, seen=2, decision="rejected", note="Too.")
    assert acts(link) == ["proposed", "rejected"]
    assert links_to_review(actor=other) == []
    assert link_list(actor=other) == []
    assert len(link_list(actor=other, wanted=LinkFilter(rejected=True))) == 1


def test_a_review_says_why(made: Links) -> None:
    searched(made)
    assert [view.link for view in links_to_review(actor=made.lab.reviewer)] == [the_link()]
    assert links_to_review(actor=made.lab.analyst) == []
    with pytest.raises(BadInput):
        link_review(actor=made.lab.reviewer, link=the_link(), seen=1, decision="confirmed", note=" ")
    with pytest.raises(BadInput):
        link_review(actor=made.lab.reviewer, link=the_link(), seen=1, decision="merged", note="x")


def test_the_database_keeps_the_history(made: Links) -> None:
    link = reviewed(made)
    for statement in (
        "UPDATE links_linkentry SET note = 'x'",
        "DELETE FROM links_linkentry",
        "UPDATE links_link SET taxon = 'x'",
        "UPDATE lab_profile SET typed = 1",
        "DELETE FROM lab_profile",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert acts(link) == ["proposed", "confirmed"]


# The ledger


def test_no_entry_names_two_cases_and_the_acts_entries_are_joined(made: Links) -> None:
    link = reviewed(made)
    first, second = made.hauls[0], made.hauls[1]
    link_release(actor=officer(first), link=link, side=first.seizure)
    words = [
        {str(one.seizure.uuid), str(one.case.uuid), *(str(piece.item.uuid) for piece in one.exhibits)}
        for one in (first, second)
    ]
    for kind in ("link", "link_search", "case", "profile"):
        for _verb, told in payloads(kind):
            text = str(told)
            assert sum(any(word in text for word in own) for own in words) <= 1, told
    for _verb, told in payloads("link"):
        assert not any(word in str(told) for own in words for word in own)
    confirmed = [told for kind in ("link", "case") for verb, told in payloads(kind) if verb == "confirmed"]
    assert len(confirmed) == 3
    assert len({told["act"] for told in confirmed}) == 1
    released = [told for kind in ("link", "case") for verb, told in payloads(kind) if verb == "released"]
    assert len(released) == 2  # the other side's case is told nothing


def test_a_note_is_committed_in_the_link_stream_alone(made: Links) -> None:
    reviewed(made)
    rows = Commitment.objects.exclude(value=None).select_related("entry__stream")
    assert {row.entry.stream.kind for row in rows if b"Alleles looked at." in bytes(row.value)} == {"link"}


# Merged


def test_merged_seizures_are_one_to_later_searches_and_separable(made: Links) -> None:
    searched(made)
    link, lab = the_link(), made.lab
    with pytest.raises(RuleViolation, match="confirmed"):
        link_merge(actor=lab.reviewer, link=link, seen=1, note="One container.")
    link_review(actor=lab.reviewer, link=link, seen=1, decision="confirmed", note="Good.")
    link_merge(actor=lab.reviewer, link=link, seen=2, note="One container.")
    with pytest.raises(RuleViolation, match="one already"):
        link_merge(actor=lab.reviewer, link=link, seen=3, note="One container.")
    merged = searched(made)
    assert merged.summary["seizure_pairs"] == 1
    assert acts(link) == ["proposed", "confirmed", "merged"]
    (node,) = network(actor=lab.analyst).nodes
    assert {node.seizure.pk, *(one.pk for one in node.also)} == {link.first_id, link.second_id}
    link_separate(actor=lab.reviewer, link=link, seen=3, note="Two containers after all.")
    assert searched(made).summary["seizure_pairs"] == 3
    assert len(network(actor=lab.analyst).nodes) == 2


def test_a_rejection_ends_the_merge_and_the_releases(made: Links) -> None:
    link = reviewed(made)
    first, second = made.hauls[:2]
    link_merge(actor=made.lab.reviewer, link=link, seen=2, note="One container.")
    for side in (first, second):
        link_release(actor=officer(side), link=link, side=side.seizure)
    assert link_state(link).open_to_both
    link_review(actor=made.lab.reviewer, link=link, seen=5, decision="rejected", note="Mixed up.")
    state = link_state(link)
    assert (state.merged, state.released, state.open_to_both) == (False, frozenset(), False)
    assert links_followed(actor=officer(first)) == []
    link_review(actor=made.lab.reviewer, link=link, seen=6, decision="confirmed", note="Not mixed up.")
    assert not link_state(link).open_to_both


# Released


def test_each_side_sees_that_a_link_exists_and_no_more_until_both_release(made: Links) -> None:
    link = reviewed(made)
    first, second, third = made.hauls
    one, two, three = (officer(side) for side in made.hauls)
    assert links_followed(actor=three) == []
    for who, side in ((one, first), (two, second)):
        (told,) = links_followed(actor=who)
        assert (told.own, told.other, told.view, told.released) == (side.seizure, None, None, False)
    link_release(actor=one, link=link, side=first.seizure)
    (told,) = links_followed(actor=two)
    assert (told.other, told.words) == (None, ())  # nothing of the other side's word
    (mine,) = links_followed(actor=one)
    assert (mine.released, mine.other) == (True, None)
    link_release(actor=two, link=link, side=second.seizure)
    (told,) = links_followed(actor=two)
    assert told.other == first.seizure
    assert told.view is not None
    link_release_withdraw(actor=one, link=link, side=first.seizure)
    assert [told.other for told in links_followed(actor=two)] == [None]
    with pytest.raises(RuleViolation, match="has not released"):
        link_release_withdraw(actor=one, link=link, side=first.seizure)
    with pytest.raises(NotAllowed):
        link_release(actor=three, link=link, side=first.seizure)
    with pytest.raises(BadInput):
        link_release(actor=three, link=link, side=third.seizure)


def test_nobody_speaks_for_the_other_side(made: Links) -> None:
    link = reviewed(made)
    first, second = made.hauls[:2]
    one = officer(first)
    with pytest.raises(NotAllowed):
        link_release(actor=one, link=link, side=second.seizure)
    for who in (made.lab.analyst, made.lab.reviewer, made.lab.custodian, builders.actor(Role.AUDITOR)):
        with pytest.raises(NotAllowed):
            link_release(actor=who, link=link, side=first.seizure, note="x")
    with pytest.raises(BadInput):
        link_release(actor=made.lab.manager, link=link, side=first.seizure)
    link_release(actor=made.lab.manager, link=link, side=first.seizure, note="Asked by letter of 3 May.")
    with pytest.raises(RuleViolation, match="already"):
        link_release(actor=one, link=link, side=first.seizure)


def test_an_assigned_prosecutor_follows_and_releases_one_side(made: Links) -> None:
    link = reviewed(made)
    first, second = made.hauls[:2]
    user = builders.person()
    case_assign(actor=made.lab.custodian, case=first.case, user=user, role="prosecutor")
    prosecutor = builders.actor_of(user)
    assert [told.other for told in links_followed(actor=prosecutor)] == [None]
    link_release(actor=prosecutor, link=link, side=first.seizure)
    case_assign(actor=made.lab.custodian, case=second.case, user=user, role="prosecutor")
    both = builders.actor_of(user)
    assert {told.other for told in links_followed(actor=both)} == {first.seizure, second.seizure}  # both are theirs
    assert [told.own for told in links_followed(actor=both, case=first.case)] == [first.seizure]


@pytest.mark.parametrize("decision", ["", "rejected"])
def test_what_is_not_confirmed_does_not_exist_outside(made: Links, decision: str) -> None:
    searched(made)
    link = the_link()
    if decision:
        link_review(actor=made.lab.reviewer, link=link, seen=1, decision=decision, note="Mixed up.")
    one = officer(made.hauls[0])
    assert links_followed(actor=one) == []
    with pytest.raises(RuleViolation, match="confirmed"):
        link_release(actor=one, link=link, side=made.hauls[0].seizure)
    answers = {_refusal(call) for call in _calls(one, link, made)}
    assert answers == {("link-not-found", "There is no such link, or it is not yours to see.")}


def _calls(one: object, link: Link, made: Links) -> list[Callable[[], object]]:
    return [
        lambda: link_followed_get(actor=one, uuid=link.uuid),  # type: ignore[arg-type]
        lambda: link_followed_get(actor=one, uuid=uuid4()),  # type: ignore[arg-type]
        lambda: link_side_get(actor=one, uuid=link.uuid, side=made.hauls[1].seizure.uuid),  # type: ignore[arg-type]
        lambda: link_get(actor=one, key=link.uuid),  # type: ignore[arg-type]
        lambda: link_get(actor=one, key="LK-2026-999999"),  # type: ignore[arg-type]
    ]


def _refusal(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(NotFound) as refused:
        call()
    return refused.value.code, str(refused.value)


# Lists


def test_filters_by_operation_species_time_and_strength(made: Links) -> None:
    reviewed(made)
    who = made.lab.analyst

    def found(**words: object) -> int:
        return len(link_list(actor=who, wanted=LinkFilter(**words)))  # type: ignore[arg-type]

    day = builders.SEIZED_AT.date()
    assert found() == found(operation="Operation Baobab") == found(taxon=support.TAXON) == found(basis="direct") == 1
    assert found(operation="x") == found(taxon="x") == found(basis="kin") == found(standing="rejected") == 0
    assert found(since=day) == 0  # one of the two was seized 30 days earlier
    assert found(until=day) == 1
    assert found(seizure=made.hauls[2].seizure.uuid) == 0


def test_lists_take_as_many_statements_for_many_links_as_for_one(made: Links, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    reviewed(made)
    with django_assert_num_queries(2):
        link_list(actor=made.lab.analyst)
    shared = made.herd.animal()
    for _number in range(3):
        enter(made.lab, support.haul(made.lab, 2), [shared, made.herd.animal()])
    searched(made)
    assert Link.objects.count() == 4
    with django_assert_num_queries(2):
        assert len(link_list(actor=made.lab.analyst)) == 4
    assert LinkEntry.objects.filter(act=LinkAct.PROPOSED).count() == 4

"""Lists of the law: read row by row, approved by a second person, asked by day, frozen on the report."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chain_of_custody.models import StoredFile
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.documents.data.parts import Marks
from lims.lab.enums import JobState
from lims.lab.models import LegalTaxon, Report
from lims.lab.selectors.law import Day, Question, rulings
from lims.lab.selectors.report_data import report_data
from lims.lab.services.law import law_approve, law_propose, law_retire
from lims.lab.services.reports import report_submit
from tests.lims import builders
from tests.lims.lab import support
from tests.lims.lab.law_support import INDEX, NATIONAL, law
from tests.lims.lab.support import Bench


def asked(name: str, day: date, *, origin: str = "", countries: tuple[str, ...] = ()) -> list:
    return rulings([Question(name=name, population=origin)], Day(on=day, because="asked"), countries)[0]


def test_a_history_is_read_row_by_row_and_the_bad_row_is_named(bench: Bench) -> None:
    row = law(bench.lab)
    assert (row.state, row.taxa_count, row.listing_count, row.refused_count) == (JobState.DONE, 4, 5, 1)
    assert row.history_since == date(1975, 7, 1)
    (refused,) = row.report["refused"]
    assert (refused["row"], refused["column"], refused["found"]) == (7, "appendix", "IV")
    assert refused["name"] == "Fictella rupta"
    (ruling,) = asked("Fictella rupta", date(2010, 1, 1))
    assert (ruling.kind, ruling.why) == ("unknown_at_date", "row_refused")


def test_names_are_found_through_synonyms_and_higher_taxa(bench: Bench) -> None:
    law(bench.lab)
    (ruling,) = asked("Loxodonta cyclotis", date(1995, 1, 1))
    assert (ruling.name_in_list, ruling.name_kind, ruling.categories) == ("Loxodonta africana", "synonym", ("I",))
    (unnamed,) = asked("Fictella ignota", date(1995, 1, 1))
    assert (unnamed.categories, unnamed.covered_by, unnamed.name_in_list) == (("II",), "Fictella", "")
    (genus,) = asked("Fictella", date(1995, 1, 1))
    assert genus.kind == "unknown_at_date"  # a species of it has a row that could not be read
    (unknown,) = asked("Felis catus", date(1995, 1, 1))
    assert unknown.kind == "unknown_name"
    assert "does not say that it is not listed" in unknown.statement


def test_the_index_of_one_day_has_no_history_and_does_not_pretend_to(bench: Bench) -> None:
    law(bench.lab, INDEX, as_of=date(2017, 4, 21))
    (before,) = asked("Elephas maximus", date(2016, 4, 21))
    assert (before.kind, before.why) == ("unknown_at_date", "no_history")
    assert "no history" in before.statement
    (after,) = asked("Elephas maximus", date(2018, 1, 1))
    assert after.why == "after_state"
    (on_the_day,) = asked("Elephas maximus", date(2017, 4, 21))
    assert on_the_day.categories == ("I",)
    (split,) = asked("Loxodonta africana", date(2017, 4, 21))
    assert (split.kind, split.why, split.categories) == ("conditional", "annotation", ("I", "II"))
    assert split.parts[0]["annotations"] == ["Except the populations of BW.", "The populations of BW."]


def test_the_edition_that_speaks_of_the_day_answers(bench: Bench) -> None:
    older = law(bench.lab, edition="2025", as_of=date(2025, 2, 8))
    index = law(bench.lab, INDEX, edition="2026 index", as_of=date(2026, 5, 1))
    assert asked("Loxodonta africana", date(1995, 1, 1))[0].edition == older.edition
    assert asked("Elephas maximus", date(2026, 5, 1))[0].edition == index.edition
    law_retire(actor=bench.lab.manager, row=older, reason="replaced")
    assert asked("Loxodonta africana", date(1995, 1, 1))[0].kind == "unknown_at_date"


def test_a_national_list_is_asked_for_its_country_alone(bench: Bench) -> None:
    law(bench.lab)
    law(bench.lab, NATIONAL, scheme="national", jurisdiction="ke", name="Wildlife Act")
    found = asked("Loxodonta africana", date(2020, 1, 1), countries=("KE",))
    assert [(one.scheme, one.categories, one.name_in_law) for one in found] == [
        ("cites", ("I", "II"), ""),
        ("national", ("Sixth Schedule",), "African elephant"),
    ]
    assert len(asked("Loxodonta africana", date(2020, 1, 1), countries=("UG",))) == 1


def test_an_edition_that_exists_is_refused_and_leaves_no_file(bench: Bench) -> None:
    law(bench.lab)
    kept = StoredFile.objects.filter(role="law_list").count()
    with pytest.raises(BadInput, match="choose a new edition") as refused:
        law(bench.lab)
    assert (refused.value.code, refused.value.field) == ("taken", "edition")
    assert StoredFile.objects.filter(role="law_list").count() == kept


def test_a_second_person_approves_and_only_what_is_read(bench: Bench) -> None:
    row = law(bench.lab, approved=False)
    assert asked("Loxodonta africana", date(2020, 1, 1)) == []
    with pytest.raises(NotAllowed):
        law_approve(actor=bench.lab.analyst, row=row, note="mine")
    own = builders.actor(builders.Role.MANAGER, builders.Role.ANALYST)
    mine = law_propose(
        actor=own,
        scheme="cites",
        name="Own",
        edition="1",
        as_of=date(2026, 1, 1),
        source=("x.csv", b"nothing"),
        provenance="Synthetic.",
    )
    with pytest.raises(NotAllowed, match="second person"):
        law_approve(actor=own, row=mine, note="mine")
    with pytest.raises(RuleViolation, match="not waiting"):
        law_approve(actor=bench.lab.manager, row=mine, note="unread")


def test_a_file_that_is_no_checklist_fails_with_a_remedy_and_frees_its_edition(bench: Bench) -> None:
    row = law(bench.lab, "a,b\n1,2\n", approved=False)
    assert row.state == JobState.FAILED
    assert "names no column scientific_name" in row.error
    assert not LegalTaxon.objects.filter(list=row).exists()
    again = law(bench.lab)
    assert again.state == JobState.DONE
    with pytest.raises(BadInput, match="choose a new edition"):
        law(bench.lab)
    with pytest.raises(BadInput, match="to come"):
        law(bench.lab, edition="2", as_of=date(2099, 1, 1))
    with pytest.raises(BadInput):
        law(bench.lab, edition="3", scheme="national", jurisdiction="Q9")


def test_asking_for_many_names_takes_as_many_statements_as_for_one(bench: Bench) -> None:
    law(bench.lab)
    counts = []
    for number in (1, 40):
        names = [Question(name="Loxodonta africana"), *[Question(name=f"Fictella n{n}") for n in range(number)]]
        names = [Question(name=one.name.rstrip("0123456789")) for one in names]
        with CaptureQueriesContext(connection) as captured:
            rulings(names, Day(on=date(2020, 1, 1)), ("KE",))
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 8


def test_the_report_keeps_what_the_law_said_when_it_was_submitted(bench: Bench) -> None:
    bench.case.offence_date = date(2010, 3, 4)
    bench.case.save(update_fields=["offence_date"])
    first = law(bench.lab)
    support.origin_run(bench)
    found = support.finding(bench, identification="species", name_found="Loxodonta africana", origin_country="NA")
    report = support.report(bench, found)
    report = report_submit(actor=bench.lab.analyst, report=report, version=report.version)
    law_retire(actor=bench.lab.manager, row=first, reason="superseded")
    law(bench.lab, INDEX, edition="later", as_of=date(2026, 10, 31))
    row = Report.objects.get(pk=report.pk)
    data = report_data(row, kind="draft", issued_at=timezone.now(), marks=Marks(), signer=None)
    (status,) = data.law
    assert status.statement == "Appendix II on 4 Mar 2010, since 19 Jul 2000."
    assert (status.asked_on, status.asked_because) == (date(2010, 3, 4), "day of the offence")
    assert status.digest == first.file.digest
    assert status.annotations == ("Populations of four countries.",)

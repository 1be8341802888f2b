"""Two runs side by side: a repetition has the same bytes, another file is named as what differs."""

from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from lims.accounts.models import User
from lims.lab.models import Run
from lims.lab.rules.comparing import RunFacts, Section, compare
from lims.lab.selectors.comparing import runs_compare
from lims.lab.services.runs import run_rerun
from lims.lab.tasks import run_execute
from tests.lims.api.client import Caller, problem
from tests.lims.lab.support import Bench, origin_run

_FACTS = st.dictionaries(st.sampled_from("abcd"), st.text(max_size=3), max_size=4)
_RUNS = st.builds(RunFacts, how=_FACTS, files=_FACTS, answers=_FACTS, numbers=_FACTS, results=_FACTS)


@given(_RUNS)
def test_a_run_beside_itself_differs_nowhere(one: RunFacts) -> None:
    found = compare(one, one)
    assert not found.differing
    assert found.same_inputs
    assert found.same_results
    assert found.same_answers


@given(_RUNS, _RUNS)
def test_sides_can_be_changed_and_every_name_stands_once(one: RunFacts, other: RunFacts) -> None:
    there, back = compare(one, other), compare(other, one)
    assert {(line.section, line.name, line.first, line.second) for line in there.lines} == {
        (line.section, line.name, line.second, line.first) for line in back.lines
    }
    for section in Section:
        names = [line.name for line in there.of(section)]
        assert sorted(names) == sorted(set(getattr(one, section)) | set(getattr(other, section)))


def test_a_repetition_is_the_same_and_another_seed_is_named(client: Client, bench: Bench) -> None:
    run = origin_run(bench)
    client.force_login(User.objects.get(pk=bench.lab.reviewer.user_id))
    here = reverse("web:run_compare", args=[run.reference])
    assert b"Nothing to compare with" in client.get(here).content
    again = run_rerun(actor=bench.lab.analyst, run=run)
    run_execute(again.pk)
    again.refresh_from_db()
    found = runs_compare(run, again)
    assert again.identical
    assert (found.same_inputs, found.same_results, found.differing) == (True, True, ())
    shown = client.get(here).content.decode()
    assert again.reference in shown
    assert "so the bytes must be the same" in shown
    header, *rows = bench.data.samples_csv.splitlines(keepends=True)
    other = origin_run(bench, content=(header + "".join(rows[:1])).encode())
    changed = runs_compare(run, Run.objects.get(pk=other.pk))
    assert not changed.same_inputs
    assert [line.section for line in changed.differing if line.section == Section.FILES] == [Section.FILES]
    assert client.get(here, {"other": other.reference}).status_code == 200
    assert client.get(here, {"other": "R-1999-000001"}).status_code == 422
    client.force_login(User.objects.get(pk=bench.lab.custodian.user_id))
    assert client.get(here).status_code == 403


def test_the_api_compares_runs_of_one_method_and_case(bench: Bench) -> None:
    run = origin_run(bench)
    again = run_rerun(actor=bench.lab.analyst, run=run)
    reviewer = Caller(bench.lab.reviewer)
    problem(reviewer.get(f"runs/{run.uuid}/comparison/?other={again.uuid}"), 404, "run-not-found")
    problem(reviewer.get(f"runs/{again.uuid}/comparison/?other={run.uuid}"), 422, "not-done")
    run_execute(again.pk)
    told = reviewer.get(f"runs/{run.uuid}/comparison/?other={again.uuid}").json()
    assert (told["same_inputs"], told["same_answers"], told["same_results"]) == (True, True, True)
    assert {line["section"] for line in told["lines"]} == {"how", "files", "answers", "numbers", "results"}
    assert all(line["same"] for line in told["lines"])
    assert reviewer.get(f"runs/{run.uuid}/comparison/?other={run.uuid}").status_code == 404
    assert Caller(bench.lab.custodian).get(f"runs/{run.uuid}/comparison/?other={again.uuid}").status_code in {403, 404}

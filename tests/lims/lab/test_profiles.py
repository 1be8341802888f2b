"""Profiles of evidence: all rows or none, each error with its row, superseded and never changed, in no reference."""

import io
from dataclasses import replace

import pytest
from django.utils import translation

from analysis.errors import InputRefused
from analysis.inputs import no_progress
from chain_of_custody.models import Entry
from lims.accounts.roles import Role
from lims.casework.models import Case
from lims.casework.services.cases import case_close
from lims.common.errors import BadInput, ManyErrors, NotAllowed, NotFound, RuleViolation
from lims.lab.execution import reference_compute
from lims.lab.models import Profile, Run
from lims.lab.selectors.profiles import profile_get, profile_list, tables_offered
from lims.lab.services.profiles import ProfileTable, profiles_enter
from lims.lab.services.references import reference_propose
from tests.lims import builders
from tests.lims.lab.support import installation
from tests.lims.links import support
from tests.lims.links.support import LOCI, Haul, Links, enter, table_store, table_text

pytestmark = pytest.mark.django_db
TABLE = ProfileTable(panel=support.PANEL, basis="Consensus of three replicates", taxon="Loxodonta africana")


@pytest.fixture
def made(settings, tmp_path, db) -> Links:  # type: ignore[no-untyped-def]
    translation.activate("en")
    installation(settings, tmp_path)
    return Links()


@pytest.fixture
def haul(made: Links) -> Haul:
    return support.haul(made.lab, 3)


def names(haul: Haul) -> list[str]:
    return [one.item.reference for one in haul.exhibits]


def refused(made: Links, haul: Haul, text: str, **changes: object) -> list[str]:
    """What is wrong with a table; nothing was entered."""
    file = table_store(made.lab.technician, haul.case, text)
    with pytest.raises((BadInput, ManyErrors)) as refusal:
        profiles_enter(actor=made.lab.technician, case=haul.case, file=file, table=replace(TABLE, **changes))  # type: ignore[arg-type]
    assert not Profile.objects.exists()
    error = refusal.value
    return [str(one) for one in error] if isinstance(error, ManyErrors) else [str(error)]


def test_every_row_becomes_a_profile_of_its_item(made: Links, haul: Haul) -> None:
    animals = [made.herd.animal() for _ in range(3)]
    text = table_text(names(haul), animals, extra={"replicates": ["3", "4", "3"], "sp": ["", "Loxodonta cyclotis", ""]})
    file = table_store(made.lab.technician, haul.case, text)
    table = replace(TABLE, taxon_column="sp", quality_columns=("replicates",))
    entered = profiles_enter(actor=made.lab.technician, case=haul.case, file=file, table=table)
    assert [one.item.reference for one in entered] == names(haul)
    assert [one.taxon for one in entered] == ["Loxodonta africana", "Loxodonta cyclotis", "Loxodonta africana"]
    assert [one.row for one in entered] == [2, 3, 4]
    assert entered[1].quality == {"replicates": "4"}
    stored = Profile.objects.get(pk=entered[0].pk)
    assert stored.loci == {name: sorted(pair, key=int) for name, pair in zip(LOCI, animals[0], strict=True)}
    assert (stored.typed, stored.panel_size, stored.seizure_id) == (16, 16, haul.seizure.pk)
    assert Entry.objects.filter(stream__kind="profile").count() == 3


def test_untyped_loci_stay_untyped(made: Links, haul: Haul) -> None:
    animal = made.herd.animal()
    animal[3] = ("", "NA")
    (entered,) = enter(made.lab, haul, [animal])
    assert entered.typed == 15
    assert LOCI[3] not in entered.loci


def test_scan_codes_name_items_too_and_samples_count_for_their_exhibit(made: Links, haul: Haul) -> None:
    code = haul.exhibits[0].item.scan_code
    assert code
    file = table_store(made.lab.technician, haul.case, table_text([code], [made.herd.animal()]))
    (entered,) = profiles_enter(actor=made.lab.technician, case=haul.case, file=file, table=TABLE)
    assert entered.item_id == haul.exhibits[0].item_id


def test_every_wrong_row_is_named_and_none_is_entered(made: Links, haul: Haul) -> None:
    other = support.haul(made.lab, 1)
    unseized = builders.exhibits(made.lab.custodian, haul.case)[0].item.reference
    rows = [names(haul)[0], "WF-NOTHING", other.exhibits[0].item.reference, unseized]
    told = refused(made, haul, table_text(rows, [made.herd.animal() for _ in rows]))
    assert len(told) == 3
    assert "row 3: «WF-NOTHING» is no item of" in told[0]
    assert "row 4" in told[1]
    assert "row 5" in told[2]
    assert "belongs to no seizure" in told[2]


def test_tables_that_cannot_be_read_are_refused_in_place(made: Links, haul: Haul) -> None:
    good = table_text(names(haul), [made.herd.animal() for _ in range(3)])
    lines = good.splitlines()
    half = "\n".join([lines[0], lines[1].rsplit(",", 1)[0] + ",", *lines[2:]])
    (told,) = refused(made, haul, half)
    assert "row 2" in told
    assert "half typed" in told
    assert "field animal" in refused(made, haul, good, item_column="animal")[0]
    (twice,) = refused(made, haul, "\n".join([*lines, lines[1]]))
    assert "row 5" in twice
    assert refused(made, haul, good, taxon="")
    assert refused(made, haul, good, panel=" ")
    empty = "\n".join([lines[0], names(haul)[0] + "," * (2 * len(LOCI))])
    assert "no locus is typed" in refused(made, haul, empty)[0]


def test_a_new_profile_supersedes_with_a_reason_and_the_old_one_stays(made: Links, haul: Haul) -> None:
    first, second = made.herd.animal(), made.herd.animal()
    (old,) = enter(made.lab, haul, [first])
    with pytest.raises(ManyErrors) as refusal:
        enter(made.lab, haul, [second])
    assert "Say why" in str(next(iter(refusal.value)))
    with pytest.raises(ManyErrors) as known:
        enter(made.lab, haul, [first], reason="again")
    assert "known already" in str(next(iter(known.value)))
    (new,) = enter(made.lab, haul, [second], reason="Tubes were swapped.")
    (other_panel,) = enter(made.lab, haul, [second], panel="F16")
    assert new.supersedes == old
    assert set(profile_list(actor=made.lab.technician)) == {new, other_panel}
    assert profile_list(actor=made.lab.technician, current=False).count() == 3
    assert profile_get(actor=made.lab.analyst, uuid=old.uuid).superseded_by == new


def test_who_may_enter_and_see_profiles(made: Links, haul: Haul) -> None:
    for role in (Role.CUSTODIAN, Role.REVIEWER, Role.MANAGER, Role.AUDITOR, Role.INVESTIGATOR, Role.INSTRUMENT):
        file = table_store(made.lab.technician, haul.case, table_text(names(haul)[:1], [made.herd.animal()]))
        with pytest.raises(NotAllowed):
            profiles_enter(actor=builders.actor(role), case=haul.case, file=file, table=TABLE)
    (entered,) = enter(made.lab, haul, [made.herd.animal()], by=made.lab.analyst)
    for outside in (builders.actor(Role.INVESTIGATOR), builders.actor(Role.ANALYST, agency=builders.agency())):
        with pytest.raises(NotFound):
            profile_get(actor=outside, uuid=entered.uuid)


def test_a_table_belongs_to_the_case_or_to_a_finished_run_of_it(made: Links, haul: Haul) -> None:
    other = support.haul(made.lab, 1)
    file = table_store(made.lab.technician, other.case, table_text(names(haul), [made.herd.animal()] * 3))
    with pytest.raises(BadInput, match="not handed in"):
        profiles_enter(actor=made.lab.technician, case=haul.case, file=file, table=TABLE)
    offered = tables_offered(actor=made.lab.technician, case=other.case)
    assert [one.words for one in offered] == ["genotypes.csv"]
    assert tables_offered(actor=made.lab.technician, case=haul.case) == []


def test_the_genotype_of_evidence_enters_no_reference(made: Links, haul: Haul) -> None:
    """Under another name, in another file, its columns in another order."""
    evidence = made.herd.animal()
    enter(made.lab, haul, [evidence])
    animals = [made.herd.animal() for _ in range(5)]

    def built(rows: list[support.Animal]) -> object:
        extra = {"population": ["North"] * 3 + ["South"] * (len(rows) - 3)}
        text = table_text([f"animal {number}" for number in range(len(rows))], rows, extra=extra)
        reference = reference_propose(
            actor=made.lab.analyst,
            kind="origin",
            name="Populations",
            edition=str(len(rows)),
            files=[("baseline.csv", io.BytesIO(text.encode()))],
            parameters={"id_column": "item", "population_column": "population"},
            provenance="Synthetic.",
            synthetic=True,
        )
        return reference_compute(reference, no_progress)

    built(animals)
    with pytest.raises(InputRefused, match="evidence may not enter a reference") as refusal:
        built([*animals, evidence])
    assert refusal.value.row == 7
    assert haul.exhibits[0].item.reference not in str(refusal.value)


def test_a_closed_case_takes_no_profiles(made: Links, haul: Haul) -> None:
    case = Case.objects.get(pk=haul.case.pk)
    case_close(actor=made.lab.custodian, case=case, version=case.version, reason="Judgment is final.")
    with pytest.raises(RuleViolation, match="is closed"):
        enter(made.lab, haul, [made.herd.animal()])
    assert not Profile.objects.exists()


def test_a_run_of_another_case_gives_no_profiles(made: Links, haul: Haul) -> None:
    other = support.haul(made.lab, 1)
    run = Run.objects.create(
        reference="R-1", case=other.case, method="x", method_version="1", started_by=builders.party(made.lab.analyst)
    )
    file = table_store(made.lab.technician, haul.case, table_text(names(haul), [made.herd.animal()] * 3))
    with pytest.raises(RuleViolation, match="finished run"):
        profiles_enter(actor=made.lab.technician, case=haul.case, file=file, table=TABLE, run=run)

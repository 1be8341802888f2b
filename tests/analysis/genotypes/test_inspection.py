"""A genotype file looked at before it is kept: names, repeated typings, one animal under two names."""

import pytest

from analysis.genotypes.inspection import ALIKE_LOCI, inspect
from analysis.genotypes.reader import Layout

LOCI = [f"L{number}" for number in range(ALIKE_LOCI)]
HEAD = ",".join(["id", *(f"{locus}_{half}" for locus in LOCI for half in (1, 2))])


def row(name: str, *, first: str = "100", swapped: bool = False, untyped: int = 0) -> str:
    pair = ["104", "100"] if swapped else ["100", "104"]
    cells = [first, "104", *(pair * (len(LOCI) - 1))]
    for place in range(2 * untyped):
        cells[place] = ""
    return ",".join([name, *cells])


def notices(*rows: str, repeats: bool = False) -> tuple[str, ...]:
    content = "\n".join([HEAD, *rows]).encode()
    found = inspect(content, name="t.csv", layout=Layout(id="id", repeats=repeats))
    assert not found.problems
    return found.notices


def test_one_animal_under_two_names_is_told_whatever_the_order_of_its_alleles() -> None:
    (told,) = notices(row("A"), row("B", first="102"), row("C", first="100", swapped=True))
    assert told.startswith("The same genotype stands under 2 names: A, C.")


def test_few_loci_and_repeated_typings_are_no_suspicion() -> None:
    assert notices(row("A", untyped=1), row("B", untyped=1)) == ()
    assert notices(row("A"), row("A"), repeats=True) == ()


@pytest.mark.parametrize("repeats", [False, True])
def test_a_name_in_two_rows_is_refused_unless_they_are_said_to_be_repeats(repeats: bool) -> None:
    content = "\n".join([HEAD, row("A"), row("A", first="102")]).encode()
    found = inspect(content, name="t.csv", layout=Layout(id="id", repeats=repeats))
    assert [one.row for one in found.problems] == ([] if repeats else [3])
    assert bool(found.table) is repeats

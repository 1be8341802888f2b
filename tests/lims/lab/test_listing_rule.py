"""Which listing a taxon had on a day: facts of the Appendices' history, and the algebra of the rule."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.lab.rules.listing import Change, Coverage, Kind, Listing, Taxon, Why, listing_at
from lims.lab.rules.listing_csv import BESIDE, Codes, listings_parse
from lims.lab.rules.names import name_bare, names_split
from lims.lab.selectors.lawwords import ruling_words

HISTORY = Coverage(as_of=date(2026, 1, 1), history_since=date(1975, 7, 1))
SPLIT_1997 = frozenset(("BW", "NA", "ZW"))
ELEPHANT = Taxon(
    name="Loxodonta africana",
    rank="species",
    listings=(
        # CITES Appendices: III (Ghana) 26 Feb 1976, II 4 Feb 1977, I 18 Jan 1990; split CoP10 (18 Sep 1997: Botswana,
        # Namibia, Zimbabwe to II) and CoP11 (19 Jul 2000: South Africa too).
        Listing(category="III", party="GH", effective_on=date(1976, 2, 26)),
        Listing(category="II", effective_on=date(1977, 2, 4)),
        Listing(category="I", effective_on=date(1990, 1, 18)),
        Listing(category="II", effective_on=date(1997, 9, 18), populations=SPLIT_1997),
        Listing(category="II", effective_on=date(2000, 7, 19), populations=SPLIT_1997 | {"ZA"}),
    ),
)


@pytest.mark.parametrize(
    ("day", "origin", "kind", "categories"),
    [
        (date(1976, 1, 1), "", Kind.NOT_LISTED, ()),
        (date(1976, 3, 1), "", Kind.LISTED, ("III",)),
        (date(1980, 1, 1), "", Kind.LISTED, ("II",)),
        (date(1990, 1, 17), "", Kind.LISTED, ("II",)),
        (date(1990, 1, 18), "", Kind.LISTED, ("I",)),
        (date(1998, 1, 1), "", Kind.CONDITIONAL, ("I", "II")),
        (date(1998, 1, 1), "NA", Kind.LISTED, ("II",)),
        (date(1998, 1, 1), "ZA", Kind.LISTED, ("I",)),
        (date(2001, 1, 1), "ZA", Kind.LISTED, ("II",)),
        (date(2001, 1, 1), "KE", Kind.LISTED, ("I",)),
    ],
)
def test_the_african_elephant_through_its_listings(day: date, origin: str, kind: Kind, categories: tuple) -> None:
    answer = listing_at([ELEPHANT], HISTORY, asked_on=day, population=origin)
    assert (answer.kind, answer.categories) == (kind, categories)


@pytest.mark.parametrize("origin", ["", "KE", "NA"])
@pytest.mark.parametrize(
    ("day", "categories"),
    [(date(1995, 1, 1), ("I",)), (date(1998, 1, 1), ("I", "II")), (date(2001, 1, 1), ("I", "II"))],
)
def test_a_split_in_words_alone_is_left_to_the_annotation(day: date, categories: tuple, origin: str) -> None:
    """As Species+ exports it: the rows of 1997 and 2000 name their populations in the annotation only."""
    words = {
        date(1997, 9, 18): "Populations of Botswana, Namibia and Zimbabwe.",
        date(2000, 7, 19): "The population of",
    }
    rows = [
        replace(row, populations=frozenset(), annotation=words.get(row.effective_on or day, ""))
        for row in ELEPHANT.listings
    ]
    taxon = replace(ELEPHANT, listings=tuple(rows))
    answer = listing_at([taxon], HISTORY, asked_on=day, population=origin)
    assert answer.categories == categories
    assert answer.why == (Why.ANNOTATION if len(categories) > 1 else Why.NONE)
    again = Listing(category="I", effective_on=date(2002, 1, 1))
    plain = listing_at([replace(taxon, listings=(*rows, again))], HISTORY, asked_on=date(2003, 1, 1))
    assert (plain.kind, plain.categories) == (Kind.LISTED, ("I",))


# The columns are those of the history export of the Checklist of CITES Species (SAPI, Checklist::History); the rows are
# the dates of CoP7, CoP10 and CoP11. The hash annotation stands before the full one on purpose.
EXPORT = """\
TaxonId,Kingdom,Class,Family,FullName,AuthorYear,RankName,ChangeType,Appendix,PartyName,EffectiveAt,IsCurrent,#Annotation,\
FullAnnotationEnglish,DistributionISOCodes
4521,Animalia,Mammalia,Elephantidae,Loxodonta africana,Blumenbach 1797,SPECIES,ADDITION,III,GH,26/02/1976,f,,,GH KE
4521,Animalia,Mammalia,Elephantidae,Loxodonta africana,Blumenbach 1797,SPECIES,ADDITION,I,,18/01/1990,t,,,GH KE
4521,Animalia,Mammalia,Elephantidae,Loxodonta africana,Blumenbach 1797,SPECIES,ADDITION,II,,19/07/2000,t,,{note},GH KE
"""


@pytest.mark.parametrize("note", ["<p>Populations of four countries.", ""])
def test_the_export_of_a_split_history_is_not_read_as_a_transfer(note: str) -> None:
    codes = Codes(countries=frozenset(("GH", "KE")), terms=frozenset(), cites=True)
    parsed = listings_parse(EXPORT.format(note=note).encode(), codes)
    assert not parsed.refused
    (found,) = parsed.taxa
    assert (found.name, found.rank, found.family) == ("Loxodonta africana", "species", "Elephantidae")
    taxon = Taxon(name=found.name, rank=found.rank, listings=tuple(one for _row, one in found.listings))
    coverage = Coverage(as_of=date(2026, 1, 1), history_since=parsed.history_since)
    answer = listing_at([taxon], coverage, asked_on=date(2020, 1, 1), population="KE")
    assert (answer.kind, answer.why, answer.categories) == (Kind.CONDITIONAL, Why.ANNOTATION, ("I", "II"))
    told = answer.parts[0].annotations
    assert told == ((note or BESIDE).removeprefix("<p>"),)
    assert listing_at([taxon], coverage, asked_on=date(1995, 1, 1)).categories == ("I",)


def test_a_first_listing_or_a_deletion_in_words_leaves_the_rest_open() -> None:
    first = Listing(category="II", effective_on=date(1990, 1, 1), annotation="Population of Nepal.")
    answer = listing_at([Taxon(name="Aus bus", rank="species", listings=(first,))], HISTORY, asked_on=date(2000, 1, 1))
    assert (answer.kind, answer.why, answer.categories) == (Kind.CONDITIONAL, Why.ANNOTATION, ("II", "NC"))
    whole = Listing(category="II", effective_on=date(1980, 1, 1))
    out = replace(first, change=Change.DELETION)
    taxon = Taxon(name="Aus bus", rank="species", listings=(whole, out))
    answer = listing_at([taxon], HISTORY, asked_on=date(2000, 1, 1))
    assert (answer.why, answer.categories) == (Why.ANNOTATION, ("II", "NC"))
    all_out = listing_at(
        [replace(taxon, listings=(whole, replace(out, annotation="")))], HISTORY, asked_on=date(2000, 1, 1)
    )
    assert all_out.kind == Kind.NOT_LISTED


def test_a_split_names_every_population_and_the_rest() -> None:
    answer = listing_at([ELEPHANT], HISTORY, asked_on=date(2010, 5, 5))
    assert answer.why == Why.POPULATION
    by_category = {part.categories: part for part in answer.parts}
    assert by_category["II",].populations == ("BW", "NA", "ZA", "ZW")
    assert not by_category["II",].elsewhere
    assert (by_category["I",].populations, by_category["I",].elsewhere) == ((), True)


@pytest.mark.parametrize(
    ("coverage", "day", "why"),
    [
        (HISTORY, date(1974, 1, 1), Why.BEFORE_HISTORY),
        (HISTORY, date(2026, 1, 2), Why.AFTER_STATE),
        (Coverage(as_of=date(2017, 4, 21)), date(2016, 4, 21), Why.NO_HISTORY),
    ],
)
def test_a_day_the_list_does_not_speak_of_is_unknown(coverage: Coverage, day: date, why: Why) -> None:
    today_only = Taxon(name="Elephas maximus", rank="species", listings=(Listing(category="I"),))
    taxon = ELEPHANT if coverage is HISTORY else today_only
    answer = listing_at([taxon], coverage, asked_on=day)
    assert (answer.kind, answer.why) == (Kind.UNKNOWN_AT_DATE, why)


def test_a_list_of_one_day_answers_for_that_day_and_since_a_row_took_effect() -> None:
    one_day = Coverage(as_of=date(2017, 4, 21))
    dated = Taxon(
        name="Dalbergia nigra", rank="species", listings=(Listing(category="I", effective_on=date(1992, 6, 11)),)
    )
    assert listing_at([dated], one_day, asked_on=date(2000, 1, 1)).categories == ("I",)
    assert listing_at([dated], one_day, asked_on=date(1990, 1, 1)).kind == Kind.UNKNOWN_AT_DATE
    undated = Taxon(name="Elephas maximus", rank="species", listings=(Listing(category="I"),))
    assert listing_at([undated], one_day, asked_on=date(2017, 4, 21)).kind == Kind.LISTED
    assert listing_at([], one_day, asked_on=date(2017, 4, 20)).kind == Kind.UNKNOWN_AT_DATE


@pytest.mark.parametrize(
    ("effective", "ended", "column", "cites"),
    [
        ("1075-07-01", "", "effective_at", True),
        ("1975-06-30", "", "effective_at", True),
        ("01/07/1799", "", "effective_at", False),
        ("1975-07-01", "1975-07-01", "ended_on", True),
        ("2019-11-26", "2017-01-02", "ended_on", True),
    ],
    ids=["slip of the pen", "before the Convention", "before any such law", "over on its first day", "over before"],
)
def test_a_day_that_cannot_be_is_refused_and_does_not_open_the_history(
    effective: str, ended: str, column: str, cites: bool
) -> None:
    head = "ScientificName,Appendix,ChangeType,EffectiveAt,EndedOn\n"
    good = "Elephas maximus,I,ADDITION,1975-07-01,\nPhysoria physoria,II,ADDITION,1990-01-18,2000-07-19\n"
    bad = f"Naja naja,II,ADDITION,{effective},{ended}\n"
    parsed = listings_parse((head + good + bad).encode(), Codes(countries=frozenset(), terms=frozenset(), cites=cites))
    assert [(one.row, one.column, one.name) for one in parsed.refused] == [(4, column, "Naja naja")]
    assert parsed.history_since == date(1975, 7, 1)
    assert [taxon.name for taxon in parsed.taxa if taxon.incomplete] == ["Naja naja"]


def test_no_day_is_no_answer() -> None:
    assert listing_at([ELEPHANT], HISTORY, asked_on=None).kind == Kind.NO_DATE


def test_a_specimen_decides_where_rows_are_split_by_specimen() -> None:
    rows = (
        Listing(category="II", effective_on=date(2000, 1, 1), specimens=frozenset(("LOG", "SAW"))),
        Listing(category="I", effective_on=date(1990, 1, 1)),
    )
    taxon = Taxon(name="Arbor exemplaris", rank="species", listings=rows)
    answer = listing_at([taxon], HISTORY, asked_on=date(2020, 1, 1))
    assert (answer.kind, answer.why) == (Kind.CONDITIONAL, Why.SPECIMEN)
    assert listing_at([taxon], HISTORY, asked_on=date(2020, 1, 1), specimen="SAW").categories == ("II",)
    assert listing_at([taxon], HISTORY, asked_on=date(2020, 1, 1), specimen="SEE").categories == ("I",)


def test_two_rows_of_one_day_leave_it_to_the_annotation() -> None:
    rows = (Listing(category="I", annotation="except A"), Listing(category="II", annotation="only A"))
    taxon = Taxon(name="Vicugna vicugna", rank="species", listings=rows)
    answer = listing_at([taxon], Coverage(as_of=date(2017, 4, 21)), asked_on=date(2017, 4, 21))
    assert (answer.kind, answer.why) == (Kind.CONDITIONAL, Why.ANNOTATION)
    assert set(answer.parts[0].annotations) == {"except A", "only A"}


GENUS = Taxon(name="Genus", rank="genus", listings=(Listing(category="II", effective_on=date(1980, 1, 1)),))


def test_a_taxon_without_rows_is_covered_from_above_and_one_deleted_later_is_not() -> None:
    bare = Taxon(name="Genus species", rank="species")
    answer = listing_at([bare, GENUS], HISTORY, asked_on=date(1990, 1, 1))
    assert (answer.categories, answer.covered_by) == (("II",), "Genus")
    gone = Listing(category="II", change=Change.DELETION, effective_on=date(1985, 1, 1))
    deleted = Taxon(name="Genus species", rank="species", listings=(gone,))
    assert listing_at([deleted, GENUS], HISTORY, asked_on=date(1990, 1, 1)).kind == Kind.NOT_LISTED
    assert listing_at([deleted, GENUS], HISTORY, asked_on=date(1984, 1, 1)).categories == ("II",)
    later = Taxon(name="Genus", rank="genus", listings=(Listing(category="I", effective_on=date(1995, 1, 1)),))
    assert listing_at([deleted, later], HISTORY, asked_on=date(1999, 1, 1)).categories == ("I",)
    same_day = Taxon(name="Genus", rank="genus", listings=(Listing(category="II", effective_on=date(1985, 1, 1)),))
    answer = listing_at([deleted, same_day], HISTORY, asked_on=date(1985, 1, 1))
    assert (answer.categories, answer.covered_by) == (("II",), "Genus"), "a species goes as its genus comes"
    left_out = Taxon(
        name="Genus species", rank="species", listings=(Listing(category="NC", effective_on=date(1970, 1, 1)),)
    )
    assert listing_at([left_out, GENUS], HISTORY, asked_on=date(1990, 1, 1)).kind == Kind.NOT_LISTED


def test_a_genus_whose_species_differ_depends_on_the_species() -> None:
    first = Taxon(name="Genus prima", rank="species", listings=(Listing(category="I", effective_on=date(1980, 1, 1)),))
    later = Taxon(name="Genus serior", rank="species", listings=(Listing(category="I", effective_on=date(2001, 1, 1)),))
    same = Taxon(name="Genus altera", rank="species", listings=(Listing(category="II", effective_on=date(1981, 1, 1)),))
    answer = listing_at([GENUS], HISTORY, asked_on=date(1990, 1, 1), below=[first, same, later])
    assert (answer.kind, answer.why) == (Kind.CONDITIONAL, Why.SPECIES)
    assert [part.taxon for part in answer.parts] == ["", "Genus prima"]
    assert listing_at([GENUS], HISTORY, asked_on=date(1990, 1, 1), below=[same]).kind == Kind.LISTED


@pytest.mark.parametrize(
    ("covered_by", "below", "words"),
    [
        ("Puma concolor", "Puma concolor costaricensis", "Depends on the subspecies. "),
        ("Fictella", "Fictella prima", "Depends on the species. "),
    ],
    ids=["species", "genus"],
)
def test_a_species_whose_subspecies_differ_depends_on_those(covered_by: str, below: str, words: str) -> None:
    plain = {"populations": (), "elsewhere": False, "specimens": (), "other_specimens": False}
    parts = [{"categories": ["II"], "taxon": "", **plain}, {"categories": ["I"], "taxon": below, **plain}]
    said = {"kind": Kind.CONDITIONAL, "why": Why.SPECIES, "scheme": "cites", "asked_on": "2017-04-21", "parts": parts}
    names = {"covered_by": covered_by, "name_in_list": covered_by, "name_found": covered_by, "reservations": ()}
    told = ruling_words({**said, **names})
    assert told.startswith(words)
    assert f"Appendix I for {below}" in told


def test_what_could_not_be_read_is_not_guessed() -> None:
    torn = Taxon(name="Genus species", rank="species", listings=GENUS.listings, incomplete=True)
    assert listing_at([torn], HISTORY, asked_on=date(1990, 1, 1)).why == Why.ROW_REFUSED


def test_a_third_appendix_listing_ends_for_its_party_alone_and_reservations_are_told() -> None:
    rows = (
        Listing(category="III", party="GH", effective_on=date(1976, 2, 26)),
        Listing(category="III", party="TN", effective_on=date(1976, 4, 22)),
        Listing(category="III", party="GH", change=Change.DELETION, effective_on=date(1990, 1, 1)),
        Listing(category="III", party="JP", change=Change.RESERVATION, effective_on=date(1980, 1, 1)),
        Listing(category="III", party="CH", change=Change.RESERVATION, effective_on=date(1980, 1, 1)),
        Listing(category="III", party="CH", change=Change.WITHDRAWAL, effective_on=date(1985, 1, 1)),
    )
    taxon = Taxon(name="Genus species", rank="species", listings=rows)
    answer = listing_at([taxon], HISTORY, asked_on=date(1995, 1, 1))
    assert (answer.categories, answer.reservations) == (("III",), ("JP",))
    without = Taxon(name="Genus species", rank="species", listings=rows[:1] + rows[2:3])
    assert listing_at([without], HISTORY, asked_on=date(1995, 1, 1)).kind == Kind.NOT_LISTED


_PLACES = st.frozensets(st.sampled_from(("BW", "NA", "ZW")), max_size=2)
_ROWS = st.lists(
    st.builds(
        Listing,
        category=st.sampled_from(("I", "II")),
        effective_on=st.dates(date(1976, 1, 1), date(2020, 1, 1)),
        populations=_PLACES,
        populations_except=_PLACES,
        change=st.sampled_from((Change.ADDITION, Change.DELETION)),
    ),
    max_size=6,
)


@given(_ROWS, st.dates(date(1976, 1, 1), date(2025, 1, 1)))
def test_knowing_the_origin_never_gives_more_than_not_knowing_it(rows: list[Listing], day: date) -> None:
    taxon = Taxon(name="Genus species", rank="species", listings=tuple(rows))
    unknown = listing_at([taxon], HISTORY, asked_on=day)
    known = [listing_at([taxon], HISTORY, asked_on=day, population=place) for place in ("BW", "NA", "ZW", "KE")]
    assert {one for answer in known for one in answer.categories} == set(unknown.categories)
    told = [place for part in unknown.parts for place in part.populations]
    assert len(told) == len(set(told)), "a population stands in one branch only"


@given(_ROWS, st.randoms())
def test_the_order_of_rows_changes_nothing(rows: list[Listing], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    answers = [
        listing_at([Taxon(name="G s", rank="species", listings=tuple(one))], HISTORY, asked_on=date(2021, 1, 1))
        for one in (rows, shuffled)
    ]
    assert (answers[0].kind, answers[0].categories) == (answers[1].kind, answers[1].categories)


def test_names_lose_their_authors_and_keep_their_ranks() -> None:
    assert name_bare("Lama vicugna (Molina, 1782)") == "Lama vicugna"
    assert name_bare("Panax japonicus var. major (Burkill) C.Y.Wu") == "Panax japonicus var. major"
    assert name_bare("Neo-Urbania nicaraguensis") == "Neo-Urbania nicaraguensis"
    assert names_split(
        "Aralia ginseng (C.A. Meyer) Baill., Ornismya abeillei Lesson & DeLattre, 1839, Smith et al"
    ) == (
        "Aralia ginseng",
        "Ornismya abeillei",
    )


def test_the_first_day_of_the_history_is_answered() -> None:
    taxon = Taxon(name="Aus albus", rank="species", listings=(Listing(category="II", effective_on=date(1975, 7, 1)),))
    assert listing_at([taxon], HISTORY, asked_on=date(1975, 7, 1)).categories == ("II",)


@pytest.mark.parametrize(("day", "stands"), [(date(2000, 12, 31), True), (date(2001, 1, 1), False)])
def test_what_ends_on_a_day_is_over_on_it(day: date, stands: bool) -> None:
    """Listings (also of Appendix III) and reservations alike: the day of their end is the first they are over."""
    end = date(2001, 1, 1)
    listed = Listing(category="II", effective_on=date(1990, 1, 1), ended_on=end)
    answer = listing_at([Taxon(name="Aus albus", rank="species", listings=(listed,))], HISTORY, asked_on=day)
    assert answer.kind == (Kind.LISTED if stands else Kind.NOT_LISTED)
    reserved = Listing(category="I", change=Change.RESERVATION, party="KE", effective_on=date(1990, 1, 1), ended_on=end)
    rows = (Listing(category="I", effective_on=date(1989, 1, 1)), reserved)
    answer = listing_at([Taxon(name="Aus albus", rank="species", listings=rows)], HISTORY, asked_on=day)
    assert (answer.categories, answer.reservations) == (("I",), ("KE",) if stands else ())


def test_a_taxon_left_out_of_the_appendices_may_be_in_the_third() -> None:
    rows = (
        Listing(category="NC", effective_on=date(1990, 1, 1)),
        Listing(category="III", party="KE", effective_on=date(1995, 1, 1)),
    )
    taxon = Taxon(name="Aus albus", rank="species", listings=rows)
    assert listing_at([taxon], HISTORY, asked_on=date(1994, 1, 1)).kind == Kind.NOT_LISTED
    assert listing_at([taxon], HISTORY, asked_on=date(1995, 1, 1)).categories == ("III",)


@pytest.mark.parametrize("unread", ["genus", "species", "both"])
def test_a_genus_is_unknown_where_it_or_a_species_of_it_is(unread: str) -> None:
    row = (Listing(category="II", effective_on=date(1990, 1, 1)),)
    genus = Taxon(name="Aus", rank="genus", listings=row, incomplete=unread in {"genus", "both"})
    known = Taxon(name="Aus albus", rank="species", listings=(Listing(category="I", effective_on=date(1991, 1, 1)),))
    other = Taxon(name="Aus niger", rank="species", incomplete=unread in {"species", "both"})
    answer = listing_at([genus], HISTORY, asked_on=date(2000, 1, 1), below=[known, other])
    assert answer.kind == Kind.UNKNOWN_AT_DATE
    whole = replace(other, incomplete=False)
    if unread == "species":
        answer = listing_at([genus], HISTORY, asked_on=date(2000, 1, 1), below=[known, whole])
        assert (answer.kind, answer.why, answer.categories) == (Kind.CONDITIONAL, Why.SPECIES, ("I", "II"))

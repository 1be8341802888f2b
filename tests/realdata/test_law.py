"""The checklist of 21 April 2017 is read whole (format and names; it is not current law)."""

from datetime import date

from lims.casework.codelists import CURRENT, code_list
from lims.lab.rules.listing import Coverage, Taxon, listing_at
from lims.lab.rules.listing_csv import Codes, listings_parse
from tests.realdata.support import DATA, needs

DAY = date(2017, 4, 21)


@needs("cites")
def test_the_index_of_2017_is_read_whole_and_knows_no_earlier_day() -> None:
    codes = Codes(
        countries=frozenset(code_list(CURRENT["country"])), terms=frozenset(code_list(CURRENT["term"])), cites=True
    )
    parsed = listings_parse((DATA / "cites" / "cites_index_2017_slim.csv").read_bytes(), codes)
    assert (parsed.rows, len(parsed.taxa), parsed.refused, parsed.history_since) == (38079, 38079, (), None)
    taxa = {one.name: one for one in parsed.taxa}

    def asked(name: str, day: date) -> tuple[str, tuple[str, ...]]:
        found = taxa[name]
        taxon = Taxon(name=name, rank=found.rank, listings=tuple(one for _row, one in found.listings))
        answer = listing_at([taxon], Coverage(as_of=DAY), asked_on=day)
        return str(answer.kind), answer.categories

    # As the file itself gives them: African elephant split, Asian elephant in I.
    assert asked("Loxodonta africana", DAY) == ("conditional", ("I", "II"))
    assert asked("Elephas maximus", DAY) == ("listed", ("I",))
    assert asked("Elephas maximus", date(2016, 1, 1)) == ("unknown_at_date", ())
    assert "Loxodonta cyclotis" in taxa["Loxodonta africana"].synonyms

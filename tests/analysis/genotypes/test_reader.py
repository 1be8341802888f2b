"""Genotype tables: what is read, and what is refused where."""

import gzip

import pytest

from analysis.errors import InputRefused
from analysis.genotypes.reader import Layout, TableFormat, format_named, read_genotypes
from analysis.genotypes.table import MISSING, GenotypeTable

LAYOUT = Layout(id="id", population="pop")


def read(text: str | bytes, layout: Layout = LAYOUT, **options: TableFormat) -> GenotypeTable:
    content = text if isinstance(text, bytes) else text.encode()
    return read_genotypes(content, name="cats.csv", layout=layout, **options)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("packed", [False, True])
def test_delimiters_and_gzip_give_the_same_table(delimiter: str, packed: bool) -> None:
    text = "id,pop,A_1,A_2,B_1,B_2\nx,P,101,103,7,7\ny,Q,,,NA,NA\nz,Q,0,0,-9,-9\n".replace(",", delimiter)
    content = text.encode()
    table = read(gzip.compress(content) if packed else content)
    assert table.loci == ("A", "B")
    assert table.alleles == (("101", "103"), ("7",))
    assert [table.genotype(row, 0) for row in range(3)] == [("101", "103"), None, None]
    assert (table.codes[:, 1:] == MISSING).all()
    assert table.columns["pop"] == ("P", "Q", "Q")


@pytest.mark.parametrize("pair", [("A_1", "A_2"), ("A.1", "A.2"), ("A", "A.1"), ("A", "A_1")])
def test_pair_names(pair: tuple[str, str]) -> None:
    assert read(f"id,pop,{pair[0]},{pair[1]}\nx,P,1,2\n").loci == ("A",)


def test_locus_names_with_dots_and_numbers_of_their_own() -> None:
    header = "id,pop,Ots_94857.232,Ots_94857.232.1,OTSTF1.SNP1,OTSTF1.SNP1.1"
    assert read(f"{header}\nx,P,2,2,4,4\n").loci == ("Ots_94857.232", "OTSTF1.SNP1")


def test_order_of_alleles_and_leading_zeros_do_not_matter() -> None:
    table = read("id,pop,A_1,A_2\nx,P,99,101\ny,P,101,099\nz,P,101.0,99\n")
    assert len(set(table.genotype_lines())) == 1
    assert table.alleles == (("99", "101"),)


def test_na_in_a_population_column_is_namibia() -> None:
    table = read("id,pop,A_1,A_2\nx,NA,1,2\ny,ZA,NA,NA\n")
    assert table.columns["pop"] == ("NA", "ZA")
    assert table.genotype(1, 0) is None


def test_byte_order_mark_blank_lines_quotes_and_control_signs() -> None:
    table = read('\ufeff"id","pop","A_1","A_2"\n\n"x, y","\x01P\x01"," 1 ",2\n')
    assert table.ids == ("x, y",)
    assert table.columns["pop"] == ("P",)
    assert table.lines == (3,)


def test_descriptive_columns_are_left_unread_and_said_so() -> None:
    table = read("id,pop,latitude,longitude,year,A_1,A_2,notes\nx,P,1.5,2,2004,1,2,hello\n")
    assert table.loci == ("A",)
    assert table.notices == ("Columns not read: latitude, longitude, year, notes.",)


def test_named_columns_may_stand_after_the_loci() -> None:
    table = read("A_1,A_2,sex,tusk,pop,id\n1,2,F,left,P,x\n")
    assert table.loci == ("A",)
    assert table.notices == ("Columns not read: sex, tusk.",)


@pytest.mark.parametrize(
    "head",
    ["id,pop,A_1,B_1,A_2,B_2", "id,pop,A,B,A.1,B.1", "B_2,A_2,id,B_1,A_1,pop", "pop,A.1,B.1,id,A.2,B.2"],
)
def test_columns_may_stand_in_any_order(head: str) -> None:
    cells = {"id": "x", "pop": "P", "A": "1", "B": "2", "A_1": "1", "A_2": "3", "B_1": "2", "B_2": "4"}
    cells |= {"A.1": "1" if "A.2" in head else "3", "A.2": "3", "B.1": "2" if "B.2" in head else "4", "B.2": "4"}
    table = read(f"{head}\n{','.join(cells[column] for column in head.split(','))}\n")
    found = {locus: table.genotype(0, place) for place, locus in enumerate(table.loci)}
    assert found == {"A": ("1", "3"), "B": ("2", "4")}


@pytest.mark.parametrize("head", ["id,pop,herd size,A_1,A_2,B_1,B_2", "id,pop,herd size,A.1,A.2,B.1,B.2"])
def test_numbers_beside_the_loci_are_left_unread_and_said_so(head: str) -> None:
    for columns in (head.split(","), [*head.replace(",herd size", "").split(","), "herd size"]):
        cells = dict(zip(head.split(","), ["x", "P", "7", "1", "2", "3", "4"], strict=True))
        table = read(f"{','.join(columns)}\n{','.join(cells[column] for column in columns)}\n")
        assert (table.loci, table.notices) == (("A", "B"), ("Columns not read: herd size.",))


@pytest.mark.parametrize("loci", [("Hel_1", "Hel_2"), ("Hel.1", "Hel.2"), ("Hel_1", "Hel_2", "Hel_3")])
def test_numbered_loci_are_not_halves_of_one(loci: tuple[str, ...]) -> None:
    for head in ([*loci, *(f"{one}.1" for one in loci)], [half for one in loci for half in (one, f"{one}.1")]):
        cells = {
            half: str(10 * place + at) for place, one in enumerate(loci, 1) for at, half in ((1, one), (2, f"{one}.1"))
        }
        table = read(f"id,pop,{','.join(head)}\nx,P,{','.join(cells[column] for column in head)}\n")
        found = {locus: table.genotype(0, place) for place, locus in enumerate(table.loci)}
        assert found == {one: (f"{10 * place + 1}", f"{10 * place + 2}") for place, one in enumerate(loci, 1)}


def test_words_among_the_loci_are_left_unread_and_said_so() -> None:
    table = read("id,pop,A_1,A_2,tissue kind,B_1,B_2,officer\nx,P,1,2,tusk tip,3,4,K. N.\n")
    assert table.loci == ("A", "B")
    assert table.notices == ("Columns not read: tissue kind, officer.",)


def test_microhaplotypes_and_bases() -> None:
    table = read("id,pop,A_1,A_2,B_1,B_2\nx,P,ACG,ac-,g,T\n")
    assert table.genotype(0, 0) == ("AC-", "ACG")
    assert table.genotype(0, 1) == ("G", "T")


@pytest.mark.parametrize(
    ("text", "row", "field", "words"),
    [
        ("id,A_1,A_2\nx,1,2\n", 1, "pop", "no such column"),
        ("id,pop,A_1,A_2\nx,P,1,\n", 2, "A_2", "half typed: «1» and nothing"),
        ("id,pop,A_1,A_2\nw,P,3,3\nx,P,NA,2\n", 3, "A_1", "half typed: «2» and nothing"),
        ("id,pop,A_1,A_2,B_1\nx,P,1,2,3\n", 1, "B_1", "no partner"),
        ("id,pop,A_1,B_1,B_2\nx,P,1,2,3\n", 1, "A_1", "no partner"),
        ("id,pop,A,B,B.1\nx,P,1,2,3\n", 1, "A", "no partner"),
        ("id,pop,A_1,A_2,tusk,B_1,B_2\nx,P,1,2,7,3,4\n", 1, "tusk", "no partner"),
        ("id,pop,A_1,A_2,B_1,B_2\nx,P,0,1,1,1\n", 2, "A_1", "0 says «not typed»"),
        ("id,pop,A_1,A_2\nx,P,1\n", 2, None, "3 cells, the head has 4"),
        ("id,pop,A_1,A_2\nx,P,1,2,3\n", 2, None, "5 cells, the head has 4"),
        ("id,pop,A_1,A_2\nx,P,1,2\nx,P,1,2\n", 3, "id", "«x» stands in row 2"),
        ("id,pop,A_1,A_2\n,P,1,2\n", 2, "id", "empty"),
        ("ID,pop,A_1,A_2\nx,P,1,2\n", 1, "id", "Did you mean «ID»"),
        ("id,pop,A_1,A_2\nx,P,1.35E+02,2\n", 2, "A_1", "spreadsheet"),
        ("id,pop,A_1,A_2\nx,P,1,Jan-35\n", 2, "A_2", "spreadsheet"),
        ("id,pop,A_1,A_2\nx,P,1,2026-01-31\n", 2, "A_2", "spreadsheet"),
        ("id,pop,A_1,A_2\nx,P,1,135.42\n", 2, "A_2", "binned"),
        ("id,pop,A_1,A_2\nx,P,?,N\n", 2, "A_1", "1 more cell cannot be read"),
        ("x 1 135 137\nx 1 99 99\n", 1, None, "SCAT file is read when its format is named"),
        ("sep=;\n", None, None, "no head"),
        ("id,pop,A_1,A_2\nx,,1,2\n", 2, "pop", "empty"),
        ("id,pop,A_1,A_1\nx,P,1,2\n", 1, "A_1", "2 columns are called"),
        ("id,pop,A_1,\nx,P,1,2\n", 1, None, "Column 4 has no name"),
        ("id,pop,A_1,A_2\nx,P,1,?\n", 2, "A_2", "«?» is not an allele"),
        ("id,pop,A_1,A_2\nx,P,135.42,137\n", 2, "A_1", "135.42"),
        ("id,pop,A_1,A_2\nx,P,118120,118120\n", 2, "A_1", "118120"),
        ("id,pop,A_1,A_2\nx,P,-3,5\n", 2, "A_1", "«-3»"),
        ("id,pop\nx,P\n", 1, None, "no locus columns"),
        ("id,pop,A_1,A_2\n", None, None, "no rows"),
    ],
)
def test_refusals_name_row_column_and_remedy(text: str, row: int | None, field: str | None, words: str) -> None:
    with pytest.raises(InputRefused) as caught:
        read(text)
    error = caught.value
    assert (error.file, error.row, error.field) == ("cats.csv", row, field)
    assert words in str(error)
    assert error.remedy


def test_every_bad_cell_is_named() -> None:
    with pytest.raises(InputRefused) as caught:
        read("id,pop,A_1,A_2,B_1,B_2\nx,P,101,103,7,?\ny,P,101,,7,7\nz,P,135.4,103,?,?\n")
    error = caught.value
    assert (error.row, error.field) == (2, "B_2")
    assert error.message.startswith("«?» is not an allele. 4 more cells cannot be read: row 3, A_2: Locus «A» is half")
    for words in ("row 4, A_1: «135.4»", "row 4, B_1: «?»", "row 4, B_2: «?»"):
        assert words in error.message


def test_a_long_list_of_bad_cells_is_cut() -> None:
    with pytest.raises(InputRefused, match="49 more cells") as caught:
        read("id,pop,A_1,A_2\n" + "".join(f"x{row},P,?,101\n" for row in range(50)))
    assert caught.value.message.endswith("and 29 more.")


def test_the_nearest_column_is_suggested() -> None:
    with pytest.raises(InputRefused, match="Did you mean «popn»"):
        read("id,popn,A_1,A_2\nx,P,1,2\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"\x1f\x8b\x08broken", "cannot be unpacked"),
        (gzip.compress(b"id,pop,A_1,A_2\nx,P,1,2\n", mtime=0)[:-6], "cannot be unpacked"),
        (b"id,pop,A_1,A_2\nx,\xe9,1,2\n", "0xe9 is not UTF-8"),
        (b"PK\x03\x04\x00\x00", "NUL bytes"),
    ],
)
def test_files_that_are_no_text(content: bytes, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        read(content)


def test_an_ignored_column_may_look_like_an_allele() -> None:
    layout = Layout(id="id", population="pop", ignored=("tusk",))
    assert read("id,pop,tusk,A_1,A_2\nx,P,7,1,2\n", layout).loci == ("A",)


def test_a_table_cannot_be_written_to() -> None:
    table = read("id,pop,A_1,A_2\nx,P,1,2\n")
    with pytest.raises(ValueError, match="read-only"):
        table.codes[0, 0, 0] = 1


GENEPOP = """Two small populations
LocA, LocB
POP
n1, 0102 0000
n2 ,  0202 0304
Pop
s1, 001003 004004
"""


def test_genepop() -> None:
    table = read(GENEPOP)
    assert table.loci == ("LocA", "LocB")
    assert table.ids == ("n1", "n2", "s1")
    assert table.columns["pop"] == ("n2", "n2", "s1")
    assert [table.genotype(0, locus) for locus in (0, 1)] == [("1", "2"), None]
    assert [table.genotype(2, locus) for locus in (0, 1)] == [("1", "3"), ("4", "4")]
    assert table.lines == (4, 5, 7)


def test_genepop_labels_that_repeat_are_numbered() -> None:
    table = read("t\nA\nPOP\nnorth, 0101\nnorth, 0102\nPOP\nsouth, 0202\n")
    assert table.ids == ("north#1", "north#2", "south")
    assert table.columns["pop"] == ("north", "north", "south")


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ("t\nA\nB\nPOP\nx, 0101\n", 5, "1 genotypes after its comma, the head names 2"),
        ("t\nA\nPOP\nx, 01\n", 4, "«01» is not a diploid genotype"),
        ("t\nA\nPOP\nx, 0100\n", 4, "half typed"),
        ("t\nA\nA\nPOP\nx, 0101 0101\n", None, "named 2 times"),
    ],
)
def test_genepop_refusals(text: str, row: int | None, words: str) -> None:
    with pytest.raises(InputRefused) as caught:
        read(text)
    assert caught.value.row == row
    assert words in caught.value.message


def test_structure_with_two_lines_per_animal() -> None:
    text = "locA locB\nx 1 101 7\nx 1 103 7\ny 2 -9 8\ny 2 -9 9\n"
    table = read(text, table_format=TableFormat.STRUCTURE)
    assert (table.ids, table.columns["pop"], table.loci) == (("x", "y"), ("1", "2"), ("locA", "locB"))
    assert table.genotype(0, 0) == ("101", "103")
    assert table.genotype(1, 0) is None
    assert table.genotype(1, 1) == ("8", "9")


def test_structure_with_one_line_per_animal() -> None:
    table = read("locA locB\nx 1 101 103 7 7\ny 2 -9 -9 8 9\n", table_format=TableFormat.STRUCTURE)
    assert table.genotype(0, 0) == ("101", "103")
    assert table.genotype(1, 1) == ("8", "9")


def test_scat_files_have_no_head_and_minus_999() -> None:
    table = read("e1 1 96 69\ne1 1 96 -999\n".replace("-999", "67"), table_format=TableFormat.STRUCTURE)
    assert table.loci == ("locus01", "locus02")
    assert read("e1 1 96 -999\ne1 1 96 -999\n", table_format=TableFormat.STRUCTURE).genotype(0, 1) is None


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ("A B\nx 1 101 7\nx 1 103\n", 3, "3 words, 4 were expected"),
        ("A B\nx 1 101 7\nx 2 103 7\n", 3, "second line of «x»"),
        ("A B\nx 1 101 7\nx 1 -9 7\n", 2, "half typed"),
    ],
)
def test_structure_refusals(text: str, row: int, words: str) -> None:
    with pytest.raises(InputRefused) as caught:
        read(text, table_format=TableFormat.STRUCTURE)
    assert caught.value.row == row
    assert words in caught.value.message


def test_what_spreadsheets_add_is_passed_over() -> None:
    """A line that states the sign between cells, empty columns and rows at the end, «135,0» for 135."""
    plain = read("id,pop,A_1,A_2\nx,P,135,137\ny,P,,\n")
    for text in (
        "sep=;\nid;pop;A_1;A_2\nx;P;135,0;137\ny;P;;\n",
        "id,pop,A_1,A_2,,\nx,P,135,137,,\ny,P,,,,\n,,,,,\n",
        "id\tpop\tA_1\tA_2\nx\tP\t135.0\t0137\ny\tP\tNA\t-9.0\n",
    ):
        table = read(text)
        assert table.genotype_lines() == plain.genotype_lines()
        assert table.ids == ("x", "y")
    with pytest.raises(InputRefused, match="Column 5 has no name"):
        read("id,pop,A_1,A_2,\nx,P,135,137,7\n")


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ("A B C\nx 1 3 4 5\nx 1 3 4 5\ny 1 3 4 5\n", 4, "«y» has one line, other animals have two"),
        ("x 1 3 4 5\nx 1 3 4 5\ny 1 3 4 5\nz 1 3 4 5\nz 1 3 4 5\n", 3, "«y» has one line"),
        ("\nid,pop,A_1,A_2\nx,P,1,2\n", 2, "this is a table"),
    ],
)
def test_structure_files_that_are_none(text: str, row: int, words: str) -> None:
    with pytest.raises(InputRefused, match=words) as caught:
        read_genotypes(text.encode(), name="s.str", layout=Layout(id="id", population="pop"))
    assert caught.value.row == row


def test_a_format_is_named_or_refused() -> None:
    assert format_named(None) is format_named("auto") is TableFormat.AUTO
    assert format_named("genepop") is TableFormat.GENEPOP
    with pytest.raises(InputRefused, match="«gene pop» is no table format") as caught:
        format_named("gene pop")
    assert caught.value.field == "table_format"

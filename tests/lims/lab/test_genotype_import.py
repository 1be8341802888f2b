"""Genotypes taken in: every form, every bad cell named, bins of a panel, nothing half kept."""

import csv
import io
from typing import Any

import pytest

from chain_of_custody.models import StoredFile
from chain_of_custody.vault.services import store_current
from lims.common.errors import BadInput, ManyErrors, NotAllowed, RuleViolation
from lims.lab.services.genotypes import GenotypeFile, genotypes_import, genotypes_look
from tests.lims.lab import methods_support as made
from tests.lims.lab.support import Bench

PANEL = "locus,shortest,longest,repeat,offset,tolerance\nA,100,120,2,0.3,0.6\nB,90,130,4,0,1\n"


def _file(text: str, name: str = "g.csv", **given: Any) -> GenotypeFile:
    return GenotypeFile(name=name, source=io.BytesIO(text.encode()), **given)


def _rows(file: StoredFile) -> list[list[str]]:
    with store_current().open(file.digest, version=file.store_version) as chunks:
        return list(csv.reader(io.StringIO(b"".join(chunks).decode())))


def test_every_form_becomes_one_plain_table_beside_the_file_as_handed_in(bench: Bench) -> None:
    wanted = [["id", "L1_1", "L1_2", "L2_1", "L2_2"], ["X1", "100", "102", "90", "90"]]
    rubias = "sample_type\trepunit\tcollection\tindiv\tL1\tL1_1\tL2\tL2_1\nmixture\tNA\tm\tX1\t100\t102\t90\t90\n"
    forms = {
        "two.csv": _file("id,L1_1,L1_2,L2_1,L2_2\nX1,100,102,90,90\n", "two.csv"),
        "semicolon.csv": _file("id;sex;L1.1;L1.2;L2.1;L2.2\nX1;f;100;102;90;90\n", "semicolon.csv"),
        "rubias.tsv": _file(rubias, "rubias.tsv", id_column="indiv"),
        "gene.pop": _file("Made\nL1\nL2\nPOP\nX1 , 100102 090090\n", "gene.pop"),
        "two.str": _file("L1 L2\nX1 1 100 90\nX1 1 102 90\n", "two.str"),
    }
    for name, file in forms.items():
        source, table = genotypes_import(actor=bench.lab.technician, item=bench.item, file=file)
        found = _rows(table)
        assert [[cell.lstrip("0") or "0" for cell in row] for row in found[1:]] == wanted[1:], name
        assert found[0] == wanted[0], name
        assert (source.name, source.role, table.role) == (name, "genotypes_source", "genotypes")


def test_every_bad_cell_is_told_with_row_column_and_remedy_and_nothing_is_kept(bench: Bench) -> None:
    before = StoredFile.objects.count()
    text = "id,L1_1,L1_2,L2_1,L2_2\nX1,100,,90,90\nX2,100,x?,90,94\nX2,100,102,90,90\n,100,102,90,90\n"
    look = genotypes_look(actor=bench.lab.technician, item=bench.item, file=_file(text))
    places = {(one.row, one.column) for one in look.problems}
    assert places == {(2, "L1_2"), (3, "L1_2"), (4, "id"), (5, "id")}
    with pytest.raises(ManyErrors) as refused:
        genotypes_import(actor=bench.lab.technician, item=bench.item, file=_file(text))
    assert {one.row for one in refused.value.errors} == {2, 3, 4, 5}
    assert all(one.code == "bad-cell" for one in refused.value.errors)
    shifted = "id,L1_1,L1_2,L2_1\nX1,100,102,90\n"
    with pytest.raises(BadInput, match="half a locus, or columns shifted"):
        genotypes_import(actor=bench.lab.technician, item=bench.item, file=_file(shifted))
    with pytest.raises(BadInput, match="no such column"):
        genotypes_import(actor=bench.lab.technician, item=bench.item, file=_file(text, id_column="name"))
    with pytest.raises(BadInput, match="no table format"):
        genotypes_import(actor=bench.lab.technician, item=bench.item, file=_file(text, table_format="word"))
    with pytest.raises(NotAllowed):
        genotypes_import(actor=bench.lab.reviewer, item=bench.item, file=_file(text))
    assert StoredFile.objects.count() == before


def test_a_panel_bins_raw_lengths_and_tells_those_between_bins(bench: Bench) -> None:
    """A: bins 100, 102, …, ±0.6 after adding 0.3; B: bins 90, 94, …, ±1."""
    panel = made.reference(bench, "panel", "House panel", {"panel.csv": PANEL.encode()})
    good = "id,A_1,A_2,B_1,B_2\nX1,99.9,101.4,90.6,93.2\n"
    _source, table = genotypes_import(actor=bench.lab.technician, item=bench.item, file=_file(good), panel=panel)
    assert _rows(table)[1] == ["X1", "100", "102", "90", "94"]
    between = "id,A_1,A_2,B_1,B_2\nX1,100.6,101.4,90,92\nX2,99.9,140,90,\n"
    look = genotypes_look(actor=bench.lab.technician, item=bench.item, file=_file(between), panel=panel)
    assert {(one.row, one.column) for one in look.problems} == {
        (2, "A_1"),
        (2, "B_2"),
        (3, "A_2"),
        (3, "B_2"),
    }
    other = "id,Z_1,Z_2\nX1,100,102\n"
    with pytest.raises(BadInput, match="House panel"):
        genotypes_look(actor=bench.lab.technician, item=bench.item, file=_file(other), panel=panel)
    with pytest.raises(RuleViolation, match="approved marker panel"):
        genotypes_look(actor=bench.lab.technician, item=bench.item, file=_file(good), panel=bench.baseline)

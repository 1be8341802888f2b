"""What a species result is looked at with: trees read and laid out, gaps drawn to scale, bases beside records."""

from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.urls import reverse

from lims.web.newick import NewickRefused, newick_read, tree_lay
from lims.web.speciesview import gap_figure, tree_figure
from tests.lims.lab.support import SEQUENCES, Bench, barcode_set, species_run, upload
from tests.lims.web.test_lab_pages import bench, enter, keys

__all__ = ["bench", "keys"]  # fixtures
TREE = "((query:0.1,'AC 1 Panthera leo':0.2)98:0.3,('it''s:(odd)':0.05,B:0.1)20:0.1,C:0.4);"


def test_newick_is_read_with_quotes_lengths_and_supports() -> None:
    root = newick_read(TREE)
    assert [leaf.label for leaf in root.leaves()] == ["query", "AC 1 Panthera leo", "it's:(odd)", "B", "C"]
    assert [child.label for child in root.children] == ["98", "20", "C"]
    assert tree_lay(root) == pytest.approx(0.5)
    leaf = {one.label: one for one in root.leaves()}
    assert leaf["query"].depth == pytest.approx(0.4)
    assert sorted(one.row for one in leaf.values()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("text", ["", "(a,b", "(a,'b);", "(a:x,b);", "a)b", "(" * 500])
def test_what_is_no_tree_is_refused(text: str) -> None:
    if text == "":
        assert newick_read(text).label == ""
        return
    with pytest.raises(NewickRefused):
        newick_read(text)


def test_a_tree_marks_the_query_and_the_species_and_hides_weak_supports() -> None:
    drawn = str(tree_figure({"newick": TREE, "replicates": 100}, "Panthera leo"))
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    words = {one.text: one.get("class") for one in root.iter("text")}
    assert words["this sample"] == "query"
    assert words["AC 1 Panthera leo"] == "strong"
    assert "98" in words
    assert "20" not in words
    assert tree_figure({"newick": "(a,b"}, "") is None
    assert tree_figure({}, "") is None
    hostile = str(tree_figure({"newick": "(query:1,'<script>':1,'a\"b':1);"}, ""))
    assert "<script>" not in hostile


def test_the_gap_is_drawn_to_scale() -> None:
    nearest = [{"taxon": "Panthera leo", "distance": 0.004}, {"taxon": "Panthera pardus", "distance": 0.08}]
    drawn = ET.fromstring(str(gap_figure(nearest, {"within": 0.02}, "Panthera leo")))  # noqa: S314 - our own
    near, far = (float(one.get("cx", "0")) - 230 for one in drawn.iter("circle"))
    assert far / near == pytest.approx(20, rel=0.01)
    assert gap_figure([], {}, "") is None


@pytest.mark.commits
def test_the_page_of_a_run_shows_tree_gap_and_alignment(client: Client, bench: Bench) -> None:
    library = barcode_set(bench.lab)
    text = f">one\n{SEQUENCES['Novus primus'][:300]}A{SEQUENCES['Novus primus'][301:]}\n".encode()
    run = species_run(bench, library, [("sequence", upload(bench, text, "one.fasta", "sequence"))])
    shown = enter(client, bench.lab.analyst).get(reverse("web:run", args=[run.reference])).content.decode()
    for words in ("Distance to other species", "Neighbour-joining tree", "Beside the nearest records", "this sample"):
        assert words in shown, words
    assert SEQUENCES["Novus primus"][:60] in shown

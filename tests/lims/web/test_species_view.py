"""What a species result is looked at with: trees read and laid out, gaps drawn to scale, bases beside records."""

import re
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.urls import reverse

from analysis.registry import METHODS
from lims.web.genusmap import genus_map
from lims.web.newick import NewickRefused, newick_read, tree_lay
from lims.web.speciesview import gap_figure, tree_figure
from tests.lims.lab.support import SEQUENCES, Bench, barcode_set, species_run, upload
from tests.lims.web.laboratory import enter

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


def test_the_map_of_a_genus_shows_what_is_missing_at_the_locus_compared() -> None:
    congeners = [
        {"name": "Panthera leo", "records": 5, "at": [3, 2]},
        {"name": "Panthera <uncia>", "records": 1, "at": [0, 1]},
        {"name": "Panthera onca", "records": 0, "at": [0, 0]},
    ]
    details = {"loci": ["COI", "cytb"], "locus": "COI", "congeners": congeners, "found": {"taxon": "Panthera leo"}}
    found = genus_map(details)
    assert found is not None
    assert found.missing == ("Panthera <uncia>", "Panthera onca")
    assert found.columns == (("COI", True), ("cytb", False))
    assert "1 of 3" in found.note
    drawn = ET.fromstring(str(found.drawing))  # noqa: S314 - our own
    crosses = [one for one in drawn.iter("path") if one.get("class") == "cross"]
    numbers = [one.text for one in drawn.iter("text") if one.get("class") == "strong tiny"]
    assert (len(crosses), numbers) == (3, ["3", "2", "1"])
    named = [one.text for one in drawn.iter("text") if one.get("class") == "query"]
    assert named == ["Panthera leo"]
    older = genus_map({"congeners": [{"name": "Aus albus", "records": 4}, {"name": "Aus niger", "records": 0}]})
    assert older is not None
    assert (older.missing, len(older.loci)) == (("Aus niger",), 1)
    assert genus_map({"congeners": []}) is None


def test_a_large_genus_is_drawn_in_columns() -> None:
    many = [{"name": f"Aus n{number}", "records": number % 2, "at": [number % 2]} for number in range(90)]
    found = genus_map({"loci": ["COI"], "locus": "COI", "congeners": many})
    assert found is not None
    drawn = ET.fromstring(str(found.drawing))  # noqa: S314 - our own
    assert float(drawn.get("height", "0")) < 90 * 18
    names = [one.text for one in drawn.iter("text") if (one.text or "").startswith("Aus")]
    assert names == [one["name"] for one in many]


@pytest.mark.commits
def test_the_page_of_a_run_shows_tree_gap_and_alignment(client: Client, bench: Bench) -> None:
    library = barcode_set(bench.lab)
    text = f">one\n{SEQUENCES['Novus primus'][:300]}A{SEQUENCES['Novus primus'][301:]}\n".encode()
    run = species_run(bench, library, [("sequence", upload(bench, text, "one.fasta", "sequence"))])
    shown = enter(client, bench.lab.analyst).get(reverse("web:run", args=[run.reference])).content.decode()
    for words in (
        "Distance to other species",
        "Neighbour-joining tree",
        "Beside the nearest records",
        "this sample",
        "Species of the same genus",
    ):
        assert words in shown, words
    assert SEQUENCES["Novus primus"][:60] in shown
    client.cookies["django_language"] = "fr"
    shown = client.get(reverse("web:run", args=[run.reference])).content.decode()
    for words in (
        "La séquence ",
        "Le résultat porte sur le sous-échantillon séquencé",
        "cadre de lecture",
        "1 − différences / (recouvrement − indéterminées)",
    ):
        assert words in shown, words
    english = re.findall(r'<(\w+)[^>]*lang="en"[^>]*>([^<]*)', shown)
    assert [text for _tag, text in english if unescape(text) != METHODS["species.identify"].citation] == []

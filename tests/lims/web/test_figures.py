"""Only drawings reach a page: a figure is taken apart and written again."""

import re

import pytest
from django.utils import translation

from analysis.origin import svg
from lims.web.figures import UnsafeFigure, svg_inline, svg_rows, svg_words

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">'


def drawing(inside: str) -> bytes:
    return f"{HEAD}{inside}</svg>".encode()


def test_our_own_figure_keeps_its_drawing_and_its_words() -> None:
    figure = svg.document(
        key="k",
        title="A < B",
        description="two & more",
        width=10,
        height=10,
        body=[svg.text("a & b", 1, 2), svg.rect("r50", 0, 0, 2, 3)],
    )
    written = svg_inline(figure.encode())
    assert written.startswith("<svg ")
    assert '<rect class="r50"' in written
    assert "a &amp; b</text>" in written
    assert 'aria-labelledby="k-t k-d"' in written
    assert svg_words(figure.encode()) == ("A < B", "two & more")


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<rect onload="alert(1)"/>',
        '<rect style="fill:red"/>',
        '<a href="https://evil.example/"><text>x</text></a>',
        '<image href="https://evil.example/x.png"/>',
        '<use href="#x"/>',
        "<foreignObject><p>x</p></foreignObject>",
        '<rect fill="url(https://evil.example/)"/>',
        "<style>rect{fill:red}</style>",
        "<g><g><animate attributeName='x'/></g></g>",
        '<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>',
    ],
)
def test_anything_but_a_drawing_is_refused(inside: str) -> None:
    with pytest.raises(UnsafeFigure):
        svg_inline(drawing(inside))


@pytest.mark.parametrize(
    "content",
    [
        b"not xml",
        b"<html><body/></html>",
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + drawing("<text>&a;</text>"),
        drawing("<text>" + "x" * 4_000_000 + "</text>"),
    ],
)
def test_no_svg_or_too_large_is_refused(content: bytes) -> None:
    with pytest.raises(UnsafeFigure):
        svg_inline(content)


def test_text_stays_text() -> None:
    assert "&lt;script&gt;" in svg_inline(drawing("<text>&lt;script&gt;alert(1)&lt;/script&gt;</text>"))


@pytest.mark.parametrize("kind", sorted(svg._PAINT))
def test_every_mark_of_the_origin_figures_is_shown(kind: str) -> None:
    """A mark painted with an attribute that pages do not let through would hide its whole figure."""
    body = [svg.path(kind, "M0 0H5"), svg.circle(kind, 1, 1, 1), svg.rect(kind, 0, 0, 1, 1), svg.text("x", 1, 1)]
    whole = svg.document(key="k", title="t", description="d", width=10, height=10, body=body)
    assert f'class="{kind}"' in svg_inline(whole.encode())


def test_a_long_figure_is_windowed_for_paper_without_drawing_it_again() -> None:
    drawn = (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="300" viewBox="0 0 2000 300">'
        b'<title>Long</title><path class="tr" d="M0 0L2000 0"/></svg>'
    )
    whole = svg_inline(drawn, part="drawn-1")
    assert '<g id="drawn-1" class="fig"><path class="tr" d="M0 0L2000 0"></path></g>' in whole
    assert whole.index("<title>Long</title>") < whole.index("<g ")
    rows = svg_rows(drawn, part="drawn-1", across=840)
    boxes = [re.search(r'viewBox="([^"]*)"', row) for row in rows]
    assert [box[1] for box in boxes if box] == ["0 0 840 300", "840 0 840 300", "1680 0 840 300"]
    assert all('<use href="#drawn-1"/>' in row and 'aria-hidden="true"' in row for row in rows)
    assert svg_rows(b'<svg xmlns="http://www.w3.org/2000/svg" width="10cm"/>', part="x", across=840) == []


def test_the_words_of_a_figure_are_told_in_the_language_of_the_page() -> None:
    """Title, description and texts that are a method's own; names and bases stay."""
    figure = drawing(
        "<title>Neighbour-joining tree</title><desc>Bases 1 to 60</desc><text>not named</text><text>Aus bus</text>"
        "<text>A</text>"
    )
    with translation.override("es"):
        written = svg_inline(figure)
    assert written.endswith(
        "<title>Árbol neighbour-joining</title><desc>Bases 1 a 60</desc><text>sin nombrar</text><text>Aus bus</text>"
        "<text>A</text></svg>"
    )
    assert "<desc>Bases 1 to 60</desc>" in svg_inline(figure)

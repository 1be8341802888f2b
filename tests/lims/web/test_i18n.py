"""Every text has its French and Spanish, and the compiled catalogues are the written ones."""

from pathlib import Path

import polib
import pytest
from django.utils import translation

from lims.web import i18n


@pytest.mark.parametrize("language", sorted(i18n.CATALOGUES))
def test_every_text_is_translated(language: str) -> None:
    lacking = [text.text for text in i18n.missing(language)]
    assert lacking == [], "run `python -m lims.web.i18n update` and fill in the .po files"


@pytest.mark.parametrize("language", sorted(i18n.CATALOGUES))
def test_compiled_catalogue_is_fresh(language: str) -> None:
    written = {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in i18n.catalogue(language) if e.translated()}
    compiled = polib.mofile(str(i18n.CATALOGUES[language].with_suffix(".mo")))
    assert {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in compiled} == written, (
        "run `python -m lims.web.i18n compile`"
    )


def test_texts_of_templates_and_code_are_found(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '{% load i18n %}{% translate "It\'s (here)" %}{% translate \'May\' context "month" %}'
        "{% blocktranslate count n=x trimmed %}\n one\n{% plural %}\n {{ n }} rows\n{% endblocktranslate %}"
        '{% card _("Title") %}{% endcard %}{# _("no") #}<p>gettext(</p>',
        encoding="utf-8",
    )
    (tmp_path / "code.py").write_text(
        'a = _("from code")\nb = ngettext("%(n)s a", "%(n)s b", n)\nc = _(variable)\nd = pgettext_lazy("x", "y")\n',
        encoding="utf-8",
    )
    found = {(text.context, text.text, text.plural) for text in i18n.texts(tmp_path)}
    assert found == {
        ("", "It's (here)", ""),
        ("month", "May", ""),
        ("", "one", "%(n)s rows"),
        ("", "Title", ""),
        ("", "from code", ""),
        ("", "%(n)s a", "%(n)s b"),
        ("x", "y", ""),
    }


@pytest.mark.parametrize(
    ("msgid", "msgstr", "good"),
    [
        ("%(n)s of %(m)s", "%(m)s: %(n)s", True),
        ("%(n)s of %(m)s", "%(n)s", False),
        ("%(n)s", "%(nombre)s", False),
        ("one of {names}", "un de {noms}", False),
        ("plain", "", False),
    ],
)
def test_translation_must_keep_the_placeholders(msgid: str, msgstr: str, good: bool) -> None:
    assert i18n.translated(polib.POEntry(msgid=msgid, msgstr=msgstr)) is good


@pytest.mark.parametrize(("language", "words"), [("fr", "Remises"), ("es", "Entregas")])
def test_django_uses_the_catalogues(language: str, words: str) -> None:
    with translation.override(language):
        assert translation.gettext("Hand-overs") == words

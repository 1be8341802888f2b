"""The catalogues of the pages: what must be translated, what is missing, compiling without gettext's tools.

    python -m lims.web.i18n update     add new texts to the .po files, then compile
    python -m lims.web.i18n compile    write the .mo files
    python -m lims.web.i18n missing    list what has no French or Spanish yet; exit code 1 when there is any

The .mo files are kept beside the .po files, so that a system starts without any tool; a test compares the two.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polib  # type: ignore[import-untyped]  # it ships no types, and only this tool uses it
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = {
    language: Path(__file__).resolve().parent / "locale" / language / "LC_MESSAGES" / "django.po"
    for language in ("fr", "es")
}
PLURALS = {"fr": "nplurals=2; plural=(n > 1);", "es": "nplurals=2; plural=(n != 1);"}

# name of the function: positions of (context, text, plural) among its arguments
_FORMS: dict[str, tuple[int | None, int, int | None]] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), (None, 0, None)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (None, 0, 1)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), (0, 1, None)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), (0, 1, 2)),
}
_CALL = re.compile(r"\b(?:n?p?gettext|_)\(")


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Text:
    """A text to translate: its context and plural are empty where it has none."""

    context: str
    text: str
    plural: str


@cache
def texts(root: Path = ROOT) -> Mapping[Text, str]:
    """Every text under `root`, each with the first file that holds it; read once in a process, for all languages."""
    found: dict[Text, str] = {}
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.html")]):
        if "migrations" in path.parts:
            continue
        source = path.read_text(encoding="utf-8")
        read = _python_texts(source) if path.suffix == ".py" else _template_texts(source, path)
        for text in read:
            found.setdefault(text, path.relative_to(root.parent).as_posix())
    return found


def _python_texts(source: str) -> Iterator[Text]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in _FORMS:
                yield from _call_text(node, *_FORMS[name])


def _call_text(node: ast.Call, context: int | None, text: int, plural: int | None) -> Iterator[Text]:
    words = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
    if len(words) > text and isinstance(words[text], str):
        yield Text(
            context=str(words[context]) if context is not None else "",
            text=str(words[text]),
            plural=str(words[plural]) if plural is not None else "",
        )


def _template_texts(source: str, path: Path) -> Iterator[Text]:
    # Django turns a template into something with gettext calls; each call in it is read as Python.
    code = templatize(source, origin=str(path))
    for found in _CALL.finditer(code):
        call = _balanced(code, found.start())
        yield from _python_texts(call)


def _balanced(code: str, start: int) -> str:
    """The call that begins at `start`, up to the bracket that closes it (brackets inside strings do not count)."""
    depth, quote, at = 0, "", start
    while at < len(code):
        sign = code[at]
        if quote:
            if sign == "\\":
                at += 1
            elif sign == quote:
                quote = ""
        elif sign in "'\"":
            quote = sign
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth == 0:
                return code[start : at + 1]
        at += 1
    raise ValueError(f"a translation call is not closed: {code[start : start + 60]!r}")


def _key(entry: polib.POEntry) -> Text:
    return Text(context=entry.msgctxt or "", text=entry.msgid, plural=entry.msgid_plural or "")


def translated(entry: polib.POEntry) -> bool:
    """Whether every form of the entry has words and the same placeholders as the original."""
    forms = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    wanted = _placeholders(entry.msgid_plural or entry.msgid)
    # A singular may leave its number out («one thing»).
    return all(form and _placeholders(form) <= wanted for form in forms) and (
        bool(entry.msgid_plural) or _placeholders(entry.msgstr) == wanted
    )


def _placeholders(text: str) -> set[str]:
    return {old or new for old, new in re.findall(r"%\((\w+)\)[sd]|\{(\w+)\}", text)}


def catalogue(language: str) -> polib.POFile:
    """The catalogue of a language, empty with its header when there is no file yet."""
    path = CATALOGUES[language]
    if path.exists():
        return polib.pofile(str(path), wrapwidth=110)
    empty = polib.POFile(wrapwidth=110)
    empty.metadata = {
        "Project-Id-Version": "Spoor",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURALS[language],
    }
    return empty


def missing(language: str) -> list[Text]:
    """Texts that the catalogue lacks or leaves open."""
    done = {_key(entry) for entry in catalogue(language) if translated(entry) and not entry.obsolete}
    return sorted(text for text in texts() if text not in done)


def update(language: str) -> None:
    """Add new texts, order by text so that two people's additions seldom collide.

    A text that nobody uses is kept as an obsolete entry, so that its words come back with it.
    """
    known = {_key(entry): entry for entry in catalogue(language)}
    fresh = catalogue(language)
    fresh.clear()
    used = texts()
    for text, where in sorted(used.items()):
        entry = known.get(text) or polib.POEntry(
            msgctxt=text.context or None,
            msgid=text.text,
            msgid_plural=text.plural,
            msgstr_plural={0: "", 1: ""} if text.plural else {},
        )
        entry.occurrences, entry.obsolete = [(where, "")], False
        fresh.append(entry)
    for entry in sorted((entry for key, entry in known.items() if key not in used), key=_key):
        entry.occurrences, entry.obsolete = [], True
        if translated(entry):
            fresh.append(entry)
    fresh.save(str(CATALOGUES[language]))


def compile_catalogue(language: str) -> None:
    """Write the .mo file beside the .po file."""
    catalogue(language).save_as_mofile(str(CATALOGUES[language].with_suffix(".mo")))


def main(arguments: list[str]) -> int:
    """The command line."""
    act = arguments[0] if len(arguments) == 1 else ""
    if act not in {"update", "compile", "missing"}:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    open_texts = 0
    for language in CATALOGUES:
        if act == "update":
            update(language)
        if act != "missing":
            compile_catalogue(language)
        lacking = missing(language)
        open_texts += len(lacking)
        for text in lacking:
            sys.stdout.write(f"{language}: {text.text!r}{f' ({text.context})' if text.context else ''}\n")
    sys.stdout.write(f"{len(texts())} texts, {open_texts} translations missing\n")
    return 1 if act == "missing" and open_texts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

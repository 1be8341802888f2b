"""Text that prints as what it is: no sign vanishes, turns the reading direction or stops the typesetter.

PDF/A forbids text without a glyph, and an exhibit's name may hold anything. Control signs, signs that turn
the direction of text, signs without width and signs that no available font has are printed as their Unicode
number, `[U+202E]`.
"""

import unicodedata
from functools import lru_cache
from pathlib import Path

import typst

_PROBE = (
    '#set page(width: auto)\n#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"))\n'
    '#for (style, weight) in (("normal", 400), ("italic", 400), ("normal", 700)) {\n'
    "  text(style: style, weight: weight, sys.inputs.text)\n}\n"
    '#text(font: "DejaVu Sans Mono", sys.inputs.text)\n'
)
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2028\u2029\ufffc")
# Signs of Latin script and common marks, known to be in the bundled fonts: the probe test of the suite holds this.
KNOWN = frozenset(
    [chr(code) for code in range(0x20, 0x7F)]
    + [chr(code) for code in range(0xA0, 0x180) if code not in {0xAD, 0x149}]
    + list("–—‘’‚“”„…•«»‰′″→−≤≥≈×·±µΩ")
)


def printable(text: str, fonts: Path | None = None) -> str:
    """`text` in composed form, with every sign that cannot be shown as itself replaced by `[U+XXXX]`.

    Args:
        text: any text; line feeds and tabs are kept as line feed and space.
        fonts: folder with further fonts, for scripts that the bundled ones lack.
    """
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    unusual = frozenset(composed) - KNOWN - {"\n"}
    if not unusual:
        return composed
    hidden = frozenset(sign for sign in unusual if _is_hidden(sign))
    unknown = hidden | _without_glyph(tuple(sorted(unusual - hidden)), fonts)
    return "".join(f"[U+{ord(sign):04X}]" if sign in unknown else sign for sign in composed)


def _is_hidden(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category in {"Cc", "Cf", "Cs", "Co", "Cn"} or sign in _INVISIBLE


@lru_cache(maxsize=512)
def _without_glyph(signs: tuple[str, ...], fonts: Path | None) -> frozenset[str]:
    """Those of `signs` that the typesetter has no glyph for, found by halving."""
    if not signs or _typesets("".join(signs), fonts):
        return frozenset()
    if len(signs) == 1:
        return frozenset(signs)
    middle = len(signs) // 2
    return _without_glyph(signs[:middle], fonts) | _without_glyph(signs[middle:], fonts)


def _typesets(text: str, fonts: Path | None) -> bool:
    compiler = typst.Compiler(font_paths=[fonts] if fonts else [], ignore_system_fonts=True)
    try:
        compiler.compile(_PROBE.encode(), format="pdf", pdf_standards=["a-2b"], sys_inputs={"text": text})
    except typst.TypstError:
        return False
    return True

"""Sentences of methods in the reader's language: every one that a method can say is known and told."""

import ast
from collections.abc import Iterator

import pytest
from django.utils import translation

from analysis.registry import METHODS
from lims.web.phrases import known, said
from lims.web.results import result_view
from lims.web.templatetags.spoor import told
from tests.conftest import ROOT

SAYING = {
    "analysis/origin/wording.py": "statement caveats _NOT_SAMPLED _CONDITION",
    "analysis/origin/assign.py": "_decide _untrusted _doubts _named",
    "analysis/origin/method.py": "outcome_of _numbers _diagnostics",
    "analysis/origin/mixture_cli.py": "CAVEAT",
    "analysis/origin/mixture_method.py": "statement _outcome _number",
    "analysis/origin/haplotypes.py": "CAVEAT",
    "analysis/origin/haplotype_method.py": "_outcome _number",
    "analysis/origin/spatial/wording.py": "PRIOR_WORDS _RANGE _BORDERS _INDEPENDENCE statement caveats squares_text "
    "_width_text",
    "analysis/origin/spatial/locate.py": "_judged",
    "analysis/origin/spatial/method.py": "outcome_of _numbers _diagnostics",
    "analysis/origin/isotope/cli.py": "CAVEATS nowhere_text line_text",
    "analysis/origin/isotope/method.py": "_statement _outcome _numbers _diagnostics",
    "analysis/origin/combined.py": "CAVEATS DRAWN statement",
    "analysis/origin/combined_method.py": "_notices _outcome _caveats _reasons _numbers _diagnostics _reach",
    "analysis/individual/inputs.py": "size_words loci_check",
    "analysis/individual/elsewhere.py": "elsewhere_notices",
    "analysis/individual/kin_method.py": "CAVEATS RELATIONSHIP_WORDS _outcome _statement _numbers _power_check",
    "analysis/individual/match_method.py": "CAVEATS _outcome _diagnostics _statement _reasons _numbers "
    "_pair_numbers _ratio",
    "analysis/individual/pedigree_wording.py": "CAVEATS WHO_WORDS alike_words parents_words",
    "analysis/individual/parentage_method.py": "_pedigree_outcome _pedigree_statement _pedigree_numbers _open_caveats "
    "_tested_check _resolution_checks _claim_outcome _statement _reasons _numbers _check",
    "analysis/individual/consensus_method.py": "CAVEATS _statement _reasons _numbers _diagnostics",
    "analysis/age/cli.py": "FORMATION SECOND_SAMPLE caveats",
    "analysis/age/method.py": "_outcome _statement _range_words _together _numbers _diagnostics",
    "analysis/captivity/cli.py": "CAVEATS",
    "analysis/captivity/method.py": "_outcome _statement _reasons _numbers _ratio",
}
"""Where a method's sentences are made: functions and constants of each module."""

PARTS = (
    *("excluded (p below", "(7 of", " (7 more", " and 7 more", "mixture ", "The two hardly", " Dated together"),
    *(": columns shifted, or", ": this value lies", "; not resolved", "; it does not", "The panel tells", " Alone, "),
    *(" The other claimed", "7, alone", "7 times", "7 profiles of", "7 loci contradict", "7Together", "7The 95 %"),
    *("right to 7 among", "7 profiles were compared with 7", "7 cannot be excluded as 7", "No population7 reaches"),
    *("The increment 7 (F14C", "Parentage of 7 is excluded for 7.7"),
)
"""Beginnings of pieces that stand only inside a longer sentence."""
TITLES = ("title", "name", "description", "kind")


def _sentences(path: str, names: set[str]) -> Iterator[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        for one in (node, *(node.body if isinstance(node, ast.ClassDef) else ())):
            name = getattr(one, "name", "")
            if isinstance(one, ast.Assign | ast.AnnAssign):
                target = one.targets[0] if isinstance(one, ast.Assign) else one.target
                name = target.id if isinstance(target, ast.Name) else ""
            if name in names:
                found.add(name)
                yield from _literals(one)
    assert len(found) * 2 > len(names), f"{path} has no {names - found}"


def _literals(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield from [node.value] if isinstance(node.value, str) else []
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif not (isinstance(node, ast.keyword) and node.arg in TITLES):
        body = getattr(node, "body", None)
        documented = isinstance(node, ast.FunctionDef) and isinstance(body, list) and ast.get_docstring(node)
        for child in ast.iter_child_nodes(node):
            if not (documented and child is body[0]):  # type: ignore[index]  # a function's body is a list
                yield from _literals(child)


@pytest.mark.parametrize("path", sorted(SAYING))
def test_every_sentence_of_a_method_is_known(path: str) -> None:
    texts = [text for text in _sentences(path, set(SAYING[path].split())) if " " in text.strip() and len(text) > 14]
    assert [text for text in texts if not text.startswith(PARTS) and not known(text)] == []


@pytest.mark.parametrize("path", sorted(SAYING))
def test_every_code_of_a_check_has_words(path: str) -> None:
    calls = [
        node for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    made = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Diagnostic"]
    given = [one.value for call in made for one in call.keywords if one.arg == "code"]
    codes = [str(one.value) for one in given if isinstance(one, ast.Constant)]
    assert [code for code in codes if not known(code.replace("_", " "))] == []


@pytest.mark.parametrize("name", [name for name in sorted(METHODS) if not name.startswith("species.")])
def test_assumptions_and_limits_of_methods_are_known(name: str) -> None:
    method = METHODS[name]
    assert [text for text in (*method.assumptions, *method.limits) if not known(text)] == []


RANKED = (
    "Among 3 populations, the genotype is best explained by %s (posterior > 0.999, equal prior weights); "
    "excluded (p below 0.01): 2 of 3 populations."
)
SAME = (
    "Exactly the same genotype as A/1, B (2) and 3 more: one animal typed twice? Duplicates must be merged before "
    "animals are counted."
)
FEW = "Fewer than 20 reference animals in %s: its score and its exclusion rest on little."
DATED = (
    "The increment T-1 (F14C 1.25 ± 0.004) was formed 1958.9 to 1959.4 (6.8%), or 1981.3 to 1983.7 (64.1%) "
    "(95.4 % ranges on NH1). Dated together with T-2."
)
KIN = (
    "4 of 45 pairs reach a likelihood ratio of 1000 for some relationship against unrelated; were all unrelated, at "
    "most 0.045 pairs per relationship would be expected. No single pair is evidence of kinship. The panel tells the "
    "same animal, full siblings; it does not resolve half siblings."
)
PEDIGREE = (
    "The claimed pedigree is excluded: 1 of 5 claims cannot be true. It breaks first at Y (mother D, father S). 5 of 5 "
    "claims could be tested, in 5 tests at 0.0002 each, so that a wholly true pedigree is excluded with a probability "
    "of at most 0.001."
)
CLAIM = (
    "Y (mother D, father S): D alone EXCLUDED, 5 contradictions at 16 loci, 0.2 expected of typing errors, p 8.2e-07; "
    "95% of unrelated claimants would be excluded; the other parent is not typed enough (S)."
)
PARENTS = "Parentage of Y is excluded for the pair and S as father. Alone, D as mother cannot be."


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        ("fr", RANKED % "Trinidad and Tobago", "Trinidad and Tobago (probabilité a posteriori > 0.999"),
        ("es", "No result: No locus of the baseline is typed.", "Sin resultado: Ningún locus de la referencia"),
        ("fr", SAME, "que A/1, B (2) et 3 de plus : un animal"),
        ("fr", FEW % "North and East", "dans North et East : son score"),
        ("fr", FEW % "North and South", "dans North and South : son score"),
        ("es", DATED, "se formó de 1958.9 a 1959.4 (6.8%), o de 1981.3 a 1983.7 (64.1%) (intervalos del 95,4 % en"),
        ("fr", KIN, "Le panel distingue le même animal, pleins frères ; il ne résout pas demi-frères."),
        ("fr", CLAIM, "Y (mère D, père S) : D seul EXCLU, 5 contradictions à 16 locus, 0.2 attendues par erreurs"),
        (
            "fr",
            PEDIGREE,
            "Le pedigree déclaré est exclu : 1 déclarations sur 5 ne peuvent être vraies. Il se rompt d’abord",
        ),
        (
            "fr",
            PEDIGREE,
            "à Y (mère D, père S). 5 déclarations sur 5 ont pu être éprouvées, en 5 tests à 0.0002 chacun",
        ),
        ("es", CLAIM, "el otro progenitor no está bastante tipado (S)."),
        ("es", PARENTS, "queda excluida para la pareja y S como padre. Solo, D como madre no puede serlo."),
    ],
)
def test_names_and_numbers_stay_as_they_are(language: str, text: str, told: str) -> None:
    with translation.override(language):
        found = said(text, names={"North and South"})
    assert told in found.text
    assert found.lang == ""


def test_a_result_is_told_in_the_language_of_the_page() -> None:
    """The stored outcome is English; what the page gets is not, but for a sentence no phrase fits."""
    ranked = {"population": "North and South", "group": "", "posterior": 0.9, "exclusion_p": 0.5, "excluded": False}
    outcome = {
        "method": "origin.assign",
        "finding": {"statement": RANKED % "North and South", "reasons": [{"code": "x", "text": "An unknown reason."}]},
        "caveats": [FEW % "North and South"],
        "diagnostics": [
            {"code": "typed_loci", "state": "passed", "text": "9 of 9 loci typed", "value": 9},
            {"code": "reading-frame", "state": "passed", "text": "The moon was full.", "value": None},
        ],
        "details": {"ranking": [ranked], "typed_loci": 9, "loci": 9},
    }
    with translation.override("fr"):
        shown = result_view(outcome, "assigned", "North and South")
        assert shown.statement.text.startswith(
            "Parmi 3 populations, le génotype s’explique le mieux par North and South"
        )
        assert [(one.text, one.lang) for one in shown.reasons] == [("An unknown reason.", "en")]
        assert shown.caveats[0].text.startswith("Moins de 20 animaux de référence dans North and South :")
        assert [(one.label, one.lang, one.detail) for one in shown.checks] == [
            ("9 locus typés sur 9", "", "locus typés"),
            ("The moon was full.", "en", "cadre de lecture"),
        ]
        assert told("An unknown <b>reason</b>.") == '<span lang="en">An unknown &lt;b&gt;reason&lt;/b&gt;.</span>'


def test_a_sentence_nobody_knows_stands_as_it_was_stored() -> None:
    with translation.override("fr"):
        assert (said("An older program said so.").text, said("An older program said so.").lang) == (
            "An older program said so.",
            "en",
        )
    with translation.override("en"):
        assert said("An older program said so.").lang == ""

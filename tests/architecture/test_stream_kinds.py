"""The page of formats names every kind of stream the program writes, and no other."""

import ast
import re
from collections.abc import Iterator

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "ledger-format.md"
PACKAGES = ("lims", "chain_of_custody")


def sources() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(file.read_text(encoding="utf-8"))


def constants(trees: list[ast.Module]) -> dict[str, str]:
    """`…_STREAM = "word"` at the top of a module."""
    found = {}
    for tree in trees:
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(word))):
                    if name.endswith("_STREAM"):
                        found[name] = word
    return found


def kinds_written() -> set[str]:
    """The kinds in every `StreamKey(kind=…)`; those taken from a stream that exists already are no new ones."""
    trees = list(sources())
    known, found = constants(trees), set()
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id="StreamKey"), keywords=keywords):
                    given = {word.arg: word.value for word in keywords}
                    match given["kind"]:
                        case ast.Constant(value=str(kind)):
                            found.add(kind)
                        case ast.Name(id=name) if name in known:
                            found.add(known[name])
    return found


def kinds_on_the_page() -> list[str]:
    section = PAGE.read_text(encoding="utf-8").partition("## 9. ")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)


def test_the_page_names_every_kind_of_stream() -> None:
    written, told = kinds_written(), kinds_on_the_page()
    assert len(written) > 10
    assert sorted(told) == sorted(written)
    assert told == sorted(told)

"""Every sentence a module can say, read out of its source: names of the module and of a function are followed."""

import ast
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

ANY = "7"
"""What stands for a value that only a run knows."""
_MOST = 256
_SILENT = frozenset(
    {"InputRefused", "ListRefused", "progress", "compile", "add_argument", "add_parser", "ArgumentParser"}
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(kw_only=True)
class _Reader:
    """A module's constants and functions, and the names of the function being read."""

    constants: dict[str, list[ast.expr]]
    functions: dict[str, _Function]
    local: dict[str, list[ast.expr]] = field(default_factory=dict)
    following: tuple[int, ...] = ()

    def values(self, node: ast.expr) -> list[str]:
        """What an expression can say, `ANY` for every part that the source does not settle."""
        return list(dict.fromkeys(itertools.islice(self._values(node), _MOST)))

    def _values(self, node: ast.expr) -> Iterator[str]:
        if isinstance(node, ast.Constant):
            yield node.value if isinstance(node.value, str) else ANY
        elif isinstance(node, ast.JoinedStr):
            yield from self._joined(node.values)
        elif isinstance(node, ast.FormattedValue):
            yield from [ANY] if node.format_spec else self._values(node.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield from self._joined([node.left, node.right])
        elif isinstance(node, ast.IfExp):
            yield from itertools.chain(self._values(node.body), self._values(node.orelse))
        elif isinstance(node, ast.BoolOp):
            yield from itertools.chain.from_iterable(map(self._values, node.values))
        elif isinstance(node, ast.Name):
            yield from self._named(node.id)
        elif isinstance(node, ast.Call):
            yield from self._called(node)
        else:
            yield ANY

    def _joined(self, parts: Iterable[ast.expr]) -> Iterator[str]:
        return map("".join, itertools.islice(itertools.product(*map(self.values, parts)), _MOST))

    def _named(self, name: str) -> Iterator[str]:
        """Everything a name is given; what is given with the name itself in it holds what was there before."""
        found = [one for one in self.local.get(name) or self.constants.get(name) or [] if id(one) not in self.following]
        for one in found:
            yield from self._within(self.local, id(one)).values(one)
        if not found:
            yield ANY

    def longer(self, node: ast.AugAssign) -> list[str]:
        """What a name holds once text was added to it."""
        given = self.local.get(node.target.id, []) if isinstance(node.target, ast.Name) else []
        made = [one for one in given if isinstance(one, ast.BinOp) and one.right is node.value]
        return [text for one in made for text in self._within(self.local, id(one)).values(one)]

    def _within(self, local: dict[str, list[ast.expr]], followed: int) -> "_Reader":
        return _Reader(
            constants=self.constants, functions=self.functions, local=local, following=(*self.following, followed)
        )

    def _called(self, node: ast.Call) -> Iterator[str]:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "join" and len(node.args) == 1:
            yield from self._listed(node.args[0], empty=self.values(node.func.value) == [""])
            return
        function = self.functions.get(_name(node.func)) if isinstance(node.func, ast.Name) else None
        if function is None or id(function) in self.following:
            yield ANY
            return
        inner = self._within(_assigned(function), id(function))
        returned = [one.value for one in ast.walk(function) if isinstance(one, ast.Return) and one.value]
        yield from itertools.chain.from_iterable(map(inner.values, returned)) if returned else [ANY]

    def _listed(self, listed: ast.expr, *, empty: bool) -> list[str]:
        """One of what is joined; nothing at all too, where `empty`: such a list holds what may be added."""
        if isinstance(listed, ast.GeneratorExp | ast.ListComp):
            return self.values(listed.elt)
        added = f"{listed.id}[]" if isinstance(listed, ast.Name) else ""
        return [*([""] if empty else []), *self.values(ast.Name(id=added))]


def _assigned(function: _Function) -> dict[str, list[ast.expr]]:
    """Local names with every expression they are given; `x[]` holds what is appended to the list x."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                _pair(target, node.value, found)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            longer = ast.BinOp(left=ast.Name(id=node.target.id), op=node.op, right=node.value)
            found.setdefault(node.target.id, []).append(longer)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            listed = node.func.value
            found.setdefault(f"{listed.id}[]" if isinstance(listed, ast.Name) else "", []).extend(node.args)
    return found


def _pair(target: ast.expr, value: ast.expr, found: dict[str, list[ast.expr]]) -> None:
    """Names with what they are given; a target that is no name stands under «»."""
    if not isinstance(target, ast.Tuple) or not isinstance(value, ast.Tuple):
        found.setdefault(target.id if isinstance(target, ast.Name) else "", []).append(value)
    elif len(target.elts) == len(value.elts):
        for one, given in zip(target.elts, value.elts, strict=True):
            _pair(one, given, found)


def sentences_of(path: Path, *, errors: bool = False) -> list[str]:
    """Every text of a module with a space in it that is neither documentation, an error, a note of progress nor help.

    A text that stands only inside others is given whole with them, and not alone. With `errors`, what is raised too.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, _Function)}
    constants: dict[str, list[ast.expr]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                _pair(target, node.value, constants)
    found = _Found(
        reader=_Reader(constants=constants, functions=functions), parts=_parts(tree), silent=not errors
    ).spoken(tree)
    texts = dict.fromkeys(" ".join(text.split()) for text in found)
    return [text for text in texts if " " in text and any(map(str.isalpha, text))]


def _parts(tree: ast.Module) -> frozenset[str]:
    """Names and functions that are used nowhere but inside a longer text."""
    inside = [_used(text) for text in ast.walk(tree) if isinstance(text, ast.JoinedStr | ast.BinOp) and _says(text)]
    within = {id(node) for nodes in inside for node in nodes}
    names = {node.id for nodes in inside for node in nodes}
    alone = {node.id for node in _used(tree) if id(node) not in within}
    return frozenset(names - alone)


def _used(tree: ast.AST) -> list[ast.Name]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A walk through a module that takes the longest texts."""

    reader: _Reader
    parts: frozenset[str]
    silent: bool

    def spoken(self, node: ast.AST) -> Iterator[str]:
        """The texts under a node."""
        if self._passed(node):
            return
        if _says(node):
            yield from self.reader.values(node)
            for one in _beside(node):
                yield from self.spoken(one)
            return
        if isinstance(node, ast.AugAssign) and _says(node.value):
            yield from self.reader.longer(node)
            return
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            pairs: dict[str, list[ast.expr]] = {}
            _pair(node.targets[0], node.value, pairs)
            for one in (value for name, given in pairs.items() if name not in self.parts for value in given):
                yield from self.spoken(one)
            return
        inner = self
        if isinstance(node, _Function):
            reader = _Reader(constants=self.reader.constants, functions=self.reader.functions, local=_assigned(node))
            inner = _Found(reader=reader, parts=self.parts, silent=self.silent)
        for child in ast.iter_child_nodes(node):
            yield from inner.spoken(child)

    def _passed(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Raise):
            return self.silent
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Call):
            return self.silent and _name(node.func) in _SILENT
        if isinstance(node, _Function):
            return node.name in self.parts
        if isinstance(node, ast.Assign):
            return _names(node.targets) <= self.parts
        return isinstance(node, ast.AnnAssign) and _names([node.target]) <= self.parts


def _names(targets: Iterable[ast.expr]) -> set[str]:
    """The names that are set, a whole that is no name among them."""
    return {one.id if isinstance(one, ast.Name) else "" for one in targets}


def _says(node: ast.AST) -> TypeGuard[ast.expr]:
    """Whether an expression is text, at least on one of its branches."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and (_says(node.left) or _says(node.right))
    if isinstance(node, ast.IfExp):
        return _says(node.body) or _says(node.orelse)
    if isinstance(node, ast.BoolOp):
        return any(map(_says, node.values))
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _beside(text: ast.expr) -> list[ast.expr]:
    """What stands in a text and is none: branches that are no text, arguments of calls."""
    branches = [
        one
        for node in ast.walk(text)
        for one in ([node.body, node.orelse] if isinstance(node, ast.IfExp) else getattr(node, "values", ()))
        if isinstance(node, ast.IfExp | ast.BoolOp) and not _says(one)
    ]
    return [*branches, *(one for node in ast.walk(text) if isinstance(node, ast.Call) for one in node.args)]


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")

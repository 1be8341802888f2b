"""The shape of the code: import contracts, sizes, migrations, capabilities, surfaces that ask services only."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lims.accounts.roles import GRANTS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("lims", "analysis", "chain_of_custody", "labels", "deploy")
MODULE_MOST = 400
FUNCTION_MOST = 40
FUNCTION_P90 = 25
KNOWN = Path(__file__).with_name("longer.json")
"""What is not as it should be yet: the lists may shrink and never grow."""
RECORDED = Path(__file__).with_name("migrations.json")
"""Migrations that homes have applied: the list grows and never shrinks."""
_QUERIES = {"objects", "_default_manager", "_base_manager"}
_REACHING = {
    "require",
    "may",
    "may_somewhere",
    "scopes_of",
    "visible",
    "case_get",
    "item_get",
    "file_get",
    "card",
    "page_for",
}


def modules(*packages: str) -> Iterator[Path]:
    """Every module of ours, migrations apart."""
    for package in packages:
        yield from sorted(path for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts)


def functions(*packages: str) -> Iterator[tuple[str, int]]:
    """Every function and the lines of its body: signature and docstring declare, they do not do."""
    for path in modules(*packages):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
                yield f"{path.relative_to(ROOT)}:{node.name}", lines


def known(kind: str) -> set[str]:
    """What is known to be longer."""
    return set(json.loads(KNOWN.read_text(encoding="utf-8"))[kind])


def test_import_contracts_are_kept() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_no_module_is_longer_than_it_should_be() -> None:
    longer = {
        str(path.relative_to(ROOT))
        for path in modules(*PACKAGES)
        if len(path.read_text(encoding="utf-8").splitlines()) > MODULE_MOST
    }
    assert not longer, "split by entity into a package of the same name"


def test_functions_are_short() -> None:
    found = dict(functions(*PACKAGES))
    longer = {name for name, lines in found.items() if lines > FUNCTION_MOST}
    assert not longer - known("functions"), "split the function"
    ordered = sorted(found.values())
    assert ordered[int(len(ordered) * 0.9)] <= FUNCTION_P90


def test_every_recorded_migration_is_known_by_its_name() -> None:
    """What a home has recorded as applied must not be met under another name: it would be applied again."""
    from django.db.migrations.loader import MigrationLoader

    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    recorded = set(json.loads(RECORDED.read_text()))
    assert recorded <= known


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def capabilities() -> Iterator[tuple[str, str]]:
    """Every text in the code that looks like a capability where one is asked for."""
    shape = re.compile(r"^[a-z]+\.[a-z_]+$")
    for path in modules("lims"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in _REACHING:
                continue
            texts = [*node.args, *(word.value for word in node.keywords if word.arg == "capability")]
            for text in texts:
                if isinstance(text, ast.Constant) and isinstance(text.value, str) and shape.match(text.value):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", text.value


def test_every_capability_asked_for_is_in_the_matrix() -> None:
    asked = list(capabilities())
    assert len(asked) > 80
    unknown = [(place, name) for place, name in asked if name not in GRANTS]
    assert not unknown


def test_every_capability_of_the_matrix_is_asked_for_somewhere() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in modules("lims") if path.name != "roles.py")
    unused = [name for name in GRANTS if f'"{name}"' not in text]
    assert set(unused) <= known("capabilities not asked for yet")


@pytest.mark.parametrize("surface", ["lims/api", "lims/web"])
def test_surfaces_query_nothing_and_save_nothing(surface: str) -> None:
    found = []
    for path in modules(surface):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in _QUERIES:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} .{node.attr}")
            if isinstance(node, ast.ImportFrom) and node.module == "django.db":
                found += [
                    f"{path.relative_to(ROOT)}:{node.lineno} {name.name}"
                    for name in node.names
                    if name.name in {"connection", "connections"}
                ]
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("chain_of_custody"):
                found += [
                    f"{path.relative_to(ROOT)}:{node.lineno} {name.name}"
                    for name in node.names
                    if name.name == "act_append" or name.name.startswith("sequencer_")
                ]
    assert not found, "surfaces reach data only through services and selectors"


def test_only_services_append_to_the_ledger() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in modules("lims")
        if "services" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and any(name.name == "act_append" for name in node.names)
    ]
    assert not found

"""The OpenAPI document: complete, valid, and the one that is committed."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if path != "/api/v1/schema/"
    ]


def test_it_is_valid_and_made_without_a_warning(schema: dict[str, Any]) -> None:
    validate_schema(schema)
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_every_operation_says_what_it_takes_and_answers(schema: dict[str, Any]) -> None:
    assert len(operations(schema)) > 90
    for path, method, operation in operations(schema):
        where = f"{method.upper()} {path}"
        assert operation["description"], where
        good = [code for code in operation["responses"] if code.startswith("2")]
        assert good, where
        for code in ("401", "403", "404"):
            assert "application/problem+json" in operation["responses"][code]["content"], where
        if method == "get":
            content = operation["responses"][good[0]].get("content", {})
            assert all(media["schema"] for media in content.values()), where
            assert content, where


def test_posts_take_an_idempotency_key_and_edits_an_etag(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        names = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "header"}
        if method == "post":
            # A sheet is drawn anew; a token is answered with a secret that nothing keeps.
            drawn = path.endswith(("labels/sheets/", "/tokens/"))
            assert drawn or names & {"Idempotency-Key", "If-Match"}, path
        if method == "patch":
            assert names & {"If-Match", "Upload-Offset"}, path


def test_lists_are_capped(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        if method != "get":
            continue
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        shape = str(operation["responses"].get("200", {}))
        if "Page'" in shape or "Feed'" in shape:
            assert "limit" in names, path


def test_the_committed_document_is_this_one(schema: dict[str, Any]) -> None:
    committed = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    assert sorted(committed["paths"]) == sorted(schema["paths"]), (
        "run: python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml"
    )

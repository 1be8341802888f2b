"""Columns as the server takes them: what arrives is what was sent, in binary form."""

from uuid import UUID

import pytest

from chain_of_custody.services.arrays import Bigints, Byteas, Column, Texts, Uuids
from chain_of_custody.services.statements import prepared

pytestmark = pytest.mark.django_db
CASES = [
    ("bigint[]", Bigints([])),
    ("bigint[]", Bigints([1, -1, 2**63 - 1, -(2**63)])),
    ("uuid[]", Uuids([UUID(int=0), UUID("11111111-1111-4111-8111-111111111111")])),
    ("text[]", Texts([])),
    ("text[]", Texts(["", "item", None, 'quo"te', "back\\slash", "it's", "{a,b}", "NULL", "héé\n"])),
    ("bytea[]", Byteas([b"", bytes(range(256)), b'"\\', b"x" * 40_000])),
]


@pytest.mark.parametrize(("kind", "column"), CASES, ids=[f"{n}-{kind}" for n, (kind, _column) in enumerate(CASES)])
def test_what_arrives_is_what_was_sent(kind: str, column: Column) -> None:
    cursor = prepared()
    cursor.execute("SELECT %s::" + kind, [column])
    assert cursor.fetchone()[0] == list(column.values)

"""Entries that look alike are read without reading them again: nothing gets through that the careful reader refuses."""

import random
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_of_custody.core import shapes
from chain_of_custody.core.entry import entry_bytes
from chain_of_custody.core.errors import EntryRefused
from chain_of_custody.core.scan import _scan_exact, entry_scan
from chain_of_custody.core.shapes import scan_alike
from tests.chain_of_custody.core.builders import small_log, verify_bytes
from tests.chain_of_custody.core.forgeries import everything

RAW = small_log().raw
SEED, ALIKE = RAW[4], RAW[6]


def taught() -> None:
    """Forget everything, then accept the entries of the small log."""
    shapes._known.clear()
    for raw in RAW:
        entry_scan(raw)


def test_what_looks_alike_is_read_the_same() -> None:
    taught()
    for raw in RAW:
        assert scan_alike(raw) == (_scan_exact(raw) if raw.isascii() else None)
    pick = random.Random(4)
    entry = small_log().entries[4]
    other = replace(
        entry,
        id=UUID(int=pick.getrandbits(128)),
        act=UUID(int=pick.getrandbits(128)),
        previous=pick.randbytes(32).hex(),
        values={name: str(UUID(int=pick.getrandbits(128))) for name in entry.values},
    )
    data = entry_bytes(other)
    assert scan_alike(data) == _scan_exact(data)


@given(st.sampled_from(RAW), st.data())
def test_nothing_the_careful_reader_refuses(raw: bytes, data: st.DataObject) -> None:
    """Hexadecimal digits are what a shape does not see, so those are changed most."""
    taught()
    changed = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(raw) - 1))
        changed[place] = data.draw(st.sampled_from(b"0123456789abcdefg-Z+") | st.integers(0, 255))
    found = scan_alike(bytes(changed))
    if found is not None:
        assert found == _scan_exact(bytes(changed))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"kind":"item"', b'"kind":"it3m"'),
        (b'"act":', b'"bct":'),
        (b"2026-03-01T", b"2026-02-30T"),
        (b"2026-03-01T", b"2026-0a-01T"),
        (b'"sequence":3', b'"sequence":0'),
        (b'"sequence":3', b'"sequence":a'),
        (b'"sequence":3', b'"sequence":1'),
        (b'"role":"custodian"', b'"role":"1ustodian"'),
    ],
)
def test_digits_that_are_no_digits_of_a_hash(old: bytes, new: bytes) -> None:
    taught()
    changed = SEED.replace(old, new, 1)
    assert changed != SEED, SEED
    found = scan_alike(changed)
    assert found is None or found == _scan_exact(changed)
    if old != b'"kind":"item"':  # another word is a word still
        with pytest.raises(EntryRefused):
            entry_scan(changed)


def test_the_table_forgets_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes._known.clear()
    monkeypatch.setattr(shapes, "SHAPES_LIMIT", 3)
    for raw in RAW:
        entry_scan(raw)
    assert 0 < len(shapes._known) <= 3


def test_verdicts_do_not_depend_on_what_was_read_before(tmp_path: Path) -> None:
    for case in everything()[::7]:
        shapes._known.clear()
        first = verify_bytes(tmp_path, case.data, *case.keys, outside=case.outside)
        second = verify_bytes(tmp_path, case.data, *case.keys, outside=case.outside)
        assert first == second, case.name

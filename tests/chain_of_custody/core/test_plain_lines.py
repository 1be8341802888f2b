"""The quick road through a full export says only what the careful road says, of every line and of every file."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain_of_custody.core.entry import StreamKey
from chain_of_custody.core.errors import CoreError, ExportRefused
from chain_of_custody.core.export import ExportReader, ExportRow, Scope
from chain_of_custody.core.note import base64_decode
from chain_of_custody.core.plainline import plain_line
from chain_of_custody.core.verify import Status
from chain_of_custody.core.verify.export import ExportVerifier
from tests.chain_of_custody.core.builders import (
    GIVER,
    ITEM,
    LOG_KEY,
    STORE,
    Log,
    export_bytes,
    header,
    reasons,
    small_log,
    verify_bytes,
)
from tests.chain_of_custody.core.forgeries import everything
from tests.chain_of_custody.core.tampering import lines_mended, renumbered


def moved_about(times: int = 6) -> Log:
    """One item moved to and fro, so that most entries look like one before."""
    log = Log(seed=5)
    log.custody(ITEM, "created", custodian=GIVER)
    sides = [GIVER, STORE]
    for _ in range(times):
        log.custody(ITEM, "moved", **{"from": sides[0], "to": sides[1]})
        sides.reverse()
    return log


def quiet(log: Log) -> bytes:
    return export_bytes(header(log, Scope.FULL), log.rows(Scope.FULL, reveal=False))


SMALL, MOVED = quiet(small_log()), quiet(moved_about())


def careful(data: bytes) -> ExportRow | None:
    reader = ExportReader(io.BytesIO(SMALL))
    try:
        return reader.row(data)
    except ExportRefused:
        return None


def test_plain_lines_are_read_as_the_careful_reader_reads_them() -> None:
    reader = ExportReader(io.BytesIO(SMALL))
    for index, data in enumerate(reader.lines()):
        line, row = plain_line(data, index), careful(data)
        assert line is not None
        assert row is not None
        assert (line.entry, line.leaf_salt, row.index) == (row.entry, row.leaf_salt, index)
        assert plain_line(data, index + 1) is None


@given(
    line=st.integers(1, 9), place=st.integers(min_value=0), sign=st.sampled_from(b'AB+/=9", }\n') | st.integers(0, 255)
)
@settings(max_examples=500)
def test_no_line_the_careful_reader_refuses(line: int, place: int, sign: int) -> None:
    data = bytearray(SMALL.splitlines(keepends=True)[line])
    data[-1 - place % len(data)] = sign
    found = plain_line(bytes(data), line - 1)
    row = careful(bytes(data))
    if found is not None and row is None:
        with pytest.raises(CoreError):  # compared as text afterwards, so it may be anything here
            base64_decode(found.leaf.decode("latin-1"))
    elif found is not None and row is not None:
        assert (found.entry, found.leaf_salt, row.index) == (row.entry, row.leaf_salt, line - 1)


def test_stray_bits_before_the_padding() -> None:
    """A decoder gives the same bytes for each of these signs; one of them is the form."""
    lines = SMALL.splitlines(keepends=True)
    padded = [line for line in lines[1:-1] if b'=","index"' in line]
    assert padded
    for line in padded:
        at = line.index(b'=","index"')
        at -= line[at - 1 : at] == b"="
        index = int(line.split(b'"index":')[1].split(b",")[0])
        for place in (at - 1, line.rindex(b'="}') - 1):
            stray = bytearray(line)
            stray[place] += 1
            assert plain_line(bytes(stray), index) is None


def test_the_quick_road_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    plain = ExportVerifier._plain

    def noted(self: ExportVerifier, data: bytes) -> bool:
        taken.append(plain(self, data))
        return taken[-1]

    monkeypatch.setattr(ExportVerifier, "_plain", noted)
    assert verify_bytes(tmp_path, MOVED, LOG_KEY).status is Status.PASSED
    assert taken[3:] == [True] * 4


def test_every_verdict_is_that_of_the_careful_road(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = everything()
    both = [verify_bytes(tmp_path, case.data, *case.keys, outside=case.outside) for case in cases]
    monkeypatch.setattr(ExportVerifier, "_plain", lambda _self, _data: False)
    for case, quick in zip(cases, both, strict=True):
        assert verify_bytes(tmp_path, case.data, *case.keys, outside=case.outside) == quick, case.name


@given(place=st.integers(min_value=0))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_flipped_bit_among_lines_that_look_alike(tmp_path: Path, place: int) -> None:
    data = bytearray(MOVED)
    place %= 8 * len(data)
    data[place >> 3] ^= 1 << (place & 7)
    assert verify_bytes(tmp_path, bytes(data), LOG_KEY).status is not Status.PASSED


@given(place=st.integers(min_value=0), mended=st.booleans())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_bit_with_the_digest_made_right(tmp_path: Path, place: int, mended: bool) -> None:
    lines = MOVED.splitlines(keepends=True)
    number = 1 + place % (len(lines) - 2)
    line = bytearray(lines[number])
    at = (place // 7) % (len(line) - 1)
    line[at] ^= 1 << (place % 7 if mended else 0)
    lines[number] = bytes(line)
    if line.count(b"\n") == 1:
        assert verify_bytes(tmp_path, lines_mended(lines), LOG_KEY).status is Status.FAILED


@pytest.mark.parametrize(
    ("story", "reason"),
    [
        ("again", "sequence-repeated"),
        ("not the holder", "custody-not-custodian"),
        ("another item", "custody-stream"),
        ("back-dated", "recorded-backwards"),
    ],
)
def test_what_does_not_follow_is_named_among_lines_that_look_alike(tmp_path: Path, story: str, reason: str) -> None:
    log = moved_about()
    rows = None
    if story == "again":
        rows = log.rows(Scope.FULL, reveal=False)
        rows = renumbered([*rows, rows[-1]])
    elif story == "not the holder":
        log.custody(ITEM, "moved", **{"from": STORE, "to": GIVER})
    elif story == "another item":
        log.append(
            StreamKey(kind="item", id=ITEM),
            "custody.item/1",
            "moved",
            {"from": str(GIVER), "to": str(STORE), "item": str(STORE)},
        )
    else:
        log.clock -= timedelta(hours=1)
        log.custody(ITEM, "moved", **{"from": GIVER, "to": STORE})
    data = quiet(log) if rows is None else export_bytes(header(log, Scope.FULL), rows)
    report = verify_bytes(tmp_path, data, LOG_KEY)
    assert report.status is Status.FAILED
    assert reason in reasons(report)

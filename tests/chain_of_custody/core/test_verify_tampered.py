"""Tampered exports: always failed or indeterminate, with the reason, at the entry to blame."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain_of_custody.core.canonical import canonical_bytes
from chain_of_custody.core.checkpoint import checkpoint_sign
from chain_of_custody.core.entry import StreamKey, entry_hash, leaf_data
from chain_of_custody.core.export import ExportRow, Opening, Scope
from chain_of_custody.core.verify import Report, Status
from tests.chain_of_custody.core.builders import (
    CASE,
    GIVER,
    ITEM,
    LOG_KEY,
    OTHER_KEY,
    SECOND_ITEM,
    STORE,
    TAKER,
    Log,
    export_bytes,
    full_export,
    header,
    item_export,
    reasons,
    small_log,
    verify_bytes,
    where,
)
from tests.chain_of_custody.core.mutations import mutations
from tests.chain_of_custody.core.tampering import changed_entry, lines_mended, renumbered

Change = Callable[[list[ExportRow]], list[ExportRow]]


def judged(folder: Path, log: Log, rows: list[ExportRow], scope: Scope = Scope.FULL) -> Report:
    """Verify an export whose rows were changed by someone who also mends index order and digest, not the key."""
    signer = LOG_KEY if scope is Scope.ITEMS else None
    return verify_bytes(folder, export_bytes(header(log, scope), rows, signer), LOG_KEY)


def test_a_changed_entry_breaks_its_successor_and_the_root(tmp_path: Path) -> None:
    log = small_log()
    rows = log.rows(Scope.FULL, reveal=False)
    rows[1] = changed_entry(rows[1], custodian=str(STORE))
    report = judged(tmp_path, log, rows)
    assert report.status is Status.FAILED
    assert {"link-broken", "root-mismatch", "custody-not-custodian"} <= reasons(report)
    assert where(report, "link-broken")["entry"] == str(log.entries[3].id)


def test_a_carelessly_changed_entry_is_named_itself(tmp_path: Path) -> None:
    log = small_log()
    rows = log.rows(Scope.FULL, reveal=False)
    rows[8] = replace(rows[8], entry=changed_entry(rows[8], seal=str(STORE)).entry)
    report = judged(tmp_path, log, rows)
    assert where(report, "leaf-mismatch") == {"line": 10, "index": 8}


@pytest.mark.parametrize("index", range(9))
def test_a_deleted_entry(tmp_path: Path, index: int) -> None:
    log = small_log()
    rows = log.rows(Scope.FULL)
    report = judged(tmp_path, log, renumbered(rows[:index] + rows[index + 1 :]))
    assert report.status is Status.FAILED
    assert "size-mismatch" in reasons(report)


def test_an_inserted_entry(tmp_path: Path) -> None:
    log, forged = small_log(), small_log()
    forged.custody(ITEM, "moved", **{"from": TAKER, "to": STORE})
    report = judged(tmp_path, log, forged.rows(Scope.FULL))
    assert reasons(report) == {"size-mismatch"}


@pytest.mark.parametrize(("one", "two"), [(1, 3), (1, 2), (4, 5)])
def test_swapped_entries(tmp_path: Path, one: int, two: int) -> None:
    log = small_log()
    rows = log.rows(Scope.FULL)
    rows[one], rows[two] = rows[two], rows[one]
    report = judged(tmp_path, log, renumbered(rows))
    assert "root-mismatch" in reasons(report)


def test_a_replayed_entry(tmp_path: Path) -> None:
    log = small_log()
    rows = log.rows(Scope.FULL)
    report = judged(tmp_path, log, renumbered([*rows, rows[5]]))
    assert {"sequence-repeated", "size-mismatch"} <= reasons(report)


def test_a_gap_of_indexes(tmp_path: Path) -> None:
    lines = full_export().splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"index":2', b'"index":3')
    assert verify_bytes(tmp_path, lines_mended(lines), LOG_KEY).status is Status.FAILED
    assert "index-gap" in reasons(verify_bytes(tmp_path, lines_mended(lines), LOG_KEY))


def test_a_back_dated_entry_fails_even_when_signed_by_the_log(tmp_path: Path) -> None:
    log = small_log()
    entry = log.append(
        StreamKey(kind="case", id=CASE),
        "casework.case/1",
        "noted",
        {},
        recorded_at=log.entries[0].recorded_at - timedelta(microseconds=1),
    )
    report = judged(tmp_path, log, log.rows(Scope.FULL))
    assert reasons(report) == {"recorded-backwards"}
    assert where(report, "recorded-backwards")["entry"] == str(entry.id)


def test_a_fork_of_a_stream_signed_by_the_log(tmp_path: Path) -> None:
    log = small_log()
    again = replace(log.entries[8], id=log.uuid(), committed={})
    log.put(again, {})
    report = judged(tmp_path, log, log.rows(Scope.FULL, reveal=False))
    assert {"sequence-repeated", "link-broken"} <= reasons(report)


@pytest.mark.parametrize("make", [full_export, item_export])
def test_truncated_anywhere(tmp_path: Path, make: Callable[[], bytes]) -> None:
    data = make()
    for end in (0, 1, len(data) // 2, data.rindex(b'{"digest"'), len(data) - 1):
        report = verify_bytes(tmp_path, data[:end], LOG_KEY)
        assert report.status is Status.FAILED
        assert reasons(report) & {"truncated", "export-malformed"}


def test_bytes_after_the_end(tmp_path: Path) -> None:
    assert "trailing-bytes" in reasons(verify_bytes(tmp_path, full_export() + b"\n", LOG_KEY))


def test_the_last_entries_of_an_item_left_out(tmp_path: Path) -> None:
    log = small_log()
    rows = log.rows(Scope.ITEMS, [ITEM])[:-1]
    data = export_bytes(header(log, Scope.ITEMS), rows, None)
    report = verify_bytes(tmp_path, data, LOG_KEY)
    assert (report.status, reasons(report)) == (Status.INDETERMINATE, {"end-not-signed"})
    signed = item_export(log).splitlines(keepends=True)
    signature = json.loads(signed[-1])["signature"]
    footer = json.loads(data.splitlines()[-1]) | {"signature": signature}
    forged = b"".join([*data.splitlines(keepends=True)[:-1], canonical_bytes(footer) + b"\n"])
    assert "signature-invalid" in reasons(verify_bytes(tmp_path, forged, LOG_KEY))


def test_the_first_entries_of_an_item_left_out(tmp_path: Path) -> None:
    log = small_log()
    report = judged(tmp_path, log, log.rows(Scope.ITEMS, [ITEM])[1:], Scope.ITEMS)
    assert {"sequence-gap", "custody-not-created"} <= reasons(report)


def test_proofs_swapped_between_items(tmp_path: Path) -> None:
    log = small_log()
    rows = log.rows(Scope.ITEMS, [ITEM, SECOND_ITEM])
    rows[0], rows[1] = replace(rows[0], proof=rows[1].proof), replace(rows[1], proof=rows[0].proof)
    report = judged(tmp_path, log, rows, Scope.ITEMS)
    assert reasons(report) == {"proof-invalid"}
    assert where(report, "proof-invalid")["index"] == 1


def test_an_entry_of_another_log_does_not_fit(tmp_path: Path) -> None:
    log, other = small_log(), Log(seed=2)
    other.custody(ITEM, "created", custodian=STORE)
    other.custody(ITEM, "moved", **{"from": STORE, "to": TAKER})
    report = judged(tmp_path, log, other.rows(Scope.ITEMS, [ITEM]), Scope.ITEMS)
    assert "proof-invalid" in reasons(report)


def test_a_forgery_signed_again_fails_against_the_key(tmp_path: Path) -> None:
    log = small_log()
    data = export_bytes(header(log, Scope.FULL, OTHER_KEY), log.rows(Scope.FULL))
    assert reasons(verify_bytes(tmp_path, data, LOG_KEY)) == {"other-key"}
    assert verify_bytes(tmp_path, data).status is Status.INDETERMINATE


def test_a_forgery_that_also_lists_the_true_key(tmp_path: Path) -> None:
    log = small_log()
    head = header(log, Scope.FULL, OTHER_KEY, keys=(OTHER_KEY.verifier, LOG_KEY.verifier))
    assert reasons(verify_bytes(tmp_path, export_bytes(head, log.rows(Scope.FULL)), LOG_KEY)) == {
        "other-key",
        "key-unused",
    }


def test_the_signature_of_another_checkpoint(tmp_path: Path) -> None:
    log = small_log()
    stale = checkpoint_sign(log.checkpoint(), LOG_KEY)
    log.custody(ITEM, "stated_earlier")
    fresh = checkpoint_sign(log.checkpoint(), OTHER_KEY)
    note = fresh.rpartition(b"\n\n")[0] + b"\n\n" + stale.rpartition(b"\n\n")[2]
    data = export_bytes(replace(header(log, Scope.FULL), checkpoint=note), log.rows(Scope.FULL))
    assert "signature-invalid" in reasons(verify_bytes(tmp_path, data, LOG_KEY))


def test_a_stale_checkpoint_over_newer_entries(tmp_path: Path) -> None:
    log = small_log()
    head = header(log, Scope.FULL)
    log.custody(ITEM, "stated_earlier")
    assert reasons(verify_bytes(tmp_path, export_bytes(head, log.rows(Scope.FULL)), LOG_KEY)) == {"size-mismatch"}


def test_a_rewritten_log_signed_with_the_true_key_against_a_checkpoint_given_away(tmp_path: Path) -> None:
    """Whoever holds database and key can rewrite both; only what was given away before shows it."""
    given_away = small_log().checkpoint()
    for extra in (0, 1):
        log = Log(seed=3)
        for _ in range(9 + extra):
            log.append(StreamKey(kind="case", id=CASE), "casework.case/1", "noted", {})
        report = verify_bytes(tmp_path, full_export(log), LOG_KEY, outside=given_away)
        assert reasons(report) == {"outside-fork"}


def test_another_origin_in_the_header(tmp_path: Path) -> None:
    log = small_log()
    head = replace(header(log, Scope.FULL), origin="log.elsewhere.example")
    assert "origin-mismatch" in reasons(verify_bytes(tmp_path, export_bytes(head, log.rows(Scope.FULL)), LOG_KEY))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda o: {"reason": Opening(o["reason"].salt, "another reason")}, "opening-mismatch"),
        (lambda o: {"reason": Opening(bytes(32), o["reason"].value)}, "opening-mismatch"),
        (lambda o: {"actor.name": o["reason"]}, "opening-mismatch"),
        (lambda o: {"place": o["reason"]}, "opening-without-commitment"),
    ],
    ids=["value replaced", "salt replaced", "moved to another field", "moved to no field"],
)
def test_an_opened_value_changed(tmp_path: Path, change: Callable[[dict], dict], reason: str) -> None:
    log = small_log()
    rows = log.rows(Scope.FULL)
    rows[4] = replace(rows[4], revealed=change(log.openings[4]))
    report = judged(tmp_path, log, rows)
    assert reasons(report) == {reason}
    assert where(report, reason)["entry"] == str(log.entries[4].id)


def test_an_opened_value_moved_to_another_entry(tmp_path: Path) -> None:
    log = small_log()
    rows = log.rows(Scope.FULL)
    rows[4] = replace(rows[4], revealed=rows[5].revealed)
    assert reasons(judged(tmp_path, log, rows)) == {"opening-mismatch"}


def test_a_withheld_value_replaced_by_another_commitment(tmp_path: Path) -> None:
    log = small_log()
    rows = log.rows(Scope.FULL, reveal=False)
    data = json.loads(rows[8].entry)
    data["committed"]["reason"] = "00" * 32
    rows[8] = replace(rows[8], entry=canonical_bytes(data))
    assert {"leaf-mismatch"} <= reasons(judged(tmp_path, log, rows))


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace(b'{"entry":"', b'{"entry":" '),
        lambda line: line.replace(b'","index"', b'=","index"'),
        lambda line: line.replace(b'"leaf_salt":"', b'"leaf_salt": "'),
        lambda line: line.replace(b'"index":3', b'"index":03'),
        lambda line: line.replace(b'"index":3', b'"index":3.0'),
        lambda line: line.replace(b"\n", b" \n"),
        lambda line: line.replace(b'"revealed"', b'"Revealed"'),
        lambda line: line[:-2] + b',"x":1}\n',
    ],
)
def test_lines_of_another_form_with_the_digest_lines_mended(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    lines = full_export().splitlines(keepends=True)
    assert change(lines[4]) != lines[4]
    lines[4] = change(lines[4])
    report = verify_bytes(tmp_path, lines_mended(lines), LOG_KEY)
    assert report.status is Status.FAILED
    assert report.steps[0].findings[0].where == {"line": 5}


def test_stray_bits_in_base64(tmp_path: Path) -> None:
    """The last sign before the padding has bits that decoders ignore."""
    signs = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    lines = full_export().splitlines(keepends=True)
    at = lines[4].index(b'=","leaf_salt"') - 1
    other = signs[signs.index(lines[4][at]) ^ 1]
    lines[4] = lines[4][:at] + bytes((other,)) + lines[4][at + 1 :]
    assert base64.b64decode(lines[4].split(b'"leaf":"')[1].split(b'"')[0])
    assert "export-malformed" in reasons(verify_bytes(tmp_path, lines_mended(lines), LOG_KEY))


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b'"v":1', b'"v": 1'),
        lambda raw: raw.replace(b'"sequence":1', b'"sequence":1.0'),
        lambda raw: raw + b" ",
        lambda raw: raw.replace(b'"verb":"created"', b'"verb":"created","x":1'),
        lambda raw: raw.replace(b'"verb":"created"', b'"verb":"\\u0063reated"'),
        lambda raw: raw.replace(b'"v":1', b'"v":2'),
        lambda raw: raw.replace(b'"values":{', b'"values":{"z":"' + b"z" * 33000 + b'",'),
    ],
)
def test_an_entry_in_another_form_signed_by_the_log(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    log = Log()
    log.custody(ITEM, "created", custodian=GIVER)
    raw = change(log.raw[0])
    assert raw != log.raw[0]
    forged = Log()
    forged.entries, forged.raw, forged.salts, forged.openings = log.entries, [raw], log.salts, log.openings
    from chain_of_custody.core.merkle import leaf_hash

    forged.tree.append(leaf_hash(leaf_data(log.salts[0], entry_hash(raw))))
    report = judged(tmp_path, forged, forged.rows(Scope.FULL, reveal=False))
    assert reasons(report) == {"entry-malformed"}


FULL, ITEMS = full_export(), item_export()


@given(place=st.integers(min_value=0), sealed=st.booleans())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_flipped_bit_anywhere_never_passes(tmp_path: Path, place: int, sealed: bool) -> None:
    data = bytearray(FULL if sealed else ITEMS)
    place %= 8 * len(data)
    data[place >> 3] ^= 1 << (place & 7)
    assert verify_bytes(tmp_path, bytes(data), LOG_KEY).status is not Status.PASSED


@given(cut=st.lists(st.integers(min_value=0, max_value=len(FULL)), min_size=2, max_size=2))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_piece_cut_out_anywhere_never_passes(tmp_path: Path, cut: list[int]) -> None:
    start, end = sorted(cut)
    data = FULL[:start] + FULL[end:]
    report = verify_bytes(tmp_path, data, LOG_KEY)
    assert (report.status is Status.PASSED) == (data == FULL)


def test_what_was_changed_and_not_signed_again_never_passes(tmp_path: Path) -> None:
    """Lines and notes changed by what parsers disagree about; a change that changes nothing apart."""
    quiet = export_bytes(header(small_log(), Scope.FULL), small_log().rows(Scope.FULL, reveal=False))
    seen = 0
    for case in mutations(7, 400):
        if case.name.startswith(("line", "note")) and case.data not in (FULL, ITEMS, quiet):
            seen += 1
            assert verify_bytes(tmp_path, case.data, LOG_KEY).status is not Status.PASSED, case.name
    assert seen > 100

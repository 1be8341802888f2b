"""Replaying custody: what cannot follow fails, even when the log itself was properly signed."""

from pathlib import Path
from uuid import UUID

import pytest

from chain_of_custody.core.custody import NOBODY, Custody
from chain_of_custody.core.entry import StreamKey
from chain_of_custody.core.export import Scope
from chain_of_custody.core.verify import Report, Status
from tests.chain_of_custody.core.builders import (
    GIVER,
    ITEM,
    LOG_KEY,
    SEAL,
    SECOND_ITEM,
    STORE,
    TAKER,
    Log,
    export_bytes,
    header,
    reasons,
    verify_bytes,
    where,
)


def judged(folder: Path, log: Log) -> Report:
    return verify_bytes(folder, export_bytes(header(log, Scope.FULL), log.rows(Scope.FULL)), LOG_KEY)


OTHER_SEAL, HAND_OVER = UUID(int=205), UUID(int=301)
TO_TAKER = {"from": GIVER, "to": TAKER, "hand_over": HAND_OVER}


@pytest.mark.parametrize(
    ("acts", "reason"),
    [
        ([("moved", {"from": TAKER, "to": STORE})], "custody-not-custodian"),
        ([("received", TO_TAKER)], "custody-hand-over"),
        ([("offered", TO_TAKER), ("received", TO_TAKER | {"to": STORE})], "custody-not-receiver"),
        ([("offered", TO_TAKER), ("received", TO_TAKER | {"hand_over": SEAL})], "custody-hand-over"),
        ([("offered", TO_TAKER), ("moved", {"from": GIVER, "to": STORE})], "custody-offered"),
        ([("offered", TO_TAKER), ("offered", TO_TAKER)], "custody-offered"),
        ([("offered", TO_TAKER), ("withdrawn", TO_TAKER), ("received", TO_TAKER)], "custody-hand-over"),
        ([("opened", {"seal": SEAL})], "custody-seal"),
        ([("sealed", {"seal": SEAL}), ("sealed", {"seal": OTHER_SEAL})], "custody-seal"),
        ([("sealed", {"seal": SEAL}), ("opened", {"seal": OTHER_SEAL})], "custody-seal"),
        ([("disposed", {"from": GIVER}), ("moved", {"from": GIVER, "to": STORE})], "custody-ended"),
        ([("consumed", {"from": GIVER}), ("sealed", {"seal": SEAL})], "custody-ended"),
        ([("created", {"custodian": GIVER})], "custody-created-twice"),
        ([("teleported", {"to": STORE})], "custody-verb-unknown"),
        ([("moved", {"from": GIVER})], "custody-value-missing"),
    ],
)
def test_impossible_custody_signed_by_the_log(tmp_path: Path, acts: list, reason: str) -> None:
    log = Log()
    log.custody(ITEM, "created", custodian=GIVER)
    for verb, values in acts:
        last = log.custody(ITEM, verb, **values)
    report = judged(tmp_path, log)
    assert reasons(report) == {reason}
    assert where(report, reason)["entry"] == str(last.id)


@pytest.mark.parametrize(
    "acts",
    [
        [("offered", TO_TAKER), ("refused", TO_TAKER), ("moved", {"from": GIVER, "to": STORE})],
        [("offered", TO_TAKER), ("reassigned", {"from": GIVER, "to": STORE}), ("disposed", {"from": STORE})],
        [
            ("sealed", {"seal": SEAL}),
            ("sealed", {"seal": OTHER_SEAL, "replaces": SEAL}),
            ("opened", {"seal": OTHER_SEAL}),
        ],
        [
            ("back_entered", {"from": GIVER, "to": STORE}),
            ("returned", {"from": STORE, "to": TAKER}),
            ("stated_earlier", {}),
        ],
    ],
)
def test_possible_custody(tmp_path: Path, acts: list) -> None:
    log = Log()
    log.custody(ITEM, "created", custodian=GIVER)
    for verb, values in acts:
        log.custody(ITEM, verb, **values)
    assert judged(tmp_path, log).status is Status.PASSED


def test_a_custody_entry_in_the_stream_of_another_item(tmp_path: Path) -> None:
    log = Log()
    values = {"item": str(SECOND_ITEM), "custodian": str(GIVER)}
    log.append(StreamKey(kind="item", id=ITEM), "custody.item/1", "created", values)
    assert reasons(judged(tmp_path, log)) == {"custody-stream"}


@pytest.mark.parametrize("flags", range(32))
def test_the_packed_state_is_the_state(flags: int) -> None:
    parts = [bytes((place + 1,)) * 16 if flags >> place & 1 else b"" for place in range(4)]
    state = Custody(*parts, final=flags >= 16)  # type: ignore[misc]
    assert Custody.unpack(state.pack()) == state
    assert Custody.unpack(b"") == NOBODY

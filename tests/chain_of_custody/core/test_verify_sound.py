"""Sound exports and packs get the verdict that what was given supports."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from chain_of_custody.core.__main__ import main
from chain_of_custody.core.checkpoint import checkpoint_sign
from chain_of_custody.core.export import Scope
from chain_of_custody.core.note import SignerKey
from chain_of_custody.core.verify import Status, verify_file
from tests.chain_of_custody.core.builders import (
    ITEM,
    LOG_KEY,
    OTHER_KEY,
    PACK_KEY,
    export_bytes,
    full_export,
    header,
    item_export,
    pack_bytes,
    reasons,
    small_log,
    verify_bytes,
)


@pytest.mark.parametrize("make", [full_export, item_export, pack_bytes])
def test_passes_with_the_key_pinned(tmp_path: Path, make: object) -> None:
    report = verify_bytes(tmp_path, make(), LOG_KEY)  # type: ignore[operator]
    assert report.status is Status.PASSED, report.lines()
    assert report.facts["size"] == 9
    assert report.facts["origin"] == LOG_KEY.name


@pytest.mark.parametrize("make", [full_export, item_export, pack_bytes])
def test_is_indeterminate_without_a_key_and_names_the_fingerprint(tmp_path: Path, make: object) -> None:
    report = verify_bytes(tmp_path, make())  # type: ignore[operator]
    assert report.status is Status.INDETERMINATE
    assert reasons(report) == {"key-not-pinned"}
    assert LOG_KEY.verifier.fingerprint in "\n".join(report.lines())
    assert "self-consistent, key not pinned" in "\n".join(report.lines())


def test_counts_entries_streams_and_openings(tmp_path: Path) -> None:
    facts = verify_bytes(tmp_path, full_export(), LOG_KEY).facts
    assert (facts["entries"], facts["streams"], facts["opened"], facts["withheld"]) == (9, 3, 9, 9)
    facts = verify_bytes(tmp_path, item_export(), LOG_KEY).facts
    assert (facts["entries"], facts["streams"]) == (5, 1)


def test_an_unsigned_export_of_items_cannot_show_where_its_streams_end(tmp_path: Path) -> None:
    report = verify_bytes(tmp_path, item_export(signer=None), LOG_KEY)
    assert (report.status, reasons(report)) == (Status.INDETERMINATE, {"end-not-signed"})


def test_a_pack_signed_by_a_key_of_its_own_needs_that_key_too(tmp_path: Path) -> None:
    pack = pack_bytes(signer=PACK_KEY)
    assert reasons(verify_bytes(tmp_path, pack, LOG_KEY)) == {"signer-not-pinned"}
    assert verify_bytes(tmp_path, pack, LOG_KEY, PACK_KEY).status is Status.PASSED


def test_an_empty_log_verifies(tmp_path: Path) -> None:
    log = type(small_log())()
    data = export_bytes(header(log, Scope.FULL), [])
    assert verify_bytes(tmp_path, data, LOG_KEY).status is Status.PASSED


def test_a_file_extends_the_checkpoint_kept_outside(tmp_path: Path) -> None:
    log = small_log()
    earlier = log.checkpoint()
    log.custody(ITEM, "stated_earlier")
    report = verify_bytes(tmp_path, full_export(log), LOG_KEY, outside=earlier)
    assert report.status is Status.PASSED
    assert report.steps[-1].name == "outside checkpoint"


def test_a_signature_nobody_can_check_leaves_doubt(tmp_path: Path) -> None:
    log = small_log()
    head = header(log, Scope.FULL)
    note = checkpoint_sign(log.checkpoint(), LOG_KEY, PACK_KEY)
    data = export_bytes(
        type(head)(origin=head.origin, scope=head.scope, checkpoint=note, keys=head.keys), log.rows(Scope.FULL)
    )
    report = verify_bytes(tmp_path, data, LOG_KEY)
    assert (report.status, reasons(report)) == (Status.INDETERMINATE, {"unknown-signer"})


def test_packs_are_deterministic() -> None:
    assert pack_bytes() == pack_bytes()


@pytest.mark.parametrize(
    ("keys", "status"), [([LOG_KEY], 0), ([], 2), ([OTHER_KEY], 1)], ids=["pinned", "unpinned", "other key"]
)
def test_command_line_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: list, status: int) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(full_export())
    arguments = [part for key in keys for part in ("--key", str(key.verifier))]
    assert main(["verify", str(path), "--json", *arguments]) == status
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == {0: "passed", 1: "failed", 2: "indeterminate"}[status]
    assert [step["number"] for step in told["steps"]] == list(range(1, len(told["steps"]) + 1))


def test_command_line_compares_with_a_checkpoint_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = small_log()
    kept = tmp_path / "checkpoint"
    kept.write_bytes(checkpoint_sign(log.checkpoint(), LOG_KEY))
    log.custody(ITEM, "stated_earlier")
    path = tmp_path / "log.jsonl"
    path.write_bytes(full_export(log))
    assert main(["verify", str(path), "--key", str(LOG_KEY.verifier), "--checkpoint", str(kept)]) == 0
    path.write_bytes(full_export(small_log_without_last()))
    assert main(["verify", str(path), "--key", str(LOG_KEY.verifier), "--checkpoint", str(kept)]) == 1
    assert "outside-ahead" in capsys.readouterr().out


def small_log_without_last() -> object:
    log = small_log()
    shorter = type(log)()
    for entry, openings in list(zip(log.entries, log.openings, strict=True))[:-1]:
        shorter.put(entry, openings)
    return shorter


@pytest.mark.parametrize("arguments", [[], ["verify"], ["verify", "x", "--key", "nonsense"]])
def test_wrong_use_has_its_own_exit_status(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 64


def test_a_file_that_cannot_be_read_has_its_own_exit_status(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["verify", str(tmp_path / "absent")])
    assert stop.value.code == 66


def test_runs_from_a_copy_of_the_folder_alone(tmp_path: Path) -> None:
    """The verifier travels in packs: only the standard library and `cryptography` around it."""
    import chain_of_custody.core as core

    source = Path(core.__file__).parent
    target = tmp_path / "verifier" / "chain_of_custody"
    for path in source.rglob("*.py"):
        copy = target / "core" / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (target / "__init__.py").write_bytes(b"")
    pack = tmp_path / "pack.zip"
    pack.write_bytes(pack_bytes())
    command = [sys.executable, "-m", "chain_of_custody.core", "verify", str(pack), "--key", str(LOG_KEY.verifier)]
    done = subprocess.run(command, cwd=target.parent, capture_output=True, text=True, check=False, env={})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "verdict: passed"


def test_a_key_the_file_brings_stands_apart_from_those_given(tmp_path: Path) -> None:
    """A sound log with a signer the sender invented: named, but among no verified fingerprints."""
    log, invented = small_log(), SignerKey("witness.interpol.example", bytes(range(7, 39)))
    note = checkpoint_sign(log.checkpoint(), LOG_KEY, invented)
    head = replace(header(log, Scope.FULL, keys=(LOG_KEY.verifier, invented.verifier)), checkpoint=note)
    report = verify_bytes(tmp_path, export_bytes(head, log.rows(Scope.FULL)), LOG_KEY)
    assert report.facts["fingerprints"] == [LOG_KEY.verifier.fingerprint]
    assert report.facts["keys"] == [str(LOG_KEY.verifier)]
    apart = str(report.facts["unchecked_fingerprints"])
    assert invented.verifier.fingerprint in apart
    assert "brought by the file, not checked against anything you gave" in apart
    alone = verify_bytes(tmp_path, full_export()).facts
    assert alone["fingerprints"] == []
    assert LOG_KEY.verifier.fingerprint in str(alone["unchecked_fingerprints"])


def test_a_pack_key_of_another_name_counts_when_given_as_one(tmp_path: Path) -> None:
    odd = SignerKey("packs.lab.example", PACK_KEY.seed)
    path = tmp_path / "pack.zip"
    path.write_bytes(pack_bytes(signer=odd))
    log = LOG_KEY.verifier
    assert reasons(verify_file(path, pinned=(log, odd.verifier))) == {"signer-not-pinned"}
    assert verify_file(path, pinned=(log,), packs=(odd.verifier,)).status is Status.PASSED
    assert main(["verify", str(path), "--key", str(log), "--pack-key", str(odd.verifier)]) == 0
    path.write_bytes(full_export())
    assert "key-not-pinned" in reasons(verify_file(path, packs=(log,)))


def test_a_kept_checkpoint_must_be_signed_by_its_log(tmp_path: Path) -> None:
    path, kept = tmp_path / "log.jsonl", tmp_path / "checkpoint"
    path.write_bytes(full_export())
    kept.write_bytes(checkpoint_sign(small_log().checkpoint(), PACK_KEY))
    keys = ["--key", str(LOG_KEY.verifier), "--key", str(PACK_KEY.verifier)]
    with pytest.raises(SystemExit) as stop:
        main(["verify", str(path), *keys, "--checkpoint", str(kept)])
    assert stop.value.code == 64

"""``make check``: every step runs and is named, and one failure is a failure."""

from pathlib import Path

import pytest

from deploy import checks
from deploy.embedded.health import health_ask
from deploy.embedded.logs import Follower, rotate
from tests.deploy.support import free_port


def test_all_steps_run_even_after_one_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def bad() -> tuple[bool, str]:
        """Something is wrong."""
        return False, "line 3: wrong"

    def good() -> tuple[bool, str]:
        """All is well."""
        return True, "not shown"

    monkeypatch.setattr(checks, "STEPS", {"first": bad, "second": good})
    assert checks.main([]) == 1
    words = capsys.readouterr().out
    assert "FAILED first" in words
    assert "line 3: wrong" in words
    assert "ok     second" in words
    assert "not shown" not in words
    assert checks.main(["second"]) == 0
    assert checks.main(["third"]) == 2


def test_logs_are_rotated_while_they_are_written(tmp_path: Path) -> None:
    folder = tmp_path
    log = folder / "web.log"
    with log.open("ab", buffering=0) as writer:
        for number in range(4):
            writer.write(f"{number}".encode() * 20)
            rotate(folder, largest=10, kept=2)
        writer.write(b"now")
    assert log.read_bytes() == b"now"
    assert (folder / "web.log.1").read_bytes() == b"3" * 20
    assert (folder / "web.log.2").read_bytes() == b"2" * 20
    assert not (folder / "web.log.3").exists()


def test_a_follower_gives_whole_lines_added_since(tmp_path: Path) -> None:
    log = tmp_path / "start.log"
    log.write_text("before\n")
    follower = Follower(log)
    with log.open("a") as stream:
        stream.write("one\ntw")
    assert follower.lines() == ["one"]
    with log.open("a") as stream:
        stream.write("o\n")
    assert follower.lines() == ["two"]


def test_nobody_listening_is_an_answer() -> None:
    assert not health_ask(f"http://127.0.0.1:{free_port()}").answered

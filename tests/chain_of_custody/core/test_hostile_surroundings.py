"""What is around a file: names that pose as a report, pipes, odd keys, servers that do not speak HTTP."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from chain_of_custody.core.__main__ import main
from chain_of_custody.core.checkpoint import checkpoint_sign
from chain_of_custody.core.export import Scope
from chain_of_custody.core.note import SignerKey
from chain_of_custody.core.verify import live
from chain_of_custody.core.verify.report import printable
from tests.chain_of_custody.core.builders import LOG_KEY, export_bytes, full_export, header, small_log


def test_a_name_cannot_write_a_line_of_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x\nverdict: passed\n\x1b[8m.jsonl"
    path.write_bytes(full_export()[:-5])
    assert main(["verify", str(path)]) == 1
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert [line for line in told.splitlines() if line.startswith("verdict")] == ["verdict: failed"]


def test_an_origin_cannot_turn_the_report_round(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = SignerKey("log.lab\u202e\u009b2J", bytes(range(60, 92)))
    state = replace(small_log().checkpoint(), origin=key.name)
    head = replace(header(small_log(), Scope.FULL), origin=key.name, checkpoint=checkpoint_sign(state, key))
    path = tmp_path / "log.jsonl"
    path.write_bytes(export_bytes(replace(head, keys=(key.verifier,)), small_log().rows(Scope.FULL)))
    assert main(["verify", str(path)]) == 2
    told = capsys.readouterr().out
    assert "\u202e" not in told
    assert "\u009b" not in told
    assert "log.lab\\u202e\\x9b2J" in told


def test_letters_of_every_script_stay() -> None:
    assert printable("côté 象 \U0001f418") == "côté 象 \U0001f418"
    assert printable("a\nb\u2028c\u00a0d") == "a\\nb\\u2028c\\xa0d"


def test_a_pipe_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SystemExit) as stop:
        main(["verify", str(pipe)])
    assert stop.value.code == 66
    assert "not a regular file" in capsys.readouterr().err


def test_a_key_that_is_not_utf8_and_a_long_checkpoint(tmp_path: Path) -> None:
    path, long = tmp_path / "log.jsonl", tmp_path / "checkpoint"
    path.write_bytes(full_export())
    long.write_bytes(b"a" * 1_000_001)
    key = str(LOG_KEY.verifier)
    for more in (["--key", "\udcff" + key], ["--key", key, "--checkpoint", str(long)]):
        with pytest.raises(SystemExit) as stop:
            main(["verify", str(path), *more])
        assert stop.value.code == 64


@contextmanager
def answering(data: bytes) -> Iterator[str]:
    """A server that says this to whoever asks, and keeps the line open when it says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            try:
                while True:
                    line = server.accept()[0]
                    held.append(line)
                    line.recv(4096)
                    line.sendall(data)
                    if data:
                        line.close()
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/log/"
        server.shutdown(socket.SHUT_RDWR)
        for line in held:
            line.close()


@pytest.mark.parametrize(
    "data",
    [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nshort", b"HTTP/1.1 xx\r\n\r\n"],
)
def test_a_server_that_does_not_speak_http(data: bytes) -> None:
    with answering(data) as address, pytest.raises(SystemExit) as stop:
        main(["verify", address])
    assert stop.value.code == 66


def test_a_silent_server_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FILE_SECONDS", 0.2)
    with answering(b"") as address, pytest.raises(SystemExit) as stop:
        main(["verify", address])
    assert stop.value.code == 66


@pytest.mark.parametrize("address", ["http://[::1", "http://127.0.0.1:x/log/", "http://127.0.0.1/l\u00f6g/"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["verify", address])
    assert stop.value.code in (64, 66)

"""RFC 3161 tokens: an answer is believed when everything in it holds, and refused by name when one thing does not."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from chain_of_custody.timestamps import StampRefused, nonce_new, stamp_read, stamp_request, stamp_verify
from tests.chain_of_custody.timestamp_authority import Authority

DATA = b"spoor.example/log\n7\nAAAA\n"


def test_a_token_of_the_authority_is_believed() -> None:
    authority, nonce = Authority(), nonce_new()
    stamp = stamp_read(authority.answer(stamp_request(DATA, nonce)), DATA, nonce, [authority.root])
    assert stamp.at == authority.at
    assert "Test authority" in stamp.authority
    assert stamp_verify(stamp.token, DATA, [authority.own]).at == authority.at


def test_what_does_not_hold_is_named() -> None:
    authority, nonce = Authority(), nonce_new()
    answer = authority.answer(stamp_request(DATA, nonce))
    with pytest.raises(StampRefused, match="other bytes"):
        stamp_read(answer, DATA + b"x", nonce, [authority.root])
    with pytest.raises(StampRefused, match="nonce"):
        stamp_read(answer, DATA, nonce + 1, [authority.root])
    with pytest.raises(StampRefused, match="not issued by one that is trusted"):
        stamp_read(answer, DATA, nonce, [Authority().root])
    with pytest.raises(StampRefused, match="not a time stamp response"):
        stamp_read(b"<html>", DATA, nonce, [authority.root])
    authority.at += timedelta(days=400)
    with pytest.raises(StampRefused, match="not valid at"):
        stamp_read(authority.answer(stamp_request(DATA, nonce)), DATA, nonce, [authority.root])
    other = Authority(stamping=False)
    with pytest.raises(StampRefused, match="time stamping"):
        stamp_read(other.answer(stamp_request(DATA, nonce)), DATA, nonce, [other.root])


def test_one_changed_byte_is_never_believed() -> None:
    authority, nonce = Authority(), nonce_new()
    token = stamp_read(authority.answer(stamp_request(DATA, nonce)), DATA, nonce, [authority.root]).token
    for place in range(0, len(token), 3):
        bad = token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :]
        try:
            stamp = stamp_verify(bad, DATA, [authority.root])
        except StampRefused:
            continue
        assert stamp.at == authority.at, f"byte {place} changed the time"


def test_openssl_agrees(tmp_path: Path) -> None:
    """The request is read, and the token verified, by a program that is not ours."""
    authority, nonce = Authority(), nonce_new()
    request = stamp_request(DATA, nonce)
    files = {"query": request, "reply": authority.answer(request), "data": DATA}
    files["root"] = authority.root.public_bytes(serialization.Encoding.PEM)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    try:
        shown = subprocess.run(
            ["openssl", "ts", "-query", "-in", tmp_path / "query", "-text"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("there is no openssl program")
    assert "Hash Algorithm: sha256" in shown.stdout
    words = ["openssl", "ts", "-verify", "-data", tmp_path / "data", "-in", tmp_path / "reply"]
    done = subprocess.run([*words, "-CAfile", tmp_path / "root"], capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout, done.stderr

"""Checkpoints are stamped by an authority on loopback; without a line they wait."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from django.conf import settings
from django.utils import timezone

from chain_of_custody.core.note import SignerKey
from chain_of_custody.models import CheckpointStamp
from chain_of_custody.selectors import stamp_last
from chain_of_custody.services import sequencer_run_once
from chain_of_custody.services.stamping import stamps_collect, stamps_trusted
from chain_of_custody.timestamps import stamp_verify
from tests.chain_of_custody.builders import person
from tests.chain_of_custody.timestamp_authority import Authority, serving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority()
    key = SignerKey.generate("spoor.test/log")
    (tmp_path / "log.key").write_text(key.encode())
    (tmp_path / "roots.pem").write_bytes(made.root.public_bytes(serialization.Encoding.PEM))
    for name, value in {
        "SPOOR_LOG_KEY_FILE": tmp_path / "log.key",
        "SPOOR_LOG_ORIGIN": "",
        "SPOOR_HOME": tmp_path,
        "SPOOR_TSA_TRUST_FILE": str(tmp_path / "roots.pem"),
    }.items():
        monkeypatch.setattr(settings, name, value)
    return made


def signed(name: str) -> None:
    person(name)
    sequencer_run_once()


def test_a_checkpoint_is_stamped_once_an_hour(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    signed("Ada")
    with serving(authority) as url:
        monkeypatch.setattr(settings, "SPOOR_TSA_URLS", [url])
        assert stamps_collect() == 1
        signed("Bob")
        assert stamps_collect() == 0
        CheckpointStamp.objects.update(created_at=timezone.now() - timedelta(hours=2))
        assert stamps_collect() == 1
    row = stamp_last()
    assert row is not None
    assert row.stamped_at == authority.at
    stamp_verify(bytes(row.token or b""), row.checkpoint.text.encode(), stamps_trusted())
    assert authority.asked == 2


def test_without_a_line_it_waits_and_is_made_up_for(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    signed("Ada")
    authority.online = False
    with serving(authority) as url:
        monkeypatch.setattr(settings, "SPOOR_TSA_URLS", [url])
        assert stamps_collect() == 0
        waiting = CheckpointStamp.objects.get()
        assert (waiting.token, waiting.attempts) == (None, 1)
        assert "503" in waiting.problem
        authority.online = True
        assert stamps_collect() == 1
    assert stamp_last() is not None
    monkeypatch.setattr(settings, "SPOOR_TSA_URLS", ["http://127.0.0.1:9/"])
    assert stamps_collect() == 0


def test_an_authority_that_is_not_trusted_is_not_believed(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    signed("Ada")
    (tmp_path / "roots.pem").write_bytes(Authority().root.public_bytes(serialization.Encoding.PEM))
    with serving(authority) as url:
        monkeypatch.setattr(settings, "SPOOR_TSA_URLS", [url])
        assert stamps_collect() == 0
    assert "not issued by one that is trusted" in CheckpointStamp.objects.get().problem
    assert stamp_last() is None

"""Making the keys of an installation on servers: where they were asked for, and nowhere else."""

from pathlib import Path

import pytest

from deploy.keys import main


def test_keys_are_made_once_in_the_folder_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "keys"
    assert main([str(folder), "spoor.example.org/log"]) == 0
    public = (folder / "log.vkey").read_text().strip()
    assert public.startswith("spoor.example.org/log+")
    assert public in capsys.readouterr().out
    assert main([str(folder), "spoor.example.org/log"]) == 0
    assert (folder / "log.vkey").read_text().strip() == public, "keys that are there are kept"


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["a", "b", "c"]], ids=["nothing", "help", "h", "three"])
def test_an_option_is_no_folder(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert "usage: python -m deploy.keys FOLDER" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

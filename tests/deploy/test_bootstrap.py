"""Installing: once, checked by hashes, never again while it fits, and with words where it cannot go on."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy import bootstrap
from tests.deploy.support import ROOT


def wheel(folder: Path, version: str) -> str:
    """Write the wheel of a package of our own, and return its SHA-256."""
    folder.mkdir(exist_ok=True)
    path = folder / f"spoorprobe-{version}-py3-none-any.whl"
    information = f"spoorprobe-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("spoorprobe.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: spoorprobe\nVersion: {version}\n")
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the bootstrap alone."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "bootstrap.py", tmp_path / "deploy")
    return tmp_path


def run(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    links = str(clone / "wheels")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": links, "UV_NO_INDEX": "1", "UV_FIND_LINKS": links}
    return subprocess.run(
        [sys.executable, "deploy/bootstrap.py", *words],
        cwd=clone,
        env={**os.environ, **offline},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_installs_once_with_matching_hashes_alone(clone: Path) -> None:
    lock, stamp = clone / "requirements.lock", clone / ".venv" / "spoor-installed"
    lock.write_text(f"spoorprobe==1.0 --hash=sha256:{wheel(clone / 'wheels', '1.0')}\n")
    first = run(clone, "venv")
    assert first.returncode == 0, first.stderr
    assert "Installing the locked packages" in first.stdout
    asked = [clone / ".venv" / "bin" / "python", "-c", "import spoorprobe; print(spoorprobe.VERSION)"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "1.0\n"

    second = run(clone, "venv")
    assert second.returncode == 0
    assert "Installing" not in second.stdout

    installed = stamp.read_text()
    wheel(clone / "wheels", "1.1")
    lock.write_text(f"spoorprobe==1.1 --hash=sha256:{'0' * 64}\n")
    third = run(clone, "venv")
    assert third.returncode == 1
    assert "Spoor cannot be installed" in third.stderr
    assert "hash" in third.stderr.lower()
    assert stamp.read_text() == installed


def test_an_unknown_command_names_the_known_ones(clone: Path) -> None:
    done = run(clone, "dmeo")
    assert done.returncode == 2
    assert "venv|test|demo|up|down" in done.stderr
    assert not (clone / ".venv").exists()


def test_python_without_ensurepip_is_told_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv" / "spoor-installed")
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: None)
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda _name: None)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with pytest.raises(bootstrap.BootstrapError, match=rf"apt-get install python3-venv .*python{version}-venv"):
        bootstrap.environment_make()


def test_an_old_python_is_told_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))
    with pytest.raises(bootstrap.BootstrapError, match="make PYTHON="):
        bootstrap.environment_make()


def test_the_tests_run_on_more_processes_than_processors_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 1})
    assert bootstrap.test_command([]) == ("-m", "pytest", "-n", "3", "--dist", "worksteal")
    assert bootstrap.test_command(["tests/labels", "-x"]) == ("-m", "pytest", "tests/labels", "-x")


def test_bytecode_unwanted_beside_the_sources_is_kept_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    bootstrap.bytecode_apart()
    asked = [sys.executable, "-c", "import sys; print(sys.dont_write_bytecode, sys.pycache_prefix)"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    assert told == ["False", str(bootstrap.ENVIRONMENT / "bytecode")]
    assert (sys.dont_write_bytecode, sys.pycache_prefix) == (False, told[1])
    monkeypatch.delenv("PYTHONPYCACHEPREFIX")
    bootstrap.bytecode_apart()
    assert "PYTHONPYCACHEPREFIX" not in os.environ, "where nothing was said, Python does as it does"


def test_what_every_analysis_loads_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", tmp_path)
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    package = tmp_path / "lib" / "python3.11" / "site-packages" / "probe"
    (package / "tests").mkdir(parents=True)
    for path in (package / "__init__.py", package / "tests" / "test_probe.py"):
        path.write_text("VALUE = 1\n")
    bootstrap.compiled("probe")
    assert [path.parent.parent.name for path in package.rglob("*.pyc")] == ["probe"]


def test_what_every_analysis_would_do_at_its_start_is_done_at_installing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    package = tmp_path / "analysis" / "origin"
    package.mkdir(parents=True)
    for path in (package.parent / "__init__.py", package / "__init__.py"):
        path.touch()
    (package / "borders.py").write_text("import pathlib\npathlib.Path('unpacked').touch()\n")
    bootstrap.prepared()
    assert {path.name.split(".")[0] for path in tmp_path.rglob("*.pyc")} == {"__init__", "borders"}
    assert (tmp_path / "unpacked").exists()


def test_every_command_of_the_makefile_is_known() -> None:
    rule = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("demo up"))
    assert set(rule.rstrip(":").split()) <= {"venv", "test", *bootstrap.COMMANDS}

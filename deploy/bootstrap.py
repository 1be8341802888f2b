#!/usr/bin/env python3
"""Install what Spoor needs into ``.venv`` and run it: ``python3 deploy/bootstrap.py demo|up|down|test|…``.

Standard library only, so that any Python from 3.11 on can run it before anything is installed. A stamp in the
environment holds the digest of what was installed; while it fits, nothing is installed and no network needed.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "spoor-installed"
OLDEST = (3, 11)

COMMANDS: dict[str, tuple[str, ...]] = {
    "demo": ("-m", "deploy.embedded", "demo"),
    "up": ("-m", "deploy.embedded", "up"),
    "down": ("-m", "deploy.embedded", "down"),
    "status": ("-m", "deploy.embedded", "status"),
    "check": ("-m", "deploy.checks"),
    "bench": ("-m", "deploy.bench"),
    "manage": ("-m", "deploy.manage"),
    "backup": ("-m", "deploy.backup", "make"),
    "restore": ("-m", "deploy.backup", "restore"),
}
USAGE = f"usage: python3 deploy/bootstrap.py venv|test|{'|'.join(COMMANDS)} [arguments]"


class BootstrapError(Exception):
    """Installing cannot go on; the text says why and what to do."""


def main(words: list[str]) -> int:
    """Make the environment, then become the command."""
    if not words or words[0] not in {"venv", "test", *COMMANDS}:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        environment_make()
    except BootstrapError as error:
        print(f"\nSpoor cannot be installed.\n  {error}", file=sys.stderr)
        return 1
    name, rest = words[0], words[1:]
    if name == "venv":
        prepared()
        print(f"The Python environment is ready: {ENVIRONMENT}")
        return 0
    return become(test_command(rest) if name == "test" else (*COMMANDS[name], *rest))


def test_command(rest: Sequence[str]) -> tuple[str, ...]:
    """pytest on one process more than there are processors, eight at most; arguments of the caller replace ours.

    Tests of whole systems wait as much as they compute. Neighbours stay together (what a module starts, it starts once)
    until a process has nothing left and takes from another's end.
    """
    processes = min(len(os.sched_getaffinity(0)) + 1, 8)
    return ("-m", "pytest", *(rest or ("-n", str(processes), "--dist", "worksteal")))


def become(words: Sequence[str]) -> NoReturn:
    """Replace this process by the environment's Python: signals and exit code are the command's own."""
    bytecode_apart()
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), *words])  # noqa: S606  (no shell is meant)


def bytecode_apart() -> None:
    """Keep compiled modules in the environment where the account wants none beside the sources.

    A system is half a dozen processes, the tests start hundreds: compiling anew doubles what each start costs.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(ENVIRONMENT / "bytecode"))
        sys.dont_write_bytecode, sys.pycache_prefix = False, os.environ["PYTHONPYCACHEPREFIX"]


def environment_make() -> None:
    """Create ``.venv`` and install the locked packages, unless that has been done for this lock."""
    if sys.version_info < OLDEST:
        raise BootstrapError(
            f"This is Python {sys.version.split()[0]}; Spoor needs 3.11 or newer.\n"
            "  What to do: run a newer one, for example  make PYTHON=python3.12 demo"
        )
    if installed():
        return
    with _alone():
        if installed():
            return
        _create()
        _install()
        prepared()
        STAMP.write_text(wanted(), encoding="ascii")


def installed() -> bool:
    """Whether the environment holds what the lock names."""
    return STAMP.exists() and STAMP.read_text(encoding="ascii") == wanted() and PYTHON.exists()


def wanted() -> str:
    """Digest of the lock and of where the environment is (its programs hold that path)."""
    return hashlib.sha256(LOCK.read_bytes() + b"\0" + os.fsencode(ENVIRONMENT)).hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    try:
        ENVIRONMENT.mkdir(exist_ok=True)
        stream = (ENVIRONMENT / ".bootstrap.lock").open("w")
    except OSError as error:
        raise BootstrapError(
            f"{ENVIRONMENT} cannot be written: {error.strerror}.\n"
            f"  What to do: give this account the folder {ROOT}, or clone Spoor into one of its own"
        ) from error
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _create() -> None:
    if _works(PYTHON, "import pip") or _works(PYTHON, "import uv"):
        return
    print(f"Creating the Python environment {ENVIRONMENT} …", flush=True)
    uv = shutil.which("uv")
    if importlib.util.find_spec("ensurepip") is not None:
        done = subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=False)
    elif uv:
        words = [uv, "venv", "--allow-existing", "--python", sys.executable, str(ENVIRONMENT)]
        done = subprocess.run(words, check=False)
    else:
        raise BootstrapError(no_ensurepip())
    if done.returncode != 0:
        raise BootstrapError(no_ensurepip() if not uv else "«uv venv» failed; its message stands above")


def no_ensurepip() -> str:
    """What to say where Python came without the means to make an environment, as on Debian."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        "This Python cannot make an environment: its module ensurepip is missing (Debian has it apart).\n"
        f"  What to do: apt-get install python3-venv (for this Python: python{version}-venv), start again"
    )


def _install() -> None:
    print("Installing the locked packages (once; this needs a network or a filled cache) …", flush=True)
    arguments = ["install", "--require-hashes", "-r", str(LOCK)]
    uv = _uv()
    if uv is not None:
        done = subprocess.run(
            [*uv, "pip", arguments[0], "--quiet", "--python", str(PYTHON), *arguments[1:]], check=False
        )
        if done.returncode == 0:
            compiled("numpy")
            return
        print("uv did not finish; trying pip …", flush=True)
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([str(PYTHON), "-m", "pip", *arguments, *quiet], check=False)
    if done.returncode != 0:
        raise BootstrapError(
            "The packages could not be installed; pip's message stands above.\n"
            "  What to do: check the network and the package index pip is set to use, then start again"
        )


def compiled(package: str) -> None:
    """Compile a package in the environment, which pip does by itself and uv does not.

    Every analysis on the command line loads it; where the account keeps no compiled modules, each would do it anew.
    """
    for folder in ENVIRONMENT.glob(f"lib/python*/site-packages/{package}"):
        subprocess.run([str(PYTHON), "-m", "compileall", "-q", "-x", "/tests/", str(folder)], check=False)


def prepared() -> None:
    """Do once what every analysis on the command line would do at its start: compile its modules, as pip does those of
    a package, and unpack the countries' borders. Where the account may not write beside the sources nothing is lost but
    that time."""
    for words in (("-m", "compileall", "-q", str(ROOT / "analysis")), ("-m", "analysis.origin.borders")):
        subprocess.run([str(PYTHON), *words], cwd=ROOT, check=False, capture_output=True)


def _uv() -> list[str] | None:
    """uv installs in a tenth of pip's time; it is a help, not a need."""
    on_path = shutil.which("uv")
    if on_path:
        return [on_path]
    if not _works(PYTHON, "import uv"):
        quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
        subprocess.run([str(PYTHON), "-m", "pip", "install", *quiet, "uv"], check=False, capture_output=True)
    return [str(PYTHON), "-m", "uv"] if _works(PYTHON, "import uv") else None


def _works(python: Path, code: str) -> bool:
    if not python.exists():
        return False
    return subprocess.run([str(python), "-c", code], check=False, capture_output=True).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Everything that is checked without running the tests: ``make check``. All steps run, even after one failed.

``python -m deploy.checks NAME …`` runs the named ones alone.
"""

import difflib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from deploy.embedded.environment import ROOT, python_command

OPENAPI = ROOT / "docs" / "openapi.yaml"
PROGRAMS = Path(sys.executable).parent


def _run(*argv: str, environment: dict[str, str] | None = None) -> tuple[bool, str]:
    done = subprocess.run(
        argv, cwd=ROOT, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )
    return done.returncode == 0, done.stdout + done.stderr


def _manage(*words: str, environment: dict[str, str] | None = None) -> tuple[bool, str]:
    return _run(*python_command("manage.py", *words), environment={"SPOOR_BUILD_ONLY": "1", **(environment or {})})


def style() -> tuple[bool, str]:
    """Rules of ruff."""
    return _run(str(PROGRAMS / "ruff"), "check", "--quiet", ".")


def layout() -> tuple[bool, str]:
    """Formatting as ruff writes it."""
    return _run(str(PROGRAMS / "ruff"), "format", "--check", "--quiet", ".")


def types() -> tuple[bool, str]:
    """mypy in strict mode over all packages."""
    return _run(str(PROGRAMS / "mypy"), environment={"SPOOR_BUILD_ONLY": "1"})


def imports() -> tuple[bool, str]:
    """The import contracts of pyproject.toml."""
    return _run(str(PROGRAMS / "lint-imports"))


def migrations() -> tuple[bool, str]:
    """No model change without its migration."""
    return _manage("makemigrations", "--check", "--dry-run")


def system() -> tuple[bool, str]:
    """Django's checks and ours, with the settings of a laboratory behind HTTPS."""
    return _manage(
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        environment={
            "SPOOR_MODE": "lab",
            "SPOOR_PUBLIC_URL": "https://spoor.example.org",
            "SPOOR_BEHIND_PROXY": "1",
        },
    )


def openapi() -> tuple[bool, str]:
    """The API's description is valid, complete, and the committed one."""
    with tempfile.TemporaryDirectory(prefix="spoor-openapi-") as folder:
        made = Path(folder) / "openapi.yaml"
        well, words = _manage("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
        if not well or not made.exists():
            return False, words
        committed = OPENAPI.read_text(encoding="utf-8") if OPENAPI.exists() else ""
        if made.read_text(encoding="utf-8") == committed:
            return True, words
        changes = difflib.unified_diff(
            committed.splitlines(),
            made.read_text(encoding="utf-8").splitlines(),
            "committed",
            "made now",
            n=1,
            lineterm="",
        )
        head = "\n".join(list(changes)[:40])
    remedy = "python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml"
    return (
        False,
        f"{head}\ndocs/openapi.yaml is not what the code says; write it anew: SPOOR_BUILD_ONLY=1 {remedy}",
    )


STEPS: dict[str, Callable[[], tuple[bool, str]]] = {
    "style": style,
    "layout": layout,
    "types": types,
    "imports": imports,
    "migrations": migrations,
    "system": system,
    "openapi": openapi,
}


def main(names: list[str]) -> int:
    """Run the steps beside each other, print each name with its result, and the words of those that failed."""
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        print(f"No check is called {', '.join(unknown)}; there are: {', '.join(STEPS)}", file=sys.stderr)
        return 2
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        under_way = [pool.submit(_timed, name) for name in sorted(STEPS, key=_length) if not names or name in names]
        for one in as_completed(under_way):
            name, (well, words), seconds = one.result()
            purpose = (STEPS[name].__doc__ or "").splitlines()[0]
            print(f"{'ok    ' if well else 'FAILED'} {name:11} {seconds:5.1f} s  {purpose}", flush=True)
            if not well:
                failed.append(name)
                print("\n".join(f"       {line}" for line in words.strip().splitlines()), flush=True)
    print(f"{len(failed)} failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


def _timed(name: str) -> tuple[str, tuple[bool, str], float]:
    begun = time.monotonic()
    return name, STEPS[name](), time.monotonic() - begun


def _length(name: str) -> int:
    """The longest step begins first: the others end beside it."""
    return -1 if name == "types" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

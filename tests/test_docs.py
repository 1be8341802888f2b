"""The words are held to the code: links, commands, settings, capabilities, and no address of anybody's own machine."""

import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from deploy.bootstrap import COMMANDS
from lims.accounts.roles import GRANTS, Role

ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = Path("docs/screenshots")
# Made by the browser tests. Until the first of them is committed, links to the others may lead nowhere.
AWAITED = tuple(
    str(SCREENSHOTS / f"{name}.png") for name in ("today", "case", "item", "scan", "run-species", "report", "pack")
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_MACHINE = re.compile(
    "|".join(
        (
            r"(?<![\w.])/wo" + r"rk/",  # in two pieces, so that this file does not find itself
            r"/ro" + r"ot/",
            r"/ho" + r"me/(?!ada/)[a-z]",
            r"(?<![\w.])/tm" + r"p/tmp[.\w]{6,}",
            r"/Us" + r"ers/[a-z]",
            r"https?://[^\s\"')]*/sim" + r"ple\b",
            r"\b(?:index|extra-index|find-lin" + r"ks)-url?\b\s*[=:]?\s*http",
            r"artifac" + r"tory",
            r"\bpypi\.o" + r"rg",
            r"files\.pythonhost" + r"ed",
        )
    )
)
_BINARY = {".png", ".jpg", ".mo", ".woff2", ".ico", ".pdf", ".gz"}


def tracked() -> list[Path]:
    """Every file of the repository, as git knows it; skipped where the tree came without its history."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this tree is not a git clone")
    return [Path(name) for name in done.stdout.split("\0") if name and (ROOT / name).exists()]


def pages() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def links_of(path: Path) -> list[str]:
    return [link for link in _LINK.findall(_CODE.sub("", text_of(path))) if not link.startswith(("http", "mailto:"))]


def anchors_of(path: Path) -> set[str]:
    """The anchors of a page's headings, as git hosts make them: lower case, signs dropped, spaces to hyphens."""
    found = set()
    for line in re.sub(r"```.*?```", "", text_of(path), flags=re.DOTALL).splitlines():
        if line.startswith("#"):
            title = line.lstrip("#").strip().lower()
            found.add(re.sub(r"[^\w\- ]", "", title).replace(" ", "-"))
    return found


def broken_links(path: Path, known: set[str]) -> list[str]:
    broken = []
    pictures_made = any(name in known for name in AWAITED)
    for link in links_of(path):
        name, _hash, anchor = unquote(link).partition("#")
        target = (ROOT / path.parent / name).resolve() if name else (ROOT / path)
        inside = target.relative_to(ROOT).as_posix() if target.is_relative_to(ROOT) else ""
        if inside in AWAITED and not pictures_made:
            continue
        if not inside or not target.exists() or (anchor and anchor not in anchors_of(target.relative_to(ROOT))):
            broken.append(link)
    return broken


def test_links_lead_somewhere() -> None:
    known = {path.as_posix() for path in tracked()}
    broken = {path.as_posix(): found for path in pages() if (found := broken_links(path, known))}

    assert broken == {}


def test_a_broken_link_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.md").write_text("# A title, here\n[a](gone.md) [b](page.md#a-title-here) [c](page.md#no)\n")
    monkeypatch.setattr("tests.test_docs.ROOT", tmp_path)

    assert broken_links(Path("page.md"), set()) == ["gone.md", "page.md#no"]


def test_commands_named_in_the_readme_exist() -> None:
    rules = re.findall(r"^([a-z][a-z ]*):", text_of(Path("Makefile")), flags=re.MULTILINE)
    targets = {name for rule in rules for name in rule.split()}
    named = set(re.findall(r"\bmake ([a-z]+)", "\n".join(_CODE.findall(text_of(Path("README.md"))))))
    assert {"demo", "test", "up"} <= named
    assert named <= targets
    assert {"demo", "up", "down", "status", "check", "bench"} <= set(COMMANDS)


def test_settings_are_described() -> None:
    read = re.findall(
        r"env\.(?:text|number|flag|folder|choice|listed|database|secret_file)\(\s*\"(SPOOR_[A-Z_]+)\"",
        text_of(Path("lims/config/settings.py")),
    )
    words = text_of(Path("docs/operations.md")) + text_of(Path("docs/architecture.md"))
    described = set(re.findall(r"^\|.*$", words, flags=re.MULTILINE))
    named = set(re.findall(r"`(SPOOR_[A-Z_]+)`", "\n".join(described)))

    assert len(set(read)) > 20
    assert sorted(set(read) - named) == []


def test_every_page_is_in_the_index() -> None:
    index = {(Path("docs") / link.partition("#")[0]) for link in links_of(Path("docs/index.md"))}
    linked = {path.as_posix().replace("docs/../", "") for path in index}
    decisions = {path.as_posix() for path in pages() if path.parts[:2] == ("docs", "adr")}
    listed = {f"docs/adr/{link}" for link in links_of(Path("docs/adr/README.md"))} | {"docs/adr/README.md"}
    own = {path.as_posix() for path in pages() if path.parts[0] == "docs"} - {"docs/index.md"} - decisions

    assert sorted(own - linked) == []
    assert sorted(decisions - listed) == []


def test_every_capability_is_explained() -> None:
    explained: dict[str, set[str]] = {}
    for line in text_of(Path("docs/roles.md")).splitlines():
        row = re.fullmatch(r"\| `([a-z]+)` \| ((?:`[a-z]+` ?)+)\| .{10,} \|", line)
        if row:
            explained[row[1]] = set(re.findall(r"`([a-z]+)`", row[2]))
    areas: dict[str, set[str]] = {}
    for capability in GRANTS:
        area, _dot, act = capability.partition(".")
        areas.setdefault(area, set()).add(act)

    assert explained == areas


def test_every_role_is_explained() -> None:
    roles = re.findall(r"^\| ([a-z]+) \| .+ \| .+ \|$", text_of(Path("docs/roles.md")), flags=re.MULTILINE)

    assert {role.value for role in Role} <= set(roles)


def test_version_is_in_the_changelog_and_readme() -> None:
    version = tomllib.loads(text_of(Path("pyproject.toml")))["project"]["version"]

    assert version in text_of(Path("CHANGELOG.md"))
    assert f"Version {version}" in text_of(Path("README.md"))


def test_no_address_of_a_machine_or_an_index() -> None:
    found = []
    for path in tracked():
        if path.suffix in _BINARY:
            continue
        for number, line in enumerate(
            (ROOT / path).read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        ):
            if _MACHINE.search(line):
                found.append(f"{path}:{number}: {line.strip()[:100]}")

    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "see /wo" + "rk/main/x",
        "index-url = ht" + "tps://proxy.example/sim" + "ple",
        "kept in /ho" + "me/bo/spoor",
        "from /tm" + "p/tmpab12cd34",
    ],
)
def test_such_an_address_would_be_found(line: str) -> None:
    assert _MACHINE.search(line)

"""The verifier as one HTML page that works without network and without installation.

The sources lie beside this module; `page_bytes` joins them into one file. Its content policy allows exactly this
script and this style by their digests, and nothing from anywhere else: the page cannot reach a network.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path

SCRIPTS = (
    "bytes.js",
    "ed25519.js",
    "canonical.js",
    "note.js",
    "report.js",
    "entry.js",
    "export.js",
    "pack.js",
    "proof.js",
    "file.js",
    "texts.js",
    "page.js",
)


def source(name: str) -> str:
    """One of the files the page is made of."""
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def script() -> str:
    """All of the page's script, in a scope of its own. Whoever takes it without the page leaves `page.js` out."""
    body = "\n".join(source(name) for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{body}}})();\n'


@cache
def page_bytes() -> bytes:
    """The page: equal sources give equal bytes."""
    code, style = script(), source("page.css")
    policy = (
        f"default-src 'none'; script-src '{_digest(code)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    page = source("page.html").replace("{policy}", policy).replace("{style}", style).replace("{script}", code)
    return page.encode()


def verifier_files() -> list[tuple[str, bytes]]:
    """Both verifiers as they travel in a pack: this package's sources by path below `chain_of_custody/`, and the page.

    The package runs from a copy: `python -m chain_of_custody.core verify PACK.zip` beside the folder.
    """
    root = Path(__file__).parents[1]
    found = [path for path in root.rglob("*") if path.suffix == ".py" or path.parent == root / "page"]
    files = [(f"chain_of_custody/core/{path.relative_to(root).as_posix()}", path.read_bytes())
             for path in sorted(found) if path.is_file()]  # fmt: skip
    return [("verify.html", page_bytes()), ("chain_of_custody/__init__.py", b"\n"), *files]


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()

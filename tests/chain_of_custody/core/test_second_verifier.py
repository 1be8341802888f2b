"""A second verifier, written from docs/ledger-format.md with nothing of ours: both must agree on the format."""

import base64
import json
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chain_of_custody.core.verify import Status
from tests.chain_of_custody.core.builders import LOG_KEY, full_export, item_export, verify_bytes

DOCUMENT = Path(__file__).parents[3] / "docs" / "ledger-format.md"


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_over(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node(root_over(hashes[:split]), root_over(hashes[split:]))


def root_by_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """RFC 6962 section 2.1.1 turned round: which side each sibling is on follows from the recursion."""
    if size == 1:
        assert not path
        return leaf
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return node(root_by_path(leaf, index, split, path[:-1]), path[-1])
    return node(path[-1], root_by_path(leaf, index - split, size - split, path[:-1]))


def opened_checkpoint(header: dict) -> tuple[str, int, bytes]:
    text, _, signature = header["checkpoint"].rpartition("\n\n")
    text += "\n"
    name, key_hash, key = header["vkeys"][0].split("+", 2)
    raw = base64.b64decode(key)
    assert sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == key_hash
    dash, signer, value = signature.split()
    assert (dash, signer) == ("—", name)
    signed = base64.b64decode(value)
    assert signed[:4].hex() == key_hash
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signed[4:], text.encode())
    origin, size, root = text.splitlines()
    return origin, int(size), base64.b64decode(root)


def check(data: bytes) -> int:
    lines = data.splitlines(keepends=True)
    header, footer = json.loads(lines[0]), json.loads(lines[-1])
    assert footer["digest"] == sha256(b"".join(lines[:-1])).hexdigest()
    origin, size, root = opened_checkpoint(header)
    assert origin == header["origin"]
    heads: dict[tuple, tuple[int, str | None]] = {}
    leaves = []
    for line in map(json.loads, lines[1:-1]):
        raw = base64.b64decode(line["entry"])
        entry = json.loads(raw)
        stream = (entry["stream"]["kind"], entry["stream"]["id"])
        sequence, previous = heads.get(stream, (0, None))
        assert (entry["sequence"], entry["previous"]) == (sequence + 1, previous)
        digest = sha256(b"spoor/entry/v1\x00" + raw).digest()
        heads[stream] = (entry["sequence"], digest.hex())
        leaf = sha256(b"spoor/leaf/v1\x00" + base64.b64decode(line["leaf_salt"]) + digest).digest()
        assert base64.b64decode(line["leaf"]) == leaf
        leaves.append(sha256(b"\x00" + leaf).digest())
        if header["scope"] == "items":
            path = [base64.b64decode(text) for text in line["proof"]]
            assert root_by_path(leaves[-1], line["index"], size, path) == root
        for field, opening in line.get("revealed", {}).items():
            told = json.dumps([entry["id"], field, opening["value"]], ensure_ascii=False, separators=(",", ":"))
            salt = base64.b64decode(opening["salt"])
            shown = sha256(b"spoor/commitment/v1\x00" + salt + told.encode()).hexdigest()
            assert shown == entry["committed"][field]
    if header["scope"] == "full":
        assert (len(leaves), root_over(leaves)) == (size, root)
    return len(leaves)


@pytest.mark.parametrize(("make", "entries"), [(full_export, 9), (item_export, 5)])
def test_both_verifiers_accept_the_same_file(tmp_path: Path, make: Callable[[], bytes], entries: int) -> None:
    data = make()
    assert check(data) == entries
    assert verify_bytes(tmp_path, data, LOG_KEY).status is Status.PASSED


def test_every_reason_the_code_can_give_is_documented() -> None:
    told = set(re.findall(r"`([a-z-]+)`", DOCUMENT.read_text()))
    core = Path(__file__).parents[3] / "chain_of_custody" / "core"
    given: set[str] = set()
    for path in core.rglob("*.py"):
        text = path.read_text()
        given |= set(re.findall(r'reason(?:: str)? ?= ?"([a-z-]+)"', text))
        given |= set(re.findall(r'(?:fail|doubt|_fault|_refused|Fault)\([^"]*?"([a-z]+(?:-[a-z]+)+)"', text))
        given |= set(re.findall(r'"(custody-[a-z-]+)"', text))
        given |= set(re.findall(r'"((?:sequence|index|outside|archive|end|key|signer)-[a-z-]+)"', text))
    assert len(given) > 40
    assert given <= told, given - told

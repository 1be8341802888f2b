"""The verifier as a page: the same verdicts and reasons as the Python one, on the whole tamper set, without network."""

import base64
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, Page, Request, expect

from chain_of_custody.core.checkpoint import checkpoint_sign
from chain_of_custody.core.note import SignerKey, cosigner_key, note_cosign
from chain_of_custody.core.page import page_bytes
from chain_of_custody.core.verify import Report
from tests.browser.checks import PATIENCE_MS, assert_accessible, troubles_of
from tests.chain_of_custody.core.builders import LOG_KEY, PACK_KEY, full_export, small_log, verify_bytes
from tests.chain_of_custody.core.forgeries import everything, proofs
from tests.chain_of_custody.core.mutations import mutations
from tests.chain_of_custody.core.tampering import Case
from tests.chain_of_custody.core.tampering_packs import PACK

_JUDGE = """async ({ data, keys, outside }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const pinned = keys.map((key) => spoor.keyParse(key));
  const kept = outside && (await spoor.checkpointOpen(bytes(outside), pinned));
  return spoor.verifyFile(new File([bytes(data)], "file"), { pinned, outside: kept });
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page as a file on disk, as it lies in a pack."""
    path = tmp_path_factory.mktemp("page") / "verify.html"
    path.write_bytes(page_bytes())
    return path.as_uri()


@pytest.fixture
def verifier(browser: Browser, address: str) -> Iterator[Page]:
    """The page, opened from disk; the test fails when it asked a network for anything or a script broke."""
    context = browser.new_context(locale="en-GB", offline=True)
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE_MS)
    troubles: list[str] = []
    troubles_of(tab, troubles)
    asked: set[str] = set()

    def note(request: Request) -> None:
        asked.add(request.url)

    tab.on("request", note)
    tab.goto(address)
    yield tab
    context.close()
    assert troubles == []
    assert asked == {address}


def judged(page: Page, case: Case) -> dict[str, Any]:
    outside = None
    if case.outside is not None:
        outside = base64.b64encode(checkpoint_sign(case.outside, case.keys[0])).decode()
    keys = [str(key.verifier) for key in case.keys]
    answer = page.evaluate(_JUDGE, {"data": base64.b64encode(case.data).decode(), "keys": keys, "outside": outside})
    assert isinstance(answer, dict)
    return answer


def by_python(folder: Path, case: Case) -> dict[str, Any]:
    report: Report = verify_bytes(folder, case.data, *case.keys, outside=case.outside)
    return outcome(report.to_json())


def outcome(report: Any) -> dict[str, Any]:
    """What both verifiers must agree on: verdict, steps with their findings and places, number of findings."""
    steps = [
        [
            step["number"],
            step["name"],
            step["status"],
            step["count"],
            sorted([finding["reason"], _place(finding["where"])] for finding in step["findings"]),
        ]
        for step in report["steps"]
    ]
    return {"kind": report["kind"], "verdict": report["verdict"], "reasons": sorted(report["reasons"]), "steps": steps}


def _place(where: dict[str, Any]) -> list[list[str]]:
    return [[name, str(where[name])] for name in ("line", "index", "entry", "file") if name in where]


def test_the_whole_tamper_set_gets_the_same_verdict_and_reasons(verifier: Page, tmp_path: Path) -> None:
    differ = []
    for case in everything():
        page, python = outcome(judged(verifier, case)), by_python(tmp_path, case)
        if page != python:
            differ.append((case.name, page, python))
    assert not differ, "\n".join(f"{name}\n  page   {page}\n  python {python}" for name, page, python in differ[:5])


@pytest.mark.parametrize("data", [full_export(), PACK], ids=["export", "pack"])
def test_flipped_bits_get_the_same_verdict_and_reasons(verifier: Page, tmp_path: Path, data: bytes) -> None:
    pick = random.Random(20261121)
    for _ in range(60):
        changed = bytearray(data)
        place = pick.randrange(8 * len(data))
        changed[place >> 3] ^= 1 << (place & 7)
        case = Case(f"bit {place}", bytes(changed), "")
        page = outcome(judged(verifier, case))
        assert page["verdict"] != "passed", place
        assert page == by_python(tmp_path, case), place


def test_what_parsers_disagree_about_gets_the_same_verdict_and_reasons(verifier: Page, tmp_path: Path) -> None:
    cases = list(mutations(20261130, 80))
    assert len(cases) > 60
    differ = []
    for case in cases:
        page, python = outcome(judged(verifier, case)), by_python(tmp_path, case)
        if page != python:
            differ.append((case.name, page, python))
    assert not differ, "\n".join(f"{name}\n  page   {page}\n  python {python}" for name, page, python in differ[:5])


def test_proofs_of_one_entry_get_the_same_verdict_and_reasons(verifier: Page, tmp_path: Path) -> None:
    pick = random.Random(20261130)
    sound_proof = proofs()[0]
    cases = [*proofs(), replace(sound_proof, name="no key", reason="key-not-pinned", keys=())]
    for _ in range(60):
        changed = bytearray(sound_proof.data)
        place = pick.randrange(8 * len(changed))
        changed[place >> 3] ^= 1 << (place & 7)
        cases.append(Case(f"bit {place}", bytes(changed), "any"))
    for case in cases:
        page = judged(verifier, case)
        assert outcome(page) == by_python(tmp_path, case), case.name
        assert (page["verdict"] == "passed") is (case.reason == ""), case.name
    facts = judged(verifier, sound_proof)["facts"]
    assert facts == verify_bytes(tmp_path, sound_proof.data, LOG_KEY).facts


def test_every_fact_agrees(verifier: Page, tmp_path: Path) -> None:
    case = Case("pack", PACK, "")
    facts = judged(verifier, case)["facts"]
    python = verify_bytes(tmp_path, PACK, LOG_KEY).facts
    assert facts == {name: python[name] for name in facts}
    assert set(python) - set(facts) == {"keys"}


def test_sha256_and_sha512_of_fips_180_4(verifier: Page) -> None:
    """FIPS 180-4 examples: "abc", the empty message, and a million times "a" in pieces of 999 bytes."""
    told = verifier.evaluate("""() => {
      const utf8 = (text) => new TextEncoder().encode(text);
      const piece = utf8("a".repeat(999));
      const parts = Array(1001).fill(piece).concat([utf8("a")]);
      return ["abc", ""].flatMap((text) => [spoor.sha256(utf8(text)), spoor.sha512(utf8(text))])
        .concat([spoor.sha256(...parts)]).map(spoor.hex);
    }""")
    assert told == [
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        (
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
        ),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    ]


# RFC 8032 section 7.1, tests 1 to 3: public key, message, signature.
_RFC8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
_OWN = """(cases) => cases.map((parts) => {
  const bytes = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
  return spoor.ed25519Own(...parts.map(bytes));
})"""


def test_own_ed25519_against_rfc_8032_and_another_library(verifier: Page) -> None:
    assert verifier.evaluate(_OWN, [list(case) for case in _RFC8032]) == [True] * 3
    wrong, pick = [], random.Random(8032)
    for key, message, signature in _RFC8032:
        for part, length in ((2, 64), (0, 32)):
            place = pick.randrange(8 * length)
            changed = bytearray.fromhex((key, message, signature)[part])
            changed[place >> 3] ^= 1 << (place & 7)
            wrong.append(
                [changed.hex() if index == part else one for index, one in enumerate((key, message, signature))]
            )
    high = bytearray.fromhex(_RFC8032[0][2])
    order = 2**252 + 27742317777372353535851937790883648493
    high[32:] = (int.from_bytes(high[32:], "little") + order).to_bytes(32, "little")
    wrong.append([_RFC8032[0][0], "", high.hex()])  # S beyond the order of the group: a second form of a signature
    assert verifier.evaluate(_OWN, wrong) == [False] * len(wrong)
    made = []
    for number in range(10):
        private = Ed25519PrivateKey.from_private_bytes(pick.randbytes(32))
        message = pick.randbytes(number * 30)
        made.append([private.public_key().public_bytes_raw().hex(), message.hex(), private.sign(message).hex()])
    assert verifier.evaluate(_OWN, made) == [True] * 10


def test_without_webcrypto_the_own_arithmetic_decides(browser: Browser, address: str, tmp_path: Path) -> None:
    context = browser.new_context(offline=True)
    context.add_init_script("Object.defineProperty(globalThis, 'crypto', { value: undefined });")
    page = context.new_page()
    page.goto(address)
    for case in everything()[:12]:
        assert outcome(judged(page, case)) == by_python(tmp_path, case), case.name
    context.close()


def test_a_witness_signature_is_checked(verifier: Page) -> None:
    """C2SP tlog-cosignature: the page takes the witness's key and refuses a signature whose time was changed."""
    witness = SignerKey("witness.example", bytes(range(9, 41)))
    note = note_cosign(checkpoint_sign(small_log().checkpoint(), LOG_KEY), witness, 1_790_000_000)
    opened = """async ([note, keys]) => {
      const pinned = keys.map((key) => spoor.keyParse(key));
      try { return (await spoor.noteOpen(new TextEncoder().encode(note), pinned)).verified.map((key) => key.name); }
      catch (error) { return error.reason; }
    }"""
    keys = [str(LOG_KEY.verifier), str(cosigner_key(witness))]
    assert verifier.evaluate(opened, [note.decode(), keys]) == [LOG_KEY.name, "witness.example"]
    later = note_cosign(checkpoint_sign(small_log().checkpoint(), LOG_KEY), witness, 1_790_000_001)
    lines = [note.decode().splitlines()[-1], later.decode().splitlines()[-1]]
    mixed = [base64.b64decode(line.split()[-1]) for line in lines]
    forged = mixed[0][:4] + mixed[1][4:12] + mixed[0][12:]
    text = note.decode().replace(lines[0].split()[-1], base64.b64encode(forged).decode())
    assert verifier.evaluate(opened, [text, keys]) == "signature-invalid"


def test_every_text_is_there_in_three_languages(verifier: Page) -> None:
    tables = verifier.evaluate("() => [spoor.TEXTS, spoor.STEP_NAMES, spoor.FACT_NAMES, spoor.REASONS]")
    for table in tables:
        for name, texts in table.items():
            assert len(texts) == 3, name
            assert all(text.strip() for text in texts), name


def test_every_documented_reason_has_a_sentence(verifier: Page) -> None:
    """Reasons the Python verifier gives for these files are those the page explains in words."""
    known = set(verifier.evaluate("() => Object.keys(spoor.REASONS)"))
    given = {case.reason for case in everything() if case.reason}
    assert given <= known, given - known


def test_a_file_is_chosen_and_the_verdict_shown(verifier: Page, tmp_path: Path) -> None:
    pack = tmp_path / "DP-2026-0001.zip"
    pack.write_bytes(PACK)
    verifier.get_by_label("Pack, export or proof").set_input_files(pack)
    verifier.get_by_role("button", name="Verify").click()
    verdict = verifier.get_by_role("heading", level=2)
    expect(verdict).to_have_text("Cannot tell: nothing is wrong, but not everything is proved")
    expect(verifier.locator("#steps")).to_contain_text("key-not-pinned")
    verifier.get_by_label("Keys you trust").fill(f"{LOG_KEY.verifier}\n{PACK_KEY.verifier}")
    verifier.get_by_role("button", name="Verify").click()
    expect(verdict).to_have_text("Passed: complete, unaltered, in order")
    expect(verifier.locator("#result")).to_be_focused()
    assert_accessible(verifier)
    verifier.get_by_label("Language").select_option("Français")
    expect(verdict).to_have_text("Réussi : complet, inaltéré, dans l’ordre")
    assert verifier.locator("html").get_attribute("lang") == "fr"


def test_problems_are_said_in_words(verifier: Page, tmp_path: Path) -> None:
    verifier.get_by_role("button", name="Verify").click()
    expect(verifier.get_by_role("alert")).to_have_text("Choose a file first.")
    path = tmp_path / "log.jsonl"
    path.write_bytes(full_export())
    verifier.get_by_label("Pack, export or proof").set_input_files(path)
    verifier.get_by_label("Keys you trust").fill("nonsense")
    verifier.get_by_role("button", name="Verify").click()
    expect(verifier.get_by_role("alert")).to_contain_text("nonsense")
    assert_accessible(verifier)


def test_a_dropped_file_is_read(verifier: Page) -> None:
    verifier.evaluate(
        """(data) => {
          const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], "cut.zip"));
          document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        base64.b64encode(PACK[:-5]).decode(),
    )
    expect(verifier.get_by_role("heading", level=2)).to_have_text("Failed: it is not as the laboratory made it")
    expect(verifier.locator("#name")).to_have_text("cut.zip")
    expect(verifier.locator("#steps")).to_contain_text("archive-malformed")

"""Make the secrets of an installation on servers: ``python -m deploy.keys FOLDER [LOG NAME]``.

Writes ``django.key``, ``log.key`` (for the sequencer alone), ``pack.key`` (for the worker that signs packs), and
``log.vkey``, ``pack.vkey`` (to give away), each 0600; files that are there are kept. An embedded Spoor makes its own.
"""

import secrets
import sys
from pathlib import Path

from chain_of_custody.core.errors import KeyRefused
from chain_of_custody.core.note import SignerKey
from deploy.embedded.home import private_folder, write_private


def keys_make(folder: Path, log_name: str) -> SignerKey:
    """The key files of ``folder``, made where missing; the log's signing key with that name.

    Raises KeyRefused when the name holds a space or a plus sign, or a key file there is damaged.
    """
    private_folder(folder)
    write_private(folder / "django.key", secrets.token_urlsafe(50))
    write_private(folder / "log.key", SignerKey.generate(log_name).encode())
    signer = SignerKey.parse((folder / "log.key").read_text(encoding="utf-8").strip())
    write_private(folder / "log.vkey", str(signer.verifier))
    write_private(folder / "pack.key", SignerKey.generate(f"{log_name}/packs").encode())
    packs = SignerKey.parse((folder / "pack.key").read_text(encoding="utf-8").strip())
    write_private(folder / "pack.vkey", str(packs.verifier))
    return signer


def main(words: list[str]) -> int:
    """Make the keys and print the public one."""
    if len(words) not in {1, 2} or words[0].startswith("-"):
        print("usage: python -m deploy.keys FOLDER [LOG NAME such as spoor.example.org/log]", file=sys.stderr)
        return 2
    name = words[1] if len(words) == 2 else f"spoor.local/lab-{secrets.token_hex(4)}"
    try:
        signer = keys_make(Path(words[0]), name)
    except KeyRefused as error:
        print(f"No key was made: {error}", file=sys.stderr)
        return 1
    print(f"Keys are in {words[0]}. Give this away, so that others can check the log:\n{signer.verifier}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Command line: `python -m chain_of_custody.core verify FILE [--key VKEY] [--checkpoint FILE] [--json]`.

FILE is an export (.jsonl), a pack (.zip), a proof (.tlog-proof), or the address of a log on this machine.

Exit status 0 passed, 1 failed, 2 indeterminate; 64 wrong use, 66 a file that cannot be read.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from cryptography.x509 import load_pem_x509_certificates

from chain_of_custody.core.checkpoint import Checkpoint
from chain_of_custody.core.errors import CoreError
from chain_of_custody.core.note import NOTE_LIMIT, VerifierKey
from chain_of_custody.core.verify import Report, Stamp, Status, verify_file, verify_log
from chain_of_custody.core.verify.keys import kept_open
from chain_of_custody.core.verify.report import printable
from chain_of_custody.core.verify.state import limited_bytes, state_read

EXITS = {Status.PASSED: 0, Status.FAILED: 1, Status.INDETERMINATE: 2}
USAGE, NO_INPUT = 64, 66
PEM_LIMIT, STAMP_LIMIT = 16_000_000, 4_000_000


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def _parser() -> _Parser:
    parser = _Parser(prog="python -m chain_of_custody.core", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="check an export (.jsonl) or a disclosure pack (.zip)")
    verify.add_argument("file", help="a file, or the address of a log on this machine: http://127.0.0.1:8000/log/")
    verify.add_argument(
        "--key", action="append", default=[], metavar="VKEY", help="a trusted key, name+hash+base64; repeatable"
    )
    verify.add_argument(
        "--pack-key",
        action="append",
        default=[],
        metavar="VKEY",
        help="a key trusted for packs alone, where it is not named LOG/packs; repeatable",
    )
    verify.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="an older signed checkpoint of the log (needs --key)"
    )
    verify.add_argument(
        "--from-state", type=Path, metavar="FILE", help="the log must continue the state kept by --save-state"
    )
    verify.add_argument("--save-state", type=Path, metavar="FILE", help="keep the state of a log that passed")
    verify.add_argument("--timestamp", type=Path, metavar="FILE", help="RFC 3161 time stamp of the checkpoint (.tsr)")
    verify.add_argument("--tsa", type=Path, metavar="PEM", help="certificates of time-stamping authorities you trust")
    verify.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        pinned = tuple(VerifierKey.parse(text) for text in options.key)
        outside = _outside(options.checkpoint, pinned)
        report = _report(options, pinned, outside)
    except OSError as error:
        name = printable(f"{error.filename or options.file}: {error.strerror or error}")
        parser.exit(NO_INPUT, f"{parser.prog}: {name}\n")
    except CoreError as error:
        parser.error(printable(str(error)))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    print(json.dumps(report.to_json(), indent=2) if options.json else "\n".join(report.lines()))
    return EXITS[report.status]


def _report(options: argparse.Namespace, pinned: tuple[VerifierKey, ...], outside: Checkpoint | None) -> Report:
    stamp = _stamp(options.timestamp, options.tsa)
    state = None if options.from_state is None else state_read(options.from_state)
    if options.file.startswith(("http://", "https://")):
        return verify_log(options.file, pinned=pinned, outside=outside, state=state, stamp=stamp)
    packs = tuple(VerifierKey.parse(text) for text in options.pack_key)
    return verify_file(
        Path(options.file),
        pinned=pinned,
        packs=packs,
        outside=outside,
        state=state,
        save=options.save_state,
        stamp=stamp,
    )


def _stamp(path: Path | None, authorities: Path | None) -> Stamp | None:
    if path is None:
        return None
    try:
        trusted = (
            () if authorities is None else tuple(load_pem_x509_certificates(limited_bytes(authorities, PEM_LIMIT)))
        )
    except ValueError as error:
        raise CoreError(f"--tsa {authorities}: no PEM certificates: {error}") from None
    return Stamp(data=limited_bytes(path, STAMP_LIMIT), authorities=trusted)


def _outside(path: Path | None, pinned: tuple[VerifierKey, ...]) -> Checkpoint | None:
    return None if path is None else kept_open(limited_bytes(path, NOTE_LIMIT), pinned)


if __name__ == "__main__":
    sys.exit(main())

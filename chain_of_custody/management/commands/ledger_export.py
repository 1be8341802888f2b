"""manage.py ledger_export FILE: the ledger, or some items' custody, for anybody to verify without us."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chain_of_custody.core.export import export_write
from chain_of_custody.core.note import SignerKey
from chain_of_custody.core.verify.state import VerifyState, state_read
from chain_of_custody.management.trouble import trouble_told
from chain_of_custody.models import Item
from chain_of_custody.selectors import export_open, reveal_everything, reveal_nothing


@contextmanager
def _written_whole(file: Path) -> Iterator[BinaryIO]:
    """A new file, there under its name once all its bytes are on the disk; nothing stays of one that failed."""
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}-", delete=False) as out:
        part = Path(out.name)
        try:
            yield cast("BinaryIO", out)
            out.flush()
            os.fsync(out.fileno())
            if file.exists():
                raise FileExistsError(errno.EEXIST, "it was made meanwhile by somebody else", str(file))
            part.rename(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


class Command(BaseCommand):
    """Writes `spoor-export/1` (docs/ledger-format.md); check it by `python -m chain_of_custody.core verify FILE`."""

    help = "Export the whole ledger, or the custody of some items with inclusion proofs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file to write; refused when it exists")
        parser.add_argument(
            "--item", action="append", default=[], metavar="REF", help="an item's reference; repeatable"
        )
        parser.add_argument(
            "--from",
            dest="state",
            type=Path,
            metavar="STATE",
            help="new entries only, for a reader who kept this state («verify --save-state STATE»)",
        )
        parser.add_argument("--reveal", action="store_true", help="open committed values (names, reasons, places)")
        parser.add_argument("--sign", action="store_true", help="sign the end of the file with SPOOR_LOG_KEY_FILE")

    def handle(self, *_args: Any, **options: Any) -> None:
        file: Path = options["file"]
        if file.exists():
            raise CommandError(f"{file} exists; name another file")
        if options["item"] and options["state"]:
            raise CommandError("--from is for the whole log; leave out --item")
        with trouble_told(f"{file} was not written", returncode=1):
            export = export_open(
                items=self._items(options["item"]) if options["item"] else None,
                reveal=reveal_everything if options["reveal"] else reveal_nothing,
                since=self._state(options["state"]),
            )
            signer = self._signer() if options["sign"] else None
            with _written_whole(file) as out:
                export_write(out, export.header, export.rows, signer=signer)
        self.stdout.write(f"{file}: {file.stat().st_size} bytes")
        if export.waiting:
            self.stderr.write(f"{export.waiting} entries wait for the sequencer and are not in it")

    def _items(self, references: list[str]) -> list[Item]:
        found = {item.reference: item for item in Item.objects.filter(reference__in=references)}
        missing = [reference for reference in references if reference not in found]
        if missing:
            raise CommandError(f"there is no item {', '.join(missing)}")
        return list(found.values())

    def _state(self, path: Path | None) -> VerifyState | None:
        return None if path is None else state_read(path)

    def _signer(self) -> SignerKey:
        return SignerKey.parse(Path(settings.SPOOR_LOG_KEY_FILE).read_text(encoding="ascii").strip())

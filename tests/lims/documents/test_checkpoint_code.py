"""The QR code of a printed report is read back by an independent decoder (zxing-cpp): it is the signed checkpoint."""

import dataclasses
import shutil
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from chain_of_custody.core.checkpoint import Checkpoint, checkpoint_open, checkpoint_sign
from chain_of_custody.core.note import SignerKey
from lims.documents.data.parts import Marks
from lims.documents.render import report_render
from tests.lims.documents import samples

KEY = SignerKey.generate("spoor.meridian.example/log")
NOTE = checkpoint_sign(Checkpoint(origin=KEY.name, size=48_207, root=bytes(range(32))), KEY)
MARKS = Marks(checkpoint=dataclasses.replace(samples.CHECKPOINT, note=NOTE.decode(), vkey=str(KEY.verifier)))


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="needs pdftoppm (Debian's poppler-utils)")
def test_the_code_on_paper_is_the_signed_note(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(report_render(samples.report_data(marks=MARKS)))
    subprocess.run(["pdftoppm", "-r", "200", "-gray", tmp_path / "report.pdf", tmp_path / "page"], check=True)
    texts = [
        code.text for page in sorted(tmp_path.glob("page-*.pgm")) for code in zxingcpp.read_barcodes(Image.open(page))
    ]
    assert NOTE.decode() in texts
    read, _note = checkpoint_open(next(text for text in texts if text == NOTE.decode()).encode(), KEY.verifier)
    assert (read.origin, read.size, read.root) == (KEY.name, 48_207, bytes(range(32)))


def test_same_data_same_bytes_and_another_note_other_bytes() -> None:
    pdf = report_render(samples.report_data(marks=MARKS))
    assert report_render(samples.report_data(marks=MARKS)) == pdf
    other = dataclasses.replace(MARKS, checkpoint=samples.CHECKPOINT)
    assert report_render(samples.report_data(marks=other)) != pdf

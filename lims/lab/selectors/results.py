"""What a run answered, as its result files in the vault say it: outcomes whole, figures, file by file."""

import json
from typing import Any

from django.utils.translation import gettext as _

from chain_of_custody.models import StoredFile
from chain_of_custody.vault.services import file_content
from lims.common.errors import NotFound
from lims.lab.models import Run

OUTCOMES = "outcomes.json"
LARGEST = 64 * 1024 * 1024
LARGEST_FIGURE = LARGEST // 8


def run_outcome(*, run: Run, number: int) -> dict[str, Any]:
    """One outcome of a finished run, whole, as it was computed; empty where the run has no such outcome.

    Raises:
        DigestMismatch: the stored bytes are not those that were written.
    """
    file = run_output(run=run, name=OUTCOMES)
    if file is None or file.size > LARGEST:
        return {}
    outcomes = json.loads(run_output_content(file))
    return dict(outcomes[number - 1]) if 0 < number <= len(outcomes) else {}


def run_output(*, run: Run, name: str) -> StoredFile | None:
    """A result file of a run by its name."""
    return next((output.file for output in run.outputs.all() if output.name == name), None)


def run_json(*, run: Run, name: str) -> dict[str, Any]:
    """A result file that holds one JSON object; empty where the run has none of that name."""
    file = run_output(run=run, name=name)
    if file is None or file.size > LARGEST:
        return {}
    value = json.loads(run_output_content(file))
    return value if isinstance(value, dict) else {}


def run_figures(*, run: Run, number: int) -> list[tuple[str, bytes]]:
    """The figures of one outcome: those that carry its number by name, then those of the whole run.

    A figure of one outcome is called `NAME-0003.svg`; one without a number belongs to every outcome.
    """
    own, common = [], []
    for output in sorted(run.outputs.all(), key=lambda one: one.name):
        if output.file.media_type == "image/svg+xml" and output.file.size <= LARGEST_FIGURE:
            stem = output.name.removesuffix(".svg")
            ending = stem.rpartition("-")[2]
            if not ending.isdigit():
                common.append((stem, run_output_content(output.file)))
            elif int(ending) == number:
                own.append((stem, run_output_content(output.file)))
    return [*own, *common]


def run_file(*, run: Run, name: str) -> StoredFile:
    """A file of a run already seen: `inputs/PLACE` or the name of a result file.

    Raises:
        NotFound: none.
    """
    kind, _slash, place = name.rpartition("/")
    if kind == "inputs" and place.isdigit():
        files = [row.file for row in run.inputs.all()]
        if int(place) < len(files):
            return files[int(place)]
    elif not kind and (file := run_output(run=run, name=place)) is not None:
        return file
    raise NotFound(_("This run has no such file."), code="file-not-found", found=name)


def run_output_content(file: StoredFile) -> bytes:
    """The bytes of a result file, checked against its digest while they are read.

    Raises:
        DigestMismatch: the stored bytes are not those that were written.
    """
    return file_content(file)

"""A registered method run over texts, as tests of methods do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.inputs import InputFile, Progress, RunInputs, RunResult, no_progress
from analysis.registry import METHODS


def run(
    method: str,
    folder: Path,
    files: Mapping[str, str],
    reference: Path,
    *,
    progress: Progress = no_progress,
    **parameters: Any,
) -> RunResult:
    given = []
    for role, text in files.items():
        path = folder / f"{role}.csv"
        path.write_text(text)
        given.append(InputFile.from_path(role, path))
    inputs = RunInputs(files=tuple(given), parameters=parameters, reference=reference, seed=3)
    return METHODS[method].run(inputs, progress)


def numbers(result: RunResult, place: int = 0) -> dict[str, float]:
    return {number.name: number.value for number in result.outcomes[place].numbers}

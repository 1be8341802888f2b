"""A 96-well plate of trace pairs from upload to calls: handed in through the service, computed by two workers.

A PostgreSQL and an evidence store of its own, fsync on, thrown away afterwards. Traces come from our own ABIF writer,
192 files of invented species against an invented reference set. The clock runs from the first byte handed in until the
last run is written; ringing is left to the workers, who take runs from the rows as a sweep would.

    python -m benchmarks.plate [--pairs 96] [--workers 2] [--species 400]
"""

# ruff: noqa: PLC0415  (models can be imported only after the address of the database is known)

import argparse
import io
import os
import resource
import subprocess
import sys
import time
from datetime import date
from typing import Any

from benchmarks.spoor_database import Bench, database
from deploy.embedded.environment import ROOT

LIMIT_SECONDS = 60
_WORKER = "--as-worker"


def names(number: int) -> list[str]:
    """Invented species, four to a genus, in letters alone."""
    letters = "abcdefghij"
    genera = ["Genus" + "".join(letters[int(digit)] for digit in f"{n:04d}") for n in range(-(-number // 4))]
    return [f"{genera[n // 4]} species{letters[n % 4]}" for n in range(number)]


def worker() -> int:
    """Take runs until none waits; the processor seconds it took are printed."""
    import django

    django.setup()
    from lims.lab.enums import JobState
    from lims.lab.models import Run
    from lims.lab.tasks import run_execute

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    while True:
        waiting = list(Run.objects.filter(state=JobState.QUEUED).order_by("?").values_list("pk", flat=True)[:8])
        if not waiting:
            break
        for pk in waiting:
            run_execute(pk)
    used = resource.getrusage(resource.RUSAGE_SELF)
    sys.stdout.write(f"{used.ru_utime + used.ru_stime:.2f}\n")
    return 0


def laboratory(species: int) -> tuple[Any, Any, list[str], dict[str, str]]:
    """People, an approved set and a case: (technician, set, references of items, sequences of species)."""
    from analysis.inputs import no_progress
    from analysis.species.synthetic import barcodes
    from lims.lab.execution import reference_compute
    from lims.lab.services.builds import build_finish, build_start
    from lims.lab.services.references import reference_approve, reference_propose
    from tests.lims import builders

    lab = builders.Laboratory()
    records = barcodes(names(species), seed=3)
    row = reference_propose(
        actor=lab.analyst,
        kind="species",
        name="SYNTHETIC",
        edition="1",
        files=[("COI.fasta", io.BytesIO("".join(one.fasta for one in records).encode()))],
        parameters={"locus": "COI"},
        provenance="Our own generator.",
        synthetic=True,
    )
    build = build_start(pk=row.builds.get().pk, worker="benchmark")
    if build is None:
        raise SystemExit("The set could not be built.")
    build_finish(build=build, frozen=reference_compute(row, no_progress))
    row.refresh_from_db()
    row = reference_approve(actor=lab.manager, reference=row, note="Checked.")
    case = builders.case(lab.custodian)
    items = [one.item.reference for one in builders.exhibits(lab.custodian, case, 96)]
    return lab.technician, row, items, {one.species: one.sequence for one in reversed(records)}


def traces(items: list[str], sequences: dict[str, str], pairs: int) -> tuple[list[tuple[str, bytes]], dict[str, str]]:
    """Files of the plate, and the species of each item."""
    from analysis.species.abif import abif_bytes, trace_synthesise
    from analysis.species.bases import reverse_complement

    files, truth = [], {}
    species = list(sequences)
    for number, item in enumerate(items[:pairs]):
        name = species[number * 7 % len(species)]
        truth[item] = name
        for at, way in enumerate("FR"):
            text = sequences[name] if way == "F" else reverse_complement(sequences[name].encode()).decode()
            trace = trace_synthesise(text, sample=f"SYNTHETIC {number}", seed=number * 2 + at, run_on=date(2026, 11, 2))
            files.append((f"{item}_{way}.ab1", abif_bytes(trace)))
    return files, truth


def measure(bench: Bench, pairs: int, workers: int, species: int) -> int:
    """One plate; 1 when a call is wrong, missing or late."""
    import django

    django.setup()
    from chain_of_custody.models import Item
    from lims.lab.models import Run
    from lims.lab.services.plates import plate_receive

    technician, reference, items, sequences = laboratory(species)
    files, truth = traces(items, sequences, pairs)
    command = [sys.executable, "-m", "benchmarks.plate", _WORKER]
    started = [
        subprocess.Popen(
            command, cwd=ROOT, env=bench.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(workers)
    ]
    for one in started:
        if one.stdout is None or one.stdout.readline() != "ready\n":
            raise SystemExit("A worker did not start.")
    load = os.getloadavg()[0]
    begun, spent = time.monotonic(), time.process_time()
    known = list(Item.objects.filter(reference__in=items))
    plate = plate_receive(
        actor=technician,
        files=[(name, io.BytesIO(content)) for name, content in files],
        reference=reference,
        items=known,
    )
    received, upload_cpu = time.monotonic(), time.process_time() - spent
    told = [one.communicate("go\n")[0].split() for one in started]
    ended = time.monotonic()
    runs = Run.objects.filter(plate_sample__plate=plate).select_related("item").prefetch_related("outcomes")
    right = sum(
        run.state == "done" and run.item is not None and run.outcomes.get().name == truth[run.item.reference]
        for run in runs
    )
    cpu = upload_cpu + sum(float(words[-1]) for words in told)
    size = sum(len(content) for _, content in files) / 1e6
    print(f"{len(files)} traces, {size:.1f} MB, {reference.records} records; load before: {load:.1f}")
    print(f"upload: {received - begun:.1f} s wall, {upload_cpu:.1f} s processor")
    print(f"calls: {ended - received:.1f} s wall with {workers} workers; {right} of {pairs} right")
    print(f"upload to calls: {ended - begun:.1f} s wall, {cpu:.1f} s processor (limit {LIMIT_SECONDS} s wall)")
    return 0 if right == pairs and ended - begun < LIMIT_SECONDS else 1


def main() -> int:
    """Run the benchmark."""
    if _WORKER in sys.argv:
        return worker()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=96, choices=range(1, 97), metavar="N")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--species", type=int, default=400)
    parsed = parser.parse_args()
    with database() as bench:
        return measure(bench, parsed.pairs, parsed.workers, parsed.species)


if __name__ == "__main__":
    sys.exit(main())

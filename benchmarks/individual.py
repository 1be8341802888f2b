"""Individual: all pairs and one profile against many, against the same sums in plain loops in the same run.

Profiles are made here: 16 loci of 12 alleles. Run with OPENBLAS_NUM_THREADS=1 for the CPU of one thread.
"""

import math
import resource
import time
from collections.abc import Callable

import numpy as np

from analysis.individual.kinship import RELATIONSHIPS, ErrorModel, locus_tables
from analysis.individual.pairs import matching_pairs, scan
from analysis.individual.panel import genotype_index

LOCI, ALLELES = 16, 12


def cpu(work: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds of this process, and what the work gave."""
    begun = time.process_time()
    found = work()
    return time.process_time() - begun, found


def profiles(frequencies: list[np.ndarray], count: int, seed: int) -> np.ndarray:
    """Genotype numbers (L, N) of unrelated animals."""
    random = np.random.default_rng(seed)
    index = genotype_index(ALLELES)
    numbers = np.empty((LOCI, count), dtype=np.int32)
    for locus, p in enumerate(frequencies):
        drawn = np.minimum((random.random((count, 2, 1)) > p.cumsum()).sum(axis=2), ALLELES - 1)
        numbers[locus] = index[drawn[:, 0], drawn[:, 1]]
    return numbers


def plain(left: list[list[int]], right: list[list[int]], tables: list[list[list[float]]], least: float) -> int:
    """Every animal of the left against every one of the right, in loops."""
    found = 0
    for a in zip(*left, strict=True):
        for b in zip(*right, strict=True):
            total = 0.0
            for locus, (x, y) in enumerate(zip(a, b, strict=True)):
                total += tables[locus][x][y]
            found += total >= least
    return found


def main() -> None:
    """Tables, all pairs per relationship, one against a million."""
    random = np.random.default_rng(1)
    frequencies = [random.dirichlet(np.ones(ALLELES)) for _ in range(LOCI)]
    seconds, tables = cpu(lambda: [locus_tables(p, ErrorModel()) for p in frequencies])
    print(f"tables, {LOCI} loci x {ALLELES} alleles x {len(RELATIONSHIPS)} relationships   {seconds:.3f} s CPU")
    many = profiles(frequencies, 10_000, 2)
    least = math.log(1000)
    part = many[:, :200].tolist()
    for name in RELATIONSHIPS:
        logs = [table.log_ratio(name) for table in tables]  # type: ignore[attr-defined]  # a list of tables
        seconds, found = cpu(lambda logs=logs: scan(many, None, logs, least=least))  # type: ignore[misc]  # bound now
        loop, _ = cpu(lambda logs=logs: plain(part, part, [table.tolist() for table in logs], least))  # type: ignore[misc]
        loop *= 49_995_000 / 40_000
        print(
            f"all pairs of 10,000 x 16, {name:17} {seconds:.2f} s CPU   aim 2 s   {loop / seconds:.0f} x plain loops "
            f"({loop:.0f} s from 200 x 200)   {len(found)} found"  # type: ignore[arg-type]  # a list
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory so far {peak:.0f} MB   aim below 300 MB")
    seconds, _ = cpu(lambda: matching_pairs(many, None, least_shared=14, least_match=0.85))
    print(f"same animal, all pairs of 10,000 x 16 by share of loci   {seconds:.2f} s CPU")
    million = profiles(frequencies, 1_000_000, 3)
    logs = [table.log_ratio("identity") for table in tables]  # type: ignore[attr-defined]  # a list of tables
    one = many[:, :1]
    seconds = min(cpu(lambda: scan(one, million, logs, least=math.log(1e6)))[0] for _ in range(3))
    loop, _ = cpu(lambda: plain(one.tolist(), million[:, :20_000].tolist(), [t.tolist() for t in logs], least))
    print(
        f"one profile against 1,000,000   {seconds * 1000:.0f} ms CPU   aim 100 ms   {loop * 50 / seconds:.0f} x plain "
        "loops (from 20,000)"
    )


if __name__ == "__main__":
    main()

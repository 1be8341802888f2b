"""Custody as a whole: acts beside pgbench, then verifying beside a plain loop, each ratio from one run.

    python -m benchmarks.custody [--seconds 6] [--skip-scan] [--entries 100000 1000000]

The parts alone: `benchmarks.custody_acts` and `benchmarks.custody_verify`.
"""

import argparse
import sys

from benchmarks import custody_acts, custody_verify
from benchmarks.goals import goals_print


def main(words: list[str]) -> int:
    """Measure both, then print every figure that has a goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--skip-scan", action="store_true")
    parser.add_argument("--entries", type=int, nargs="+", default=custody_verify.SIZES)
    given = parser.parse_args(words)
    goals = custody_acts.run(given.seconds, skip_scan=given.skip_scan)
    goals += custody_verify.run(given.entries)
    print("goals")
    goals_print(goals)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

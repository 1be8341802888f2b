"""Run the benchmarks: every ``benchmarks/bench_*.py``, or those named; each prints its own table."""

import subprocess
import sys

from deploy.embedded.environment import ROOT, python_command


def main(names: list[str]) -> int:
    """Run them one after the other; code 1 when one fails or there is none of a name."""
    found = sorted((ROOT / "benchmarks").glob("bench_*.py"))
    chosen = [path for path in found if not names or path.stem.removeprefix("bench_") in names]
    if not chosen:
        known = ", ".join(path.stem.removeprefix("bench_") for path in found) or "none yet"
        print(f"No benchmark to run; there are: {known}", file=sys.stderr)
        return 1
    failed = []
    for path in chosen:
        print(f"== {path.stem}", flush=True)
        if subprocess.run(python_command("-m", f"benchmarks.{path.stem}"), cwd=ROOT, check=False).returncode != 0:
            failed.append(path.stem)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

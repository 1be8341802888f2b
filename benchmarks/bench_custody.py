"""`make bench ARGS=custody` finds this; the benchmark itself is `benchmarks/custody.py`."""

import sys

from benchmarks.custody import main

if __name__ == "__main__":
    sys.exit(main([]))

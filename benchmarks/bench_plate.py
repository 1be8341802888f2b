"""`make bench` finds this; the benchmark itself is `benchmarks/plate.py`."""

import sys

from benchmarks.plate import main

if __name__ == "__main__":
    sys.exit(main())

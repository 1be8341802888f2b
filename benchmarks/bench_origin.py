"""`make bench` finds this; the benchmark itself is `benchmarks/origin.py`."""

from benchmarks.origin import main

if __name__ == "__main__":
    main()

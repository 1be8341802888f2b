"""`make bench` finds this; the benchmark itself is `benchmarks/individual.py`."""

from benchmarks.individual import main

if __name__ == "__main__":
    main()

"""`make bench` finds this; the benchmark itself is `benchmarks/species.py`."""

from benchmarks.species import main

if __name__ == "__main__":
    main()

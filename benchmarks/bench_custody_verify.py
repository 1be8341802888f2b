"""`make bench ARGS=custody_verify`: the verifier at 100,000 and 1,000,000 entries; see `benchmarks.custody_verify`."""

import sys

from benchmarks.custody_verify import main

if __name__ == "__main__":
    sys.exit(main())

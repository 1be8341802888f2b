"""Benchmarks: each prints figures and ratios against a peer of the same run. They are not tests.

Figures are of one thread: the linear algebra library is told so before it is loaded.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

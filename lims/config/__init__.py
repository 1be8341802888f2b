"""The composition root. Loading the settings sets the Celery application, so that every process can ring."""

import os

# Before numpy is loaded: idle threads of the linear algebra library wait by spinning, and workers are as many as the
# processors already. A tree of forty sequences with its replicates takes a third of the processor time so.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from lims.config.celery import app as celery_app

__all__ = ["celery_app"]

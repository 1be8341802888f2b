"""The composition root. Loading the settings sets the Celery application, so that every process can ring."""

from lims.config.celery import app as celery_app

__all__ = ["celery_app"]

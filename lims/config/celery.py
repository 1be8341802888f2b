"""The Celery application. The broker only rings bells: every job's truth is a row in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.config.settings")

app = Celery("spoor")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["lims.accounts", "lims.casework", "lims.lab", "lims.disclosure"])

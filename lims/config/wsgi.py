"""The WSGI application, served by gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from lims.config.celery import app as celery_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.config.settings")

celery_app.set_default()
application = get_wsgi_application()

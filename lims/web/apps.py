"""Django's registration of `lims.web`."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The app `web`: pages, no models."""

    name = "lims.web"
    label = "web"

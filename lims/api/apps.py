"""Django's registration of `lims.api`."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The app `api`."""

    name = "lims.api"
    label = "api"

"""Django's registration of `lims.reporting`."""

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    """The app `reporting`."""

    name = "lims.reporting"
    label = "reporting"

"""Django's registration of `lims.lab`."""

from django.apps import AppConfig


class LabConfig(AppConfig):
    """The app `lab`."""

    name = "lims.lab"
    label = "lab"

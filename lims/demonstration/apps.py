"""Django's registration of `lims.demonstration`."""

from django.apps import AppConfig


class DemonstrationConfig(AppConfig):
    """The demonstration laboratory: synthetic from end to end."""

    name = "lims.demonstration"
    label = "demonstration"

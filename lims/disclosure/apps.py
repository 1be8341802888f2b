"""Django's registration of `lims.disclosure`."""

from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    """The app `disclosure`."""

    name = "lims.disclosure"
    label = "disclosure"

"""Django's registration of `lims.links`."""

from django.apps import AppConfig


class LinksConfig(AppConfig):
    """The app `links`."""

    name = "lims.links"
    label = "links"

    def ready(self) -> None:
        """Let the results of searches be kept as long as the cases they compared."""
        from lims.casework.services.retention import FILES_OF_CASES  # noqa: PLC0415 - apps must be loaded first
        from lims.links.selectors.kept import files_of_cases  # noqa: PLC0415 - apps must be loaded first

        if files_of_cases not in FILES_OF_CASES:
            FILES_OF_CASES.append(files_of_cases)

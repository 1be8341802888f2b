"""Django's registration of `lims.disclosure`."""

from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    """The app `disclosure`."""

    name = "lims.disclosure"
    label = "disclosure"

    def ready(self) -> None:
        """Let the files of this app be kept as long as their cases."""
        from lims.casework.services.retention import FILES_OF_CASES  # noqa: PLC0415 - apps must be loaded first
        from lims.disclosure.selectors.kept import files_of_cases  # noqa: PLC0415 - apps must be loaded first

        if files_of_cases not in FILES_OF_CASES:
            FILES_OF_CASES.append(files_of_cases)

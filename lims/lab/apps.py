"""Django's registration of `lims.lab`."""

from django.apps import AppConfig


class LabConfig(AppConfig):
    """The app `lab`."""

    name = "lims.lab"
    label = "lab"

    def ready(self) -> None:
        """Let the files of this app be kept as long as their cases, and results of runs be read as files of theirs."""
        from lims.casework.selectors.files import CAPABILITY_OF_STREAM, CASE_OF_STREAM  # noqa: PLC0415 - as below
        from lims.casework.services.retention import FILES_OF_CASES  # noqa: PLC0415 - apps must be loaded first
        from lims.lab.selectors.files import case_of_run  # noqa: PLC0415 - apps must be loaded first
        from lims.lab.selectors.kept import files_of_cases  # noqa: PLC0415 - apps must be loaded first

        if files_of_cases not in FILES_OF_CASES:
            FILES_OF_CASES.append(files_of_cases)
        CASE_OF_STREAM["run"] = case_of_run
        CAPABILITY_OF_STREAM["run"] = "run.read"

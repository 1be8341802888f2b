"""Django's registration of `lims.casework`."""

from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    """Cases, seizures, exhibits, samples, labels, intake."""

    name = "lims.casework"
    label = "casework"

    def ready(self) -> None:
        """Let actors carry their case assignments."""
        from lims.accounts.selectors import CASE_GRANT_READERS  # noqa: PLC0415 - apps must be loaded first
        from lims.casework.selectors.access import case_grants  # noqa: PLC0415 - apps must be loaded first

        if case_grants not in CASE_GRANT_READERS:
            CASE_GRANT_READERS.append(case_grants)

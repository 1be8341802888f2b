"""The Django application of custody and its ledger."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class ChainOfCustodyConfig(AppConfig):
    """Registers the payload schemas of custody and the check that the ledger is append-only."""

    name = "chain_of_custody"
    label = "chain_of_custody"
    verbose_name = _("Chain of custody")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chain_of_custody import custody_schemas, guard  # noqa: PLC0415 - models are loaded only now

        custody_schemas.declare_all()
        checks.register(guard.check_append_only, checks.Tags.database)

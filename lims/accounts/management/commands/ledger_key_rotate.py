"""manage.py ledger_key_rotate: a new key for the log, under the same name."""

from chain_of_custody.services.origins import key_rotate
from lims.accounts.management.logcommand import LogCommand


class Command(LogCommand):
    """Runs with the sequencer's rights."""

    help = "Give the log a new key, cross-signed by the old one. Stop sequencer and web first."
    begin = staticmethod(key_rotate)

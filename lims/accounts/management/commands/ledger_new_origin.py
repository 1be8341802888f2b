"""manage.py ledger_new_origin: the way on when signed acts are lost for good."""

from chain_of_custody.services.origins import origin_begin
from lims.accounts.management.logcommand import LogCommand


class Command(LogCommand):
    """Runs with the sequencer's rights."""

    help = "Begin the log under a new name after a lost tail, naming the lost checkpoint. Stop the sequencer first."
    begin = staticmethod(origin_begin)

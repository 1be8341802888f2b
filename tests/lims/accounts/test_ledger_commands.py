"""Commands on the ledger for who is responsible: a value erased by law."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from chain_of_custody.models import Commitment, Entry
from chain_of_custody.selectors import item_history
from chain_of_custody.services import sequencer_run_once
from chain_of_custody.services.verifying import ledger_verify_now
from tests.chain_of_custody.builders import item, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log_key")]
ORDER = {"decided_by": "Dr. Achieng, head of the laboratory", "authority": "order 4 of the data protection officer"}


def test_a_value_is_erased_by_law_and_the_ledger_still_verifies() -> None:
    ada = person("Ada")
    tusk = item(ada, condition="belonged to Mr Otieno")
    first = Entry.objects.get(stream__uuid=tusk.uuid)
    sequencer_run_once()
    out = StringIO()
    call_command("ledger_erase", str(first.uuid), "condition", **ORDER, stdout=out)
    sequencer_run_once()
    rows = item_history(tusk)
    assert (rows[0].erased, rows[1].verb) == (("condition",), "erased")
    assert rows[1].shown["authority"] == f"{ORDER['authority']}; decided by {ORDER['decided_by']}"
    assert not Commitment.objects.filter(entry=first, field="condition", value__isnull=False).exists()
    assert ledger_verify_now().passed
    assert str(Entry.objects.get(stream__uuid=tusk.uuid, sequence=2).uuid) in out.getvalue()
    assert "Backups" in out.getvalue()


def test_what_cannot_be_erased_is_said_and_nothing_changes() -> None:
    ada = person("Ada")
    tusk = item(ada, condition="dry")
    first = Entry.objects.get(stream__uuid=tusk.uuid)
    for entry, field, given, words in [
        (uuid4(), "condition", ORDER, "no committed field"),
        (first.uuid, "colour", ORDER, "no committed field colour"),
        (first.uuid, "condition", ORDER | {"authority": " "}, "neither may be empty"),
        (first.uuid, "condition", ORDER | {"decided_by": ""}, "neither may be empty"),
    ]:
        with pytest.raises(CommandError, match=words):
            call_command("ledger_erase", str(entry), field, **given)
    assert Entry.objects.filter(stream__uuid=tusk.uuid).count() == 1
    assert Commitment.objects.filter(entry=first, field="condition", value__isnull=False).exists()

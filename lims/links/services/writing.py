"""How an act on a link is written: its entry, the ledger's entry of the link, and one for each case it concerns."""

from collections.abc import Iterable

from django.utils import timezone

from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor
from lims.casework.models import Seizure
from lims.casework.services.cases import case_stream
from lims.links.ledger import CASE, LINK
from lims.links.models import Link, LinkEntry

FIRST, SECOND = "first", "second"


def link_draft(link: Link, verb: str, values: dict[str, Json], note: str = "") -> EntryDraft:
    """An entry in the link's stream: it names neither case nor seizure."""
    stream = StreamKey(kind="link", id=link.uuid)
    committed: dict[str, Json] = {"note": note} if note else {}
    return EntryDraft(stream=stream, schema=LINK, verb=verb, values=values, committed=committed)


def act_write(
    *, actor: Actor, link: Link, act: str, number: int, note: str, sides: Iterable[Seizure], side: Seizure | None = None
) -> LinkEntry:
    """Write one act on a locked link, with an entry in the stream of each case of `sides`, joined by the act's UUID.

    Each case's entry names its own seizure and not the other; who reads one case's stream learns nothing of the other
    case. The note stands in the link's stream alone.
    """
    entry = LinkEntry.objects.create(
        link=link, number=number, act=act, by_id=actor.party_id, at=timezone.now(), note=note, side=side
    )
    values: dict[str, Json] = {"number": number}
    if side is not None:
        values["side"] = FIRST if side.pk == link.first_id else SECOND
    cases = [
        EntryDraft(
            stream=case_stream(seizure.case),
            schema=CASE,
            verb=act,
            values={"link": str(link.uuid), "number": number, "seizure": str(seizure.uuid)},
        )
        for seizure in sides
    ]
    act_append(actor=actor, drafts=[link_draft(link, act, values, note), *cases])
    return entry

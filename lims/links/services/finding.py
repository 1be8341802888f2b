"""What a search found becomes history: new links, new finds of known links, links that are no longer found."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.db.models import Q
from django.utils import timezone

from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft
from lims.casework.services.numbering import number_next
from lims.links.enums import FINDS, LinkAct
from lims.links.execution import Find, Found, Key
from lims.links.models import Link, LinkEntry, LinkSearch
from lims.links.services.writing import link_draft


def finds_enter(*, search: LinkSearch, found: Found) -> list[EntryDraft]:
    """Enter the finds; returns the drafts for the links' streams, for the caller's act. Within its transaction.

    A link found again with the same matches and counts gets no entry; nor does one that was not found before and is not
    now.
    """
    number_next("link-finds")  # its row lock lets one search at a time enter its finds: two may find the same new link
    wanted = {find.key: find for find in found.finds}
    links = _links(wanted)
    for key in sorted(set(wanted) - set(links)):
        links[key] = _link_make(key)
    known = _lock([*links.values(), *_compared_before(found, set(wanted))])
    last = _last_finds(known)
    entries: list[tuple[Link, LinkEntry]] = []
    for key, link in sorted(known.items()):
        entry = _entry(link, search, wanted.get(key), last.get(link.pk))
        if entry is not None:
            entries.append((link, entry))
    LinkEntry.objects.bulk_create([entry for _link, entry in entries])
    return [link_draft(link, entry.act, _values(search, link, entry)) for link, entry in entries]


def _key(link: Link) -> Key:
    return link.first_id, link.second_id, link.taxon, link.panel


def _links(wanted: Iterable[Key]) -> dict[Key, Link]:
    where = Q(pk__in=[])
    for first, second, taxon, panel in wanted:
        where |= Q(first_id=first, second_id=second, taxon=taxon, panel=panel)
    return {_key(link): link for link in Link.objects.filter(where)}


def _compared_before(found: Found, wanted: set[Key]) -> list[Link]:
    """Known links between seizures that were compared and did not link this time."""
    rest = found.compared - wanted
    firsts = {key[0] for key in rest}
    return [link for link in Link.objects.filter(first_id__in=firsts) if _key(link) in rest]


def _link_make(key: Key) -> Link:
    first, second, taxon, panel = key
    now = timezone.now()
    year = timezone.localdate(now).year
    return Link.objects.create(
        uuid=uuid4(),
        reference=f"LK-{year}-{number_next(f'link-{year}'):06d}",
        first_id=first,
        second_id=second,
        taxon=taxon,
        panel=panel,
        created_at=now,
    )


def _lock(links: list[Link]) -> dict[Key, Link]:
    rows = Link.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=[link.pk for link in links])
    return {_key(link): link for link in rows.order_by("pk")}


def _last_finds(known: dict[Key, Link]) -> dict[int, tuple[int, LinkEntry | None]]:
    """Number of the last entry and the last find of each link."""
    last: dict[int, tuple[int, LinkEntry | None]] = {}
    pks = [link.pk for link in known.values()]
    for entry in LinkEntry.objects.filter(link_id__in=pks).order_by("link_id", "number"):
        find = entry if entry.act in FINDS else last.get(entry.link_id, (0, None))[1]
        last[entry.link_id] = (entry.number, find)
    return last


def _entry(
    link: Link, search: LinkSearch, find: Find | None, last: tuple[int, LinkEntry | None] | None
) -> LinkEntry | None:
    number, before = last or (0, None)
    stood = before is not None and before.act == LinkAct.PROPOSED
    if find is None and not stood:
        return None
    if find is not None and stood and before is not None and telling(before.evidence) == telling(find.evidence):
        return None
    return LinkEntry(
        link=link,
        number=number + 1,
        act=LinkAct.PROPOSED if find else LinkAct.NOT_FOUND,
        by_id=search.ordered_by_id,
        at=timezone.now(),
        search=search,
        basis=find.basis if find else "",
        evidence=find.evidence if find else {},
        evidence_sha256=find.sha256 if find else "",
    )


def telling(evidence: dict[str, Any]) -> tuple[Any, ...]:
    """What makes two finds the same: which profiles match, and how many relatives are in each bin."""
    return (sorted((one["a"], one["b"]) for one in evidence["matches"]), evidence["bins"], evidence["observed"])


def _values(search: LinkSearch, link: Link, entry: LinkEntry) -> dict[str, Json]:
    values: dict[str, Json] = {
        "number": entry.number,
        "search": str(search.uuid),
        "method": search.method,
        "method_version": search.method_version,
        "rule": search.rule,
        "rule_sha256": search.rule_sha256,
        "taxon": link.taxon,
        "panel": link.panel,
        "loci": entry.evidence.get("loci", 0),
        "evidence": entry.evidence_sha256,
    }
    return values | ({"basis": entry.basis} if entry.basis else {})

"""Things named in a request: items by UUID, reference or scan code, parties by UUID; and items as a list."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import Item, Party
from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.selectors.access import visible
from lims.casework.selectors.cases import item_visible
from lims.casework.selectors.items import RELATED
from lims.common.errors import BadInput

MOST_ITEMS = 2000


def items_named(*, actor: Actor, keys: Sequence[str], field: str = "items") -> list[Item]:
    """Items by UUID, reference or scan code, in the order named: one statement however many.

    Raises:
        BadInput: none, too many, one named twice, or one that does not exist or may not be seen (`row` says which).
    """
    if not 1 <= len(keys) <= MOST_ITEMS:
        raise BadInput(
            _("Name between 1 and %(most)s items.") % {"most": MOST_ITEMS},
            code="bad-count",
            field=field,
            found=len(keys),
        )
    names = [_name(key) for key in keys]
    uuids = [name for name in names if isinstance(name, UUID)]
    texts = [name for name in names if isinstance(name, str)]
    wanted = Q(uuid__in=uuids) | Q(reference__in=texts) | Q(scan_code__in=texts)
    found: dict[str | UUID | None, Item] = {}
    for item in Item.objects.select_related(*RELATED).filter(wanted):
        found |= {item.uuid: item, item.reference: item, item.scan_code: item}
    return list(_checked(actor, keys, names, found, field))


def item_named(*, actor: Actor, key: str, field: str = "item") -> Item:
    """One item by UUID, reference or scan code.

    Raises:
        BadInput: it does not exist or may not be seen.
    """
    try:
        return items_named(actor=actor, keys=[key], field=field)[0]
    except BadInput as error:
        error.row = None
        raise


def item_list(*, actor: Actor, custodian: UUID | None = None, container: Item | None = None) -> QuerySet[Item]:
    """Items the actor may see, by reference: those held by a party, or inside a container, where asked."""
    rows = Item.objects.select_related(*RELATED).order_by("reference")
    if not (actor.in_laboratory and actor.may("case.read")):
        cases = visible(Case.objects.order_by(), actor, "case.read", path="").values("pk")
        rows = rows.filter(Q(exhibit__case__in=cases) | Q(sample__case__in=cases) | Q(container_of__case__in=cases))
    if custodian is not None:
        rows = rows.filter(custodian__uuid=custodian)
    return rows.filter(container=container) if container is not None else rows


def party_named(*, uuid: UUID, field: str) -> Party:
    """A party named in a body.

    Raises:
        BadInput: there is none.
    """
    party = Party.objects.select_related("organisation").filter(uuid=uuid).first()
    if party is None:
        raise BadInput(
            _("There is no such party. Choose one from the list."), code="unknown-party", field=field, found=str(uuid)
        )
    return party


def _name(key: str) -> str | UUID:
    try:
        return UUID(key)
    except ValueError:
        return key.strip().upper()


def _checked(
    actor: Actor,
    keys: Sequence[str],
    names: Sequence[str | UUID],
    found: dict[str | UUID | None, Item],
    field: str,
) -> Iterator[Item]:
    taken: set[int] = set()
    for row, name in enumerate(names):
        item = found.get(name)
        if item is None or not item_visible(item, actor, "case.read"):
            raise BadInput(
                _("«%(found)s» names no item, or none that is yours to see.") % {"found": keys[row][:60]},
                code="unknown-item",
                field=field,
                found=keys[row][:60],
                row=row,
            )
        if item.pk in taken:
            raise BadInput(
                _("%(item)s is named twice.") % {"item": item.reference}, code="duplicate", field=field, row=row
            )
        taken.add(item.pk)
        yield item

"""Places and the laboratory's own containers."""

from django.db import transaction
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item, Party
from chain_of_custody.services import EntryDraft, StreamKey, act_append, party_create
from lims.accounts.actors import Actor, require
from lims.casework.enums import ContainerKind, LocationKind
from lims.casework.ledger import CONTAINER, LOCATION
from lims.casework.models import Case, Container, Location
from lims.casework.selectors.access import case_scope
from lims.casework.services.items import ItemSpec, items_make
from lims.casework.services.labels import label_issue_party
from lims.casework.services.numbering import number_next
from lims.common.checks import text_clean
from lims.common.errors import BadInput


def location_create(
    *, actor: Actor, name: str, kind: str, parent: Location | None = None, secured: bool = True
) -> Location:
    """A place that can hold evidence, with a scan code of its own.

    Raises:
        NotAllowed: without `location.manage`.
        BadInput: unknown kind, or the name is taken.
    """
    require(actor, "location.manage")
    name = text_clean(name, field="name", required=True, limit=120)
    if kind not in LocationKind.values:
        raise BadInput(_("Choose what kind of place this is."), code="unknown-kind", field="kind", found=kind)
    with transaction.atomic():
        if Party.objects.filter(kind="location", name=name).exists():
            raise BadInput(_("There is a place of this name already."), code="taken", field="name", found=name)
        party = party_create(actor=actor, kind="location", name=name)
        location = Location.objects.create(party=party, kind=kind, parent=parent, secured=secured)
        label_issue_party(party=party)
        stream = StreamKey(kind="party", id=party.uuid)
        values: dict[str, Json] = {
            "kind": kind,
            "secured": secured,
            "parent": str(parent.party.uuid) if parent else None,
        }
        act_append(actor=actor, drafts=[EntryDraft(stream=stream, schema=LOCATION, verb="registered", values=values)])
    return location


def container_create(
    *,
    actor: Actor,
    kind: str,
    description: str,
    held_by: Party,
    case: Case | None = None,
    rows: int = 0,
    columns: int = 0,
) -> Container:
    """A box, plate, tray or bag of the laboratory, or of one case.

    Raises:
        NotAllowed: without `item.register` in the case (or the laboratory).
        BadInput: unknown kind, or a grid beyond 26 × 48.
    """
    require(actor, "item.register", case_scope(case) if case else None)
    if kind not in ContainerKind.values:
        raise BadInput(_("Choose what kind of container this is."), code="unknown-kind", field="kind", found=kind)
    if not (0 <= rows <= 26 and 0 <= columns <= 48) or bool(rows) != bool(columns):
        raise BadInput(_("A grid has up to 26 rows and 48 columns, or none."), code="bad-grid", field="rows")
    description = text_clean(description, field="description", required=True, limit=300)
    with transaction.atomic():
        reference = f"C-{number_next('container'):06d}"
        item_kind = "plate" if kind == ContainerKind.PLATE else "container"
        item: Item = items_make(actor=actor, specs=[ItemSpec(kind=item_kind, reference=reference)], held_by=held_by)[0]
        container = Container.objects.create(
            item=item, case=case, kind=kind, description=description, rows=rows, columns=columns
        )
        stream = StreamKey(kind="item", id=item.uuid)
        values: dict[str, Json] = {
            "kind": kind,
            "rows": rows,
            "columns": columns,
            "case": str(case.uuid) if case else None,
        }
        draft = EntryDraft(
            stream=stream,
            schema=CONTAINER,
            verb="registered",
            values=values,
            committed={"description": description},
        )
        act_append(actor=actor, drafts=[draft])
    return container

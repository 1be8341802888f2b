"""An intake as its page and its receipt print it: stated beside found, container by container."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from chain_of_custody.enums import SealState
from lims.accounts.actors import Actor
from lims.casework.models import Discrepancy, Intake, IntakeContainer
from lims.casework.rules import plain
from lims.documents.data.custody import ReceiptData, ReceivedContainer
from lims.documents.data.parts import Contact, Language, SignatureSlot
from lims.lab.selectors.marks import document_marks
from lims.lab.selectors.report_data import laboratory
from lims.web.describing import Badge, seal_badge
from lims.web.parts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerLine:
    """One container of an intake."""

    row: IntakeContainer
    href: str
    text: str
    seal_stated: str
    seal_found: Badge
    weight_stated: str
    weight_found: str
    weight_differs: bool
    now: Badge
    inside: str
    action: str = ""
    action_href: str = ""


def container_lines(actor: Actor, intake: Intake) -> list[ContainerLine]:
    """Every container, with the next act: open its seal, or itemise it."""
    return [_line(actor, intake, row) for row in intake.containers.all()]


def _line(actor: Actor, intake: Intake, row: IntakeContainer) -> ContainerLine:
    action, href = _action(actor, intake, row)
    container = row.item.container_of
    inside = len(row.item.contents.all())
    differs = None not in (row.weight_stated_kg, row.weight_found_kg) and row.weight_stated_kg != row.weight_found_kg
    return ContainerLine(
        row=row,
        href=reverse("web:item", args=[row.item.reference]),
        text=f"{container.get_kind_display()}, {container.description}",
        seal_stated=row.seal_stated or "–",
        seal_found=_seal(row),
        weight_stated=_kg(row.weight_stated_kg),
        weight_found=_kg(row.weight_found_kg),
        weight_differs=differs,
        now=seal_badge(row.item),
        inside=ngettext("%(n)s exhibit", "%(n)s exhibits", inside) % {"n": inside} if inside else "–",
        action=action,
        action_href=href,
    )


def _action(actor: Actor, intake: Intake, row: IntakeContainer) -> tuple[str, str]:
    if intake.state == "complete" or not actor.may_somewhere("item.register"):
        return "", ""
    if row.item.sealed_by_id:
        return _("Open the seal"), reverse("web:item_act", args=[row.item.reference, "open"])
    return _("Itemise"), reverse("web:itemise", args=[intake.reference, row.item.reference])


def _seal(row: IntakeContainer) -> Badge:
    text = f"{row.seal_found or _('no seal')} {_state(row)}".strip()
    same = row.seal_found.upper() == row.seal_stated.upper()
    return Badge(kind="sealed" if same and row.seal_state.startswith("intact") else "bad", text=text)


def _state(row: IntakeContainer) -> str:
    return str(dict(SealState.choices).get(row.seal_state, row.seal_state)).lower() if row.seal_found else ""


def _kg(value: Decimal | None) -> str:
    return "–" if value is None else f"{plain(value)} kg"


def intake_facts(intake: Intake, found: Sequence[Discrepancy]) -> list[Fact]:
    """What the head says: containers found, differences, who brought it, how far the itemising is."""
    waiting = [one for one in found if one.state == "recorded"]
    lines = list(intake.containers.all())
    opened = sum(1 for line in lines if line.item.contents.all())
    counts_differ = intake.containers_found != intake.containers_stated
    return [
        Fact(
            label=_("Containers"),
            value=_("%(found)s found, %(stated)s stated")
            % {"found": intake.containers_found, "stated": intake.containers_stated},
            tone="warn" if counts_differ else "",
            lead=True,
        ),
        Fact(
            label=_("Differences"),
            value=str(len(found)) if found else _("none"),
            detail=_("%(n)s wait for a second person") % {"n": len(waiting)} if waiting else "",
            tone="warn" if waiting else "",
        ),
        Fact(label=_("Delivered by"), value=intake.delivered_by.name, detail=intake.waybill),
        Fact(
            label=_("Itemised"),
            value=_("%(done)s of %(all)s containers") % {"done": opened, "all": len(lines)},
            detail=str(intake.get_state_display()),
        ),
    ]


def receipt_data(intake: Intake, found: Sequence[Discrepancy]) -> ReceiptData:
    """The receipt for containers taken into custody."""
    giver = intake.delivered_by
    return ReceiptData(
        language=cast("Language", (get_language() or "en")[:2]),
        number=intake.reference,
        received_at=timezone.localtime(intake.received_at),
        laboratory=laboratory(),
        released_by=Contact(name=giver.name, organisation=giver.organisation.name if giver.organisation else ""),
        received_by=intake.received_by.name,
        marks=document_marks(synthetic=intake.case.synthetic),
        case_reference=intake.case.reference,
        waybill=intake.waybill,
        temperature=intake.temperature,
        containers=tuple(_received(row) for row in intake.containers.all()),
        differences=tuple(f"{one.get_kind_display()}: {one.stated} – {one.found}" for one in found),
        photographs=len(intake.photographs.all()),
        slots=(
            SignatureSlot(name=giver.name, role=_("Released by"), meaning=""),
            SignatureSlot(name=intake.received_by.name, role=_("Received by"), meaning=""),
        ),
    )


def _received(row: IntakeContainer) -> ReceivedContainer:
    container = row.item.container_of
    return ReceivedContainer(
        reference=row.item.reference,
        description=f"{container.get_kind_display()}, {container.description}",
        scan_code=row.item.scan_code or "",
        seal_stated=row.seal_stated,
        seal_found=row.seal_found,
        seal_state=_state(row),
        count_stated=str(row.pieces_stated or ""),
        weight_stated=_kg(row.weight_stated_kg) if row.weight_stated_kg is not None else "",
        weight_found=_kg(row.weight_found_kg) if row.weight_found_kg is not None else "",
        condition=row.condition,
        differs=_seal(row).kind == "bad" or row.weight_stated_kg != row.weight_found_kg,
    )

"""Seizures: where, when, by whom, how, and what the papers allege."""

import zoneinfo
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Party
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.casework.codelists import code_check, list_versions
from lims.casework.ledger import SEIZURE
from lims.casework.models import Case, Seizure
from lims.casework.selectors.access import case_scope
from lims.casework.services.cases import case_draft, case_lock, case_open_required
from lims.common.checks import not_in_future, text_clean
from lims.common.errors import BadInput, StaleVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class SeizureFacts:
    """What is recorded of a seizure. Codes are of the current lists; countries ISO 3166-1 alpha-2 or CITES' own."""

    place: str
    country: str
    seized_at: datetime
    agency: Party
    zone: str = "UTC"
    seizure_reference: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    uncertainty_m: int | None = None
    operation: str = ""
    reason: str = "other"
    transport: str = "none"
    concealment: str = "none"
    detection: str = "other"
    alleged_origin: str = ""
    alleged_transit: tuple[str, ...] = ()
    alleged_destination: str = ""
    documents: str = ""


def seizure_record(*, actor: Actor, case: Case, facts: SeizureFacts) -> Seizure:
    """Record a seizure in an open case.

    Raises:
        NotAllowed: without `seizure.record`.
        BadInput: unknown codes, a time in the future, coordinates outside the Earth or without uncertainty.
    """
    require(actor, "seizure.record", case_scope(case))
    columns = _columns(facts)
    with transaction.atomic():
        row = case_lock(case)
        case_open_required(row)
        number = Seizure.objects.filter(case=row).count() + 1
        seizure = Seizure.objects.create(
            uuid=uuid4(),
            case=row,
            number=number,
            code_lists=list_versions("country", "transport", "concealment", "detection", "reason"),
            **columns,
        )
        act_append(actor=actor, drafts=_drafts(seizure, row, "recorded"), happened_at=None)
    return seizure


def seizure_correct(*, actor: Actor, seizure: Seizure, version: int, facts: SeizureFacts, reason: str) -> Seizure:
    """Correct a seizure; what stood there before stays in the ledger.

    Raises:
        NotAllowed: without `seizure.record`.
        StaleVersion: somebody else changed it since.
    """
    case = Case.objects.select_related("agency").get(pk=seizure.case_id)
    require(actor, "seizure.record", case_scope(case))
    reason = text_clean(reason, field="reason", required=True)
    columns = _columns(facts)
    with transaction.atomic():
        case_lock(case)
        row = Seizure.objects.select_for_update(no_key=True).get(pk=seizure.pk)
        if row.version != version:
            raise StaleVersion(_("Somebody else changed this seizure meanwhile."), field="version", found=version)
        for name, value in columns.items():
            setattr(row, name, value)
        row.version += 1
        row.save()
        act_append(actor=actor, drafts=_drafts(row, case, "corrected"), reason=reason)
    return row


def _columns(facts: SeizureFacts) -> dict[str, object]:
    columns: dict[str, object] = {item.name: getattr(facts, item.name) for item in fields(facts)}
    for name, limit in (("place", 300), ("operation", 120), ("documents", 300), ("seizure_reference", 80)):
        columns[name] = text_clean(str(columns[name]), field=name, required=name == "place", limit=limit)
    columns["country"] = code_check("country", facts.country, field="country", required=True)
    for kind in ("reason", "transport", "concealment", "detection"):
        columns[kind] = code_check(kind, getattr(facts, kind), field=kind, required=True)
    for name in ("alleged_origin", "alleged_destination"):
        columns[name] = code_check("country", getattr(facts, name), field=name)
    columns["alleged_transit"] = [
        code_check("country", code, field="alleged_transit") for code in facts.alleged_transit
    ]
    not_in_future(facts.seized_at, field="seized_at")
    if facts.zone not in zoneinfo.available_timezones():
        raise BadInput(
            _("«%(found)s» is not a time zone. Write it like Africa/Mombasa.") % {"found": facts.zone},
            code="unknown-zone",
            field="zone",
            found=facts.zone,
        )
    _coordinates_check(facts)
    return columns


def _coordinates_check(facts: SeizureFacts) -> None:
    pair = (facts.latitude, facts.longitude)
    if pair == (None, None):
        return
    for name, value, bound in (("latitude", facts.latitude, 90), ("longitude", facts.longitude, 180)):
        if value is None or abs(value) > bound:
            raise BadInput(
                _("Give the %(name)s in degrees between -%(bound)s and %(bound)s, or leave both empty.")
                % {"name": name, "bound": bound},
                code="bad-coordinate",
                field=name,
                found=str(value),
            )
    if facts.uncertainty_m is None:
        raise BadInput(_("Give the uncertainty of the place in metres."), code="required", field="uncertainty_m")


def _drafts(seizure: Seizure, case: Case, verb: str) -> list[EntryDraft]:
    open_facts: dict[str, Json] = {
        "case": str(case.uuid),
        "number": seizure.number,
        "country": seizure.country,
        "seized_at": seizure.seized_at.isoformat(),
        "zone": seizure.zone,
        "agency": str(seizure.agency.uuid),
        "reason": seizure.reason,
        "transport": seizure.transport,
        "concealment": seizure.concealment,
        "detection": seizure.detection,
        "alleged_origin": seizure.alleged_origin,
        "alleged_transit": list(seizure.alleged_transit),
        "alleged_destination": seizure.alleged_destination,
        "code_lists": dict(seizure.code_lists),
    }
    hidden: dict[str, Json] = {
        "place.name": seizure.place,
        "place.latitude": str(seizure.latitude or ""),
        "place.longitude": str(seizure.longitude or ""),
        "place.uncertainty_m": str(seizure.uncertainty_m or ""),
        "operation": seizure.operation,
        "seizure_reference": seizure.seizure_reference,
        "documents": seizure.documents,
    }
    stream = StreamKey(kind="seizure", id=seizure.uuid)
    return [
        EntryDraft(stream=stream, schema=SEIZURE, verb=verb, values=open_facts, committed=hidden),
        case_draft(case, "changed", {"seizure": str(seizure.uuid), "verb": verb}),
    ]
